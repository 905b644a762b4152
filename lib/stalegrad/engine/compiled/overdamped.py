"""The Euler-Maruyama kernel of SME-SGD; the readable form is in `stalegrad.limits.sme`."""

from __future__ import annotations

import numpy as np
from numba import float64, int64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, kernel
from stalegrad.engine.compiled.driver import DRIVER, copy, fill
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.noise import add_noise, subtract_square, take_square_root


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
            record(x, k, block, n_paths, sums, kept, seen)
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
