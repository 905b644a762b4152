"""The Euler-Maruyama kernel of the Langevin limits (SME-MSGD, and SME-ASGD for linear gradients); the readable form is in `stalegrad.limits.sme`."""

from __future__ import annotations

import numpy as np
from numba import float64, int64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, kernel
from stalegrad.engine.compiled.driver import DRIVER, copy, fill
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.noise import add_noise, subtract_square, take_square_root


@kernel(*DRIVER, BLOCK_FUNCTION, BLOCK_FUNCTION, TABLE, float64[::1], float64, float64, int64)
def langevin(
    seed, first_path, n_paths, start, sums, kept, final, stop,
    mean_gradient, second_moment, summary, factor, friction, dt, n_steps,
):  # fmt: skip
    """dP = -(g + friction P) dt + (dt S)^(1/2) dB, dX = P dt; S is the sampling covariance, or has the given factor."""
    d = len(start)
    x, v, g, seen = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    c, normals, words = np.empty((d * d, BLOCK)), np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32)
    tape, work = np.zeros(1, np.uint64), np.empty(BLOCK)
    constant = len(factor) > 0
    if constant:
        fill(c, factor)
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = np.uint64(0)
        fill(x, start)
        fill(v, np.zeros(d))
        for k in range(n_steps + 1):
            record(x, k, block, n_paths, sums, kept, seen)
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
