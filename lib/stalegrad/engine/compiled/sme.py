"""Euler-Maruyama kernels of the stochastic modified equations; the readable forms are in `stalegrad.limits`."""

from __future__ import annotations

import numpy as np
from numba import float64, int64, types, uint8, uint64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.noise import add_noise, subtract_square, take_square_root

CUBE = types.Array(float64, 3, "C")
DRIVER = (uint64, uint64, int64, float64[::1], CUBE, CUBE, TABLE, uint8[::1])


@helper
def fill(table, values):
    """Row i of `table` becomes values[i]."""
    for i in range(table.shape[0]):
        for p in range(BLOCK):
            table[i, p] = values[i]


@helper
def copy(table, out, block):
    """Columns block, block + 1, ... of `out` become `table`."""
    for i in range(table.shape[0]):
        for p in range(BLOCK):
            out[i, block + p] = table[i, p]


@kernel(*DRIVER, BLOCK_FUNCTION, BLOCK_FUNCTION, BLOCK_FUNCTION, TABLE, float64, int64)
def overdamped(
    seed, first_path, n_paths, start, sums, kept, final, stop,
    mean_gradient, second_moment, hessian_gradient, summary, eta, n_steps,
):  # fmt: skip
    """dX = -(g + eta/2 Hess F g) dt + (eta C(X))^(1/2) dB with dt = eta, C the sampling covariance."""
    d = len(start)
    x, g, h, seen = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    c, normals, words = np.empty((d * d, BLOCK)), np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32)
    tape, work = np.zeros(1, np.uint64), np.empty(BLOCK)
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = np.uint64(0)
        fill(x, start)
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, seen, work)
            if stop[0] or k == n_steps:
                break
            mean_gradient(x, summary, g)
            second_moment(x, summary, c)
            hessian_gradient(x, summary, h)
            subtract_square(c, g)
            take_square_root(c, d, work)
            for i in range(d):
                for p in range(BLOCK):
                    x[i, p] -= eta * (g[i, p] + 0.5 * eta * h[i, p])
            add_noise(x, c, eta, tape, normals, words, seed, path)
        copy(x, final, block)


@kernel(*DRIVER, BLOCK_FUNCTION, BLOCK_FUNCTION, TABLE, float64[::1], float64, float64, int64)
def langevin(
    seed, first_path, n_paths, start, sums, kept, final, stop,
    mean_gradient, second_moment, summary, factor, friction, dt, n_steps,
):  # fmt: skip
    """dP = -(g + friction P) dt + (dt S)^(1/2) dB, dX = P dt; S is the sampling covariance, or has the given factor."""
    d = len(start)
    x, v, g, seen = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    c, normals, words = np.empty((d * d, BLOCK)), np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32)
    tape, work, constant = np.zeros(1, np.uint64), np.empty(BLOCK), len(factor) > 0
    if constant:
        fill(c, factor)
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = np.uint64(0)
        fill(x, start)
        fill(v, np.zeros(d))
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, seen, work)
            if stop[0] or k == n_steps:
                break
            mean_gradient(x, summary, g)
            if not constant:
                second_moment(x, summary, c)
                subtract_square(c, g)
                take_square_root(c, d, work)
            for i in range(d):
                for p in range(BLOCK):
                    x[i, p] += dt * v[i, p]
                for p in range(BLOCK):
                    v[i, p] -= dt * (g[i, p] + friction * v[i, p])
            add_noise(v, c, dt, tape, normals, words, seed, path)
        copy(x, final, block)
