"""Averages of a compiled gradient over all components, for problems without closed forms; loads numba.

The summary of these block functions is the data table. The cost of an average is that of n gradients.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from stalegrad.engine.blocks import BlockFunction, block_function
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.problems.base import Blocks

CUBE_ROOT = float(np.cbrt(np.finfo(float).eps))


def from_gradient(gradient: BlockFunction, hessian_vector: Callable | None = None) -> Blocks:
    """The four block functions of (1/n) sum_i f(x; z_i).

    Parameters
    ----------
    gradient : BlockFunction
        Writes grad f(x; z).
    hessian_vector : compiled function (x, z, v, out), optional
        Writes (Hess f)(x; z) v. Without it, central differences of the gradient, `differences`.
    """
    compiled = numba.njit(**OPTIONS)(gradient.function)
    mean = _mean_gradient(compiled)
    product = differences(compiled) if hessian_vector is None else hessian_vector
    return Blocks(gradient, mean, _second_moment(compiled), _hessian_gradient(mean.function, product))


@numba.njit(**OPTIONS)
def _repeat(row, out):
    for k in range(out.shape[0]):
        for p in range(out.shape[1]):
            out[k, p] = row[k]


def _mean_gradient(gradient: Callable) -> BlockFunction:
    @block_function
    def mean_gradient(x, data, out):
        n, m = data.shape
        z, g = np.empty((m, x.shape[1])), np.empty_like(x)
        out[:] = 0.0
        for i in range(n):
            _repeat(data[i], z)
            gradient(x, z, g)
            for j in range(x.shape[0]):
                for p in range(x.shape[1]):
                    out[j, p] += g[j, p] / n

    return mean_gradient


def _second_moment(gradient: Callable) -> BlockFunction:
    @block_function
    def second_moment(x, data, out):
        n, m = data.shape
        d = x.shape[0]
        z, g = np.empty((m, x.shape[1])), np.empty_like(x)
        out[:] = 0.0
        for i in range(n):
            _repeat(data[i], z)
            gradient(x, z, g)
            for j in range(d):
                for k in range(d):
                    for p in range(x.shape[1]):
                        out[j * d + k, p] += g[j, p] * g[k, p] / n

    return second_moment


def _hessian_gradient(mean_gradient: Callable, hessian_vector: Callable) -> BlockFunction:
    mean = numba.njit(**OPTIONS)(mean_gradient)

    @block_function
    def hessian_gradient(x, data, out):
        n, m = data.shape
        z, g, product = np.empty((m, x.shape[1])), np.empty_like(x), np.empty_like(x)
        mean(x, data, g)
        out[:] = 0.0
        for i in range(n):
            _repeat(data[i], z)
            hessian_vector(x, z, g, product)
            for j in range(x.shape[0]):
                for p in range(x.shape[1]):
                    out[j, p] += product[j, p] / n

    return hessian_gradient


def differences(gradient: Callable) -> Callable:
    """(Hess f) v as (grad f(x + h v) - grad f(x - h v)) / (2 h), h max|v| = eps^(1/3) max(1, |x|).

    Rounding and truncation then leave a relative error of about eps^(2/3), 4e-11, on well-scaled problems.
    """

    @numba.njit(**OPTIONS)
    def product(x, z, v, out):
        d, width = x.shape
        h, ahead, behind, other = np.empty(width), np.empty_like(x), np.empty_like(x), np.empty_like(x)
        for p in range(width):
            length, size = 0.0, 1.0
            for j in range(d):
                length, size = max(length, abs(v[j, p])), max(size, abs(x[j, p]))
            h[p] = CUBE_ROOT * size / length if length > 0.0 else 1.0
        for j in range(d):
            for p in range(width):
                ahead[j, p], behind[j, p] = x[j, p] + h[p] * v[j, p], x[j, p] - h[p] * v[j, p]
        gradient(ahead, z, out)
        gradient(behind, z, other)
        for j in range(d):
            for p in range(width):
                out[j, p] = (out[j, p] - other[j, p]) / (2.0 * h[p])

    return product
