"""The Euler-Maruyama kernel of delay equations; the readable form is `stalegrad.limits.sdde`."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, uint32

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.choices import ZERO, draw_staleness
from stalegrad.engine.compiled.driver import DRIVER, copy, fill
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.noise import subtract_square, take_square_root
from stalegrad.engine.compiled.philox import FOUR, draw_normals, draw_words
from stalegrad.engine.streams import CHOICES, NORMALS

WIDTH = np.uint64(BLOCK)


@helper
def begin(ring, start, history):
    """x_0 in slot 0 and the past in the last slots: row j - 1 of `history` is x_{-j}; without rows it is the start."""
    for lag in range(len(ring) - 1):
        for i in range(len(start)):
            value = history[lag - 1, i] if lag > 0 and len(history) > 0 else start[i]
            slot = len(ring) - lag if lag > 0 else 0
            for p in range(BLOCK):
                ring[slot, i, p] = value


@helper
def gather(flat, slots, k, d, tau, index, read):
    """x_{k - tau} of each path, from the ring with x_k in slot k mod slots."""
    now, slots = np.uint32(k % slots), np.uint32(slots)
    for p in range(WIDTH):
        slot = now - tau[p] if tau[p] <= now else now + slots - tau[p]
        index[p] = slot * np.uint32(d * BLOCK) + np.uint32(p)
    for i in range(d):
        first = np.uint64(i * BLOCK)
        for p in range(BLOCK):
            read[i, p] = flat[first + index[p]]


@helper
def stretch(tau, substeps):
    """Delays in steps of the scheme."""
    for p in range(BLOCK):
        tau[p] *= np.uint32(substeps)


@helper
def move(x, g, root, rate, scale, number, count, normals, words, seed, path, moved):
    """x - rate g + scale (root z), where z sums `count` normals of the tape from `number` on, d at a time.

    Their number is counted outside: a helper that kept it in an array would cost more than the sum, by counting references.
    """
    d = x.shape[0]
    for n in range(count):
        j, at = n % d, number + np.uint64(n)
        row = at % FOUR
        if row == ZERO:
            draw_normals(normals, words, seed, path, at // FOUR, np.uint64(NORMALS))
        for i in range(j, d):
            if n == 0:
                for p in range(BLOCK):
                    moved[i, p] = x[i, p] - rate * g[i, p] + scale * (root[i * d, p] * normals[row, p])
            else:
                for p in range(BLOCK):
                    moved[i, p] += scale * (root[i * d + j, p] * normals[row, p])


@kernel(
    *DRIVER, BLOCK_FUNCTION, BLOCK_FUNCTION, TABLE,
    float64[::1], TABLE, uint32[::1], int64, int64, int64, int64, float64[::1], float64[::1],
)  # fmt: skip
def sdde(
    seed, first_path, n_paths, start, sums, kept, final, stop, mean_gradient, second_moment, summary,
    constant_factor, history, entries, index_bits, longest, substeps, normals_per_step, rates, scales,
):  # fmt: skip
    """x' = x - rates[k] grad F(read) + scales[k] root(read) (sum of normals_per_step normals), read = x_{k - substeps tau}.

    root root^T is the sampling covariance, unless a constant factor is given. A staleness tau serves for `substeps` steps;
    with index_bits = 0 its law is on one value. `longest` is the longest delay in steps of the scheme. The iterates live in
    the ring, where x_{k+1} never has the slot of what is read in step k.
    """
    d, n_steps, slots, constant = len(start), len(rates), longest + 2, len(constant_factor) > 0
    ring = np.empty((slots, d, BLOCK))
    flat = ring.ravel()
    gathered, g, seen = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    root, work = np.empty((d * d, BLOCK)), np.empty(BLOCK)
    normals, words, choices = np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32), np.empty((4, BLOCK), np.uint32)
    tau, index, entry = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    if constant:
        fill(root, constant_factor)
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        begin(ring, start, history)
        x = ring[0]
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, seen)
            if stop[0] or k == n_steps:
                break
            read = gathered
            if index_bits == 0:
                read = ring[(k + slots - longest) % slots]
            else:
                if k % substeps == 0:
                    number = np.uint64(k // substeps)
                    if number % FOUR == ZERO:
                        draw_words(choices, seed, path, number // FOUR, np.uint64(CHOICES))
                    draw_staleness(choices[number % FOUR], entries, np.uint64(index_bits), index, entry, tau)
                    if substeps > 1:
                        stretch(tau, substeps)
                gather(flat, slots, k, d, tau, index, gathered)
            mean_gradient(read, summary, g)
            if not constant:
                second_moment(read, summary, root)
                subtract_square(root, g)
                take_square_root(root, d, work)
            moved = ring[(k + 1) % slots]
            count = d * normals_per_step
            move(x, g, root, rates[k], scales[k], np.uint64(k * count), count, normals, words, seed, path, moved)
            x = moved
        copy(x, final, block)
