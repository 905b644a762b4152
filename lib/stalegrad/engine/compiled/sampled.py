"""The kernel of one iterate with fresh gradients, on any law of the data."""

from __future__ import annotations

import numpy as np
from numba import float64, int64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, kernel
from stalegrad.engine.compiled.driver import DRIVER, add, advance, copy, fill, look_ahead
from stalegrad.engine.compiled.laws import DRAW_FUNCTION, room
from stalegrad.engine.compiled.moments import record


@kernel(*DRIVER, BLOCK_FUNCTION, DRAW_FUNCTION, TABLE, float64[::1], int64[::1], float64, float64)
def sampled_gradient(
    seed, first_path, n_paths, start, sums, kept, final, stop, gradient, draw, table,
    rates, batches, momentum, lookahead,
):  # fmt: skip
    """v' = momentum v - rate_k sum_j grad f(x + lookahead v; z_j), x' = x + v', for n_paths paths."""
    d, n_steps = len(start), len(rates)
    x, v, total = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    read, slope, z = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((table.shape[1], BLOCK))
    nothing = np.empty(d)
    nothing[:] = 0.0
    tape, words, normals = room()
    for block in range(0, n_paths, BLOCK):
        path, number = first_path + np.uint64(block), np.uint64(0)
        tape[0] = np.uint64(0)
        fill(x, start)
        fill(v, nothing)
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, slope)
            if stop[0] or k == n_steps:
                break
            look_ahead(x, v, lookahead, read)
            fill(total, nothing)
            for _ in range(batches[k]):
                draw(z, table, number, tape, words, normals, seed, path)
                number += np.uint64(1)
                gradient(read, z, slope)
                add(slope, total)
            advance(x, v, total, momentum, rates[k])
        copy(x, final, block)
