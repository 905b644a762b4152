"""Kernels that draw what the simulations draw, and only add it up: for tests, and as the limit of speed."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, uint32, uint64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import TABLE, helper, kernel
from stalegrad.engine.compiled.choices import ONE, draw_staleness
from stalegrad.engine.compiled.laws import DRAW_FUNCTION, room
from stalegrad.engine.compiled.philox import HALF, next_normal, next_word


@helper
def clear(out, block):
    """Zero the entries of one block."""
    for p in range(BLOCK):
        out[block + p] = 0.0


@kernel(uint64, uint64, int64, uint32[::1], int64, int64, float64[::1])
def sum_choices(seed, first_path, n_steps, entries, index_bits, n, out):
    """out[path] = sum over steps of staleness + component, for a random staleness."""
    words, tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    tau, component = np.empty(BLOCK, np.uint64), np.zeros(BLOCK, np.uint64)
    index, entry = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    total = np.empty(BLOCK, np.uint64)
    for block in range(0, len(out), BLOCK):
        path, tape[0] = first_path + np.uint64(block), np.uint64(0)
        for p in range(BLOCK):
            total[p] = np.uint64(0)
        for _ in range(n_steps):
            word = next_word(tape, words, seed, path)
            draw_staleness(word, entries, np.uint64(index_bits), index, entry, tau)
            if n == 2:
                for p in range(BLOCK):
                    component[p] = np.uint64(word[p]) & ONE
            elif n > 2:
                word = next_word(tape, words, seed, path)
                for p in range(BLOCK):
                    component[p] = (np.uint64(word[p]) * np.uint64(n)) >> HALF
            for p in range(BLOCK):
                total[p] += tau[p] + component[p]
        for p in range(BLOCK):
            out[block + p] = np.float64(total[p])


@kernel(uint64, uint64, int64, float64[::1])
def sum_normals(seed, first_path, n_draws, out):
    """out[path] = sum of the first normals of the tape."""
    normals, words, tape = np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    for block in range(0, len(out), BLOCK):
        path, tape[0] = first_path + np.uint64(block), np.uint64(0)
        clear(out, block)
        for _ in range(n_draws):
            z = next_normal(tape, normals, words, seed, path)
            for p in range(BLOCK):
                out[block + p] += z[p]


@kernel(uint64, uint64, int64, DRAW_FUNCTION, TABLE, float64[::1])
def sum_rows(seed, first_path, n_draws, draw, table, out):
    """out[path] = sum of the first rows of a law of one number."""
    tape, words, normals = room()
    drawn = np.empty((1, BLOCK))
    for block in range(0, len(out), BLOCK):
        path, tape[0] = first_path + np.uint64(block), np.uint64(0)
        clear(out, block)
        for number in range(np.uint64(n_draws)):
            draw(drawn, table, number, tape, words, normals, seed, path)
            for p in range(BLOCK):
                out[block + p] += drawn[0, p]
