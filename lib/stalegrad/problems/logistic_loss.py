"""Gradient and Hessian of the logistic loss; a module of its own because the vector exponential loads numba."""

from __future__ import annotations

import numba

from stalegrad.engine.blocks import block_function
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.engine.compiled.vectormath import exp


@block_function(cache=True)
def gradient(x, z, out):
    """-z / (1 + exp(z . x)) + ridge x; the rows of z are the signed inputs, then the ridge."""
    d, width = x.shape
    for p in range(width):
        out[0, p] = 0.0
    for j in range(d):
        for p in range(width):
            out[0, p] += z[j, p] * x[j, p]
    for p in range(width):
        out[0, p] = -1.0 / (1.0 + exp(out[0, p]))
    for j in range(d - 1, -1, -1):  # row 0, which holds the chance of the other label, is overwritten last
        for p in range(width):
            out[j, p] = z[j, p] * out[0, p] + z[d, p] * x[j, p]


@numba.njit(**OPTIONS)
def hessian_vector(x, z, v, out):
    """q (1 - q) (z . v) z + ridge v with q = 1 / (1 + exp(z . x))."""
    d, width = x.shape
    for p in range(width):
        margin, along = 0.0, 0.0
        for j in range(d):
            margin += z[j, p] * x[j, p]
            along += z[j, p] * v[j, p]
        e = exp(-abs(margin))
        weight = e / ((1.0 + e) * (1.0 + e)) * along
        for j in range(d):
            out[j, p] = weight * z[j, p] + z[d, p] * v[j, p]
