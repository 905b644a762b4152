"""Least squares: the components are squared residuals."""

from __future__ import annotations

import numpy as np

from stalegrad.engine.blocks import block_function
from stalegrad.problems import linear
from stalegrad.problems.base import Blocks, Problem, checked_table

LARGEST_LINEAR = 2**24
"""Most numbers (128 MiB) for which the matrices H_i are laid out for exact moments."""


def least_squares(A, b) -> Problem:
    r"""Squared residuals $f_i(x) = \frac12 (a_i \cdot x - b_i)^2$, with $a_i$ the rows of A.

    For small d the averages are polynomials with precomputed coefficients, at a cost that does not depend on n
    (`stalegrad.problems.linear`); otherwise they are sums over the rows.

    Parameters
    ----------
    A : array (n, d)
    b : array (n,)

    Raises
    ------
    ValueError
        For shapes that do not match, empty or non-finite tables, or A of zeros only.

    Notes
    -----
    Claim SME-1.1. `linear` is None when n d d exceeds 2^24: exact moments of that size are out of reach anyway.

    Examples
    --------
    >>> problem = least_squares([[1.0], [2.0]], [1.0, 0.0])
    >>> problem.mean_gradient([1.0])
    array([2.])
    """
    A = checked_table(A, "A")
    b = np.array(b, dtype=float)
    if b.shape != (len(A),):
        raise ValueError(f"b has shape {b.shape}, A has {len(A)} rows: give one number a row, shape ({len(A)},)")
    data = checked_table(np.column_stack([A, b]), "(A, b)")
    if not A.any():
        raise ValueError("A is zero: the components do not depend on x")
    n, d = A.shape
    rows = (A[:, :, None] * A[:, None, :], A * b[:, None]) if n * d * d <= LARGEST_LINEAR else None
    closed = rows is not None and linear.pays(n, d)
    return Problem(
        name="least squares",
        dim=d,
        data=data,
        summary=linear.summary(*rows) if closed else data,
        blocks=Blocks(gradient, *linear.AVERAGES) if closed else _sums(),
        recipe=(least_squares, (A, b)),
        linear=rows,
        components=lambda x, z: 0.5 * ((z[:d] * x).sum(axis=0) - z[d]) ** 2,
        minimisers=np.linalg.lstsq(A, b)[0][None, :],
        curvature=float(np.linalg.norm(A, 2) ** 2 / n),
    )


@block_function(cache=True)
def gradient(x, z, out):
    d, width = x.shape
    for p in range(width):
        out[0, p] = -z[d, p]
    for j in range(d):
        for p in range(width):
            out[0, p] += z[j, p] * x[j, p]
    for j in range(d - 1, -1, -1):  # row 0, which holds the residual, is overwritten last
        for p in range(width):
            out[j, p] = z[j, p] * out[0, p]


def _sums() -> Blocks:
    from stalegrad.problems.sums import from_gradient  # loads numba

    return from_gradient(gradient)
