"""Block functions of the double well; a module of its own because the vector exponential loads numba."""

from __future__ import annotations

from stalegrad.engine.blocks import block_function
from stalegrad.engine.compiled.vectormath import exp
from stalegrad.problems.base import Blocks


@block_function(cache=True)
def gradient(x, z, out):
    for p in range(x.shape[1]):
        u = x[0, p] - z[0, p]
        out[0, p] = 4.0 * u * exp(-u * u)


@block_function(cache=True)
def mean_gradient(x, summary, out):
    for p in range(x.shape[1]):
        u, v = x[0, p] - 1.0, x[0, p] + 1.0
        out[0, p] = 2.0 * (u * exp(-u * u) + v * exp(-v * v))


@block_function(cache=True)
def second_moment(x, summary, out):
    for p in range(x.shape[1]):
        u, v = x[0, p] - 1.0, x[0, p] + 1.0
        a, b = u * exp(-u * u), v * exp(-v * v)
        out[0, p] = 8.0 * (a * a + b * b)


@block_function(cache=True)
def hessian_gradient(x, summary, out):
    for p in range(x.shape[1]):
        u, v = x[0, p] - 1.0, x[0, p] + 1.0
        a, b = exp(-u * u), exp(-v * v)
        slope = 2.0 * (u * a + v * b)
        out[0, p] = 2.0 * ((1.0 - 2.0 * u * u) * a + (1.0 - 2.0 * v * v) * b) * slope


BLOCKS = Blocks(gradient, mean_gradient, second_moment, hessian_gradient)
