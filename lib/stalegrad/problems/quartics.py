"""Block functions of the convex quartic x^4 + 6 x^2."""

from __future__ import annotations

from stalegrad.engine.blocks import block_function
from stalegrad.problems.base import Blocks


@block_function(cache=True)
def gradient(x, z, out):
    for p in range(x.shape[1]):
        u = x[0, p] - z[0, p]
        out[0, p] = 4.0 * u * u * u


@block_function(cache=True)
def mean_gradient(x, summary, out):
    for p in range(x.shape[1]):
        u = x[0, p]
        out[0, p] = 4.0 * u * (u * u + 3.0)


@block_function(cache=True)
def second_moment(x, summary, out):
    for p in range(x.shape[1]):
        w = x[0, p] * x[0, p]
        out[0, p] = 16.0 * (1.0 + w * (15.0 + w * (15.0 + w)))


@block_function(cache=True)
def hessian_gradient(x, summary, out):
    for p in range(x.shape[1]):
        u = x[0, p]
        w = u * u
        out[0, p] = 48.0 * (w + 1.0) * u * (w + 3.0)


BLOCKS = Blocks(gradient, mean_gradient, second_moment, hessian_gradient)
