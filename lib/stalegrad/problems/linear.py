r"""Averages in closed form where every component gradient is linear, $\nabla f_i(x) = H_i x - b_i$.

With $x_*$ a minimiser of F and $u = x - x_*$, the mean gradient is $\bar H u$ and every entry of
$\frac1n \sum_i \nabla f_i \nabla f_i^T$ is a quadratic polynomial in u, whose coefficients are averages over
the components. The block functions evaluate these polynomials and never see the components. Expanding about
$x_*$ keeps the digits of the noise near the minimum, where differences of large terms would lose them.

Rows of the summary, columns beyond the stated ones zero:

====================  ==========================================================================
0                     x_* (d)
1 .. d                mean gradient: constant, then the d coefficients of u
d+1 .. 2d             (Hess F) grad F: the same
2d+1 .. 2d+d*d        entry (j, k) of the second moment: constant, u_l (d), u_l u_m (l <= m)
====================  ==========================================================================
"""

from __future__ import annotations

import numpy as np

from stalegrad.engine.blocks import BlockFunction, block_function

Array = np.ndarray
LARGEST = 2**20
"""Most numbers a summary may hold (8 MiB): beyond it, summing over components is kinder to the cache."""


def n_columns(d: int) -> int:
    """Coefficients of a quadratic polynomial in d variables."""
    return 1 + d + d * (d + 1) // 2


def pays(n: int, d: int) -> bool:
    """Whether the polynomials cost fewer operations than the sum over n components, and fit in the cache.

    Each entry of the second moment takes about 3 operations a coefficient, or 2 + 4/d a component.
    """
    return d * d * n_columns(d) <= LARGEST and 3 * n_columns(d) <= n * (2 + 4 / d)


def minimiser(H: Array, b: Array) -> Array:
    """x_* with mean(H) x_* = mean(b), the shortest one if there are several: shape (d,)."""
    return np.linalg.lstsq(H.mean(axis=0), b.mean(axis=0))[0]


def bowl(H: Array, b: Array) -> tuple[Array | None, float | None]:
    """(the minimiser as one row, the largest curvature), or (None, None) where F has no single minimum."""
    curvatures = np.linalg.eigvalsh(H.mean(axis=0))
    return (minimiser(H, b)[None, :], float(curvatures[-1])) if curvatures[0] > 0.0 else (None, None)


def summary(H: Array, b: Array) -> Array:
    """The table described above, from H (n, d, d) and b (n, d)."""
    n, d, _ = H.shape
    centre = minimiser(H, b)
    at_centre = H @ centre - b
    G, g = H.mean(axis=0), at_centre.mean(axis=0)
    table = np.zeros((1 + 2 * d + d * d, n_columns(d)))
    table[0, :d] = centre
    table[1 : d + 1, : d + 1] = np.column_stack([g, G])
    table[d + 1 : 2 * d + 1, : d + 1] = np.column_stack([G @ g, G @ G])
    rows = table[2 * d + 1 :]
    rows[:, 0] = (at_centre.T @ at_centre / n).ravel()
    cross = np.einsum("ijl,ik->jkl", H, at_centre) / n
    rows[:, 1 : d + 1] = (cross + cross.transpose(1, 0, 2)).reshape(d * d, d)
    products = (np.einsum("ijl,ikm->jklm", H, H, optimize=True) / n).reshape(d * d, d, d)
    low, high = np.triu_indices(d)
    rows[:, d + 1 :] = products[:, low, high] + np.where(low == high, 0.0, products[:, high, low])
    return table


@block_function(cache=True)
def mean_gradient(x, summary, out):
    d, width = x.shape
    for j in range(d):
        for p in range(width):
            out[j, p] = summary[1 + j, 0]
        for k in range(d):
            centre, slope = summary[0, k], summary[1 + j, 1 + k]
            for p in range(width):
                out[j, p] += slope * (x[k, p] - centre)


@block_function(cache=True)
def hessian_gradient(x, summary, out):
    d, width = x.shape
    for j in range(d):
        for p in range(width):
            out[j, p] = summary[1 + d + j, 0]
        for k in range(d):
            centre, slope = summary[0, k], summary[1 + d + j, 1 + k]
            for p in range(width):
                out[j, p] += slope * (x[k, p] - centre)


@block_function(cache=True)
def second_moment(x, summary, out):
    d, width = x.shape
    for entry in range(d * d):
        row = 1 + 2 * d + entry
        for p in range(width):
            out[entry, p] = summary[row, 0]
        column = d + 1
        for k in range(d):
            centre, slope = summary[0, k], summary[row, 1 + k]
            for p in range(width):
                out[entry, p] += slope * (x[k, p] - centre)
            for m in range(k, d):
                other, coefficient = summary[0, m], summary[row, column]
                column += 1
                for p in range(width):
                    out[entry, p] += coefficient * (x[k, p] - centre) * (x[m, p] - other)


AVERAGES: tuple[BlockFunction, ...] = (mean_gradient, second_moment, hessian_gradient)
