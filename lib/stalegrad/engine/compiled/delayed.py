"""The kernel of stochastic gradient descent with staleness, momentum and batches."""

from __future__ import annotations

import numpy as np
from numba import boolean, float64, int64, uint32

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.choices import ZERO, choose_row, choose_row_of_two, draw_staleness
from stalegrad.engine.compiled.driver import DRIVER, add, add_scaled, advance, copy, fill
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.philox import next_word

WIDTH = np.uint64(BLOCK)


@helper
def gather_read(ring, k, length, tau, index, read):
    """x_{k - tau} of each path, x_0 before the start, from the ring with x_k in slot k mod length."""
    age, now, slots = np.uint64(min(k, length - 1)), np.uint64(k % length), np.uint64(length)
    for p in range(WIDTH):
        slot = now + slots - min(tau[p], age)
        slot = slot - slots if slot >= slots else slot
        index[p] = slot * WIDTH + p
    first = ZERO
    for i in range(read.shape[0]):
        for p in range(BLOCK):
            read[i, p] = ring[first + index[p]]
        first += slots * WIDTH


@helper
def remember(ring, k, length, x):
    """Put x_k into its slot."""
    first = np.uint64(k % length) * WIDTH
    for i in range(x.shape[0]):
        for p in range(WIDTH):
            ring[first + p] = x[i, p]
        first += np.uint64(length) * WIDTH


@kernel(
    *DRIVER, BLOCK_FUNCTION, TABLE,
    uint32[::1], int64, int64, float64[::1], int64[::1], float64, boolean,
)  # fmt: skip
def delayed_gradient(
    seed, first_path, n_paths, start, sums, kept, final, stop,
    gradient, data, entries, index_bits, longest, rates, batches, momentum, one_read,
):  # fmt: skip
    """v' = momentum v - rate_k sum_j grad f(x_{k - tau_j}; z_j), x' = x + v', for n_paths paths.

    With `one_read` a batch shares one staleness. The law is on one value, `longest`, if index_bits is 0.
    """
    d, n_steps, moving = len(start), len(rates), momentum != 0.0
    length = min(longest, n_steps) + 1
    ring = np.empty(length * d * BLOCK)
    x, v, total = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    read, slope, z = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((data.shape[1], BLOCK))
    words, tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    tau, index, entry = np.full(BLOCK, np.uint32(longest)), np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    fill(z, data[0])
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = ZERO
        fill(x, start)
        fill(v, np.zeros(d))
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, slope)
            if stop[0] or k == n_steps:
                break
            remember(ring, k, length, x)
            for j in range(batches[k]):
                fresh = index_bits > 0 and (j == 0 or not one_read)
                if fresh:
                    word = next_word(tape, words, seed, path)
                    draw_staleness(word, entries, np.uint64(index_bits), index, entry, tau)
                    if len(data) == 2:
                        choose_row_of_two(word, data, z)
                if len(data) > 2 or (len(data) == 2 and not fresh):
                    choose_row(next_word(tape, words, seed, path), data, index, z)
                if fresh or j == 0:
                    gather_read(ring, k, length, tau, index, read)
                if j == 0:
                    gradient(read, z, total)
                else:
                    gradient(read, z, slope)
                    add(slope, total)
            if moving:
                advance(x, v, total, momentum, rates[k])
            else:
                add_scaled(x, -rates[k], total)
        copy(x, final, block)
