"""Logistic regression: the components are logarithms of the odds of a wrong label."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, minimize

from stalegrad.problems.base import Array, Problem, checked_table

GRADIENT = 1e-10
"""Length of the gradient at the minimiser found, beside that at 0."""


def logistic(A, b, ridge: float = 0.0) -> Problem:
    r"""Logistic loss $f_i(x) = \log(1 + e^{-s_i a_i \cdot x}) + \frac\rho2 |x|^2$, with $a_i$ the rows of A and labels $s_i = \pm1$.

    Parameters
    ----------
    A : array (n, d)
    b : array (n,)
        Labels: 0 and 1, or -1 and 1.
    ridge : float
        $\rho \ge 0$.

    Raises
    ------
    ValueError
        For shapes that do not match, tables that are empty or not finite, other labels, one class only, a negative ridge, and for ridge = 0
        where a plane separates the classes: then F has no minimum.

    Notes
    -----
    Claim SME-1.1. A data row is $(s_i a_i, \rho)$. The minimiser is found by scipy's trust-region Newton method, separation by a linear program.
    Averages are sums over the rows.

    Examples
    --------
    >>> problem = logistic([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]], [0, 1, 0, 1])
    >>> problem.minimisers.round(3).tolist()
    [[-1.362, 0.908]]
    >>> problem.mean_gradient([0.0, 0.0])
    array([ 0.  , -0.25])
    """
    from stalegrad.problems import logistic_loss, sums  # load numba

    A = checked_table(A, "A")
    b = np.array(b, dtype=float)
    signs = _signs(b, len(A))
    ridge = float(ridge)
    if not (ridge >= 0.0 and np.isfinite(ridge)):
        raise ValueError(f"ridge={ridge} must be finite and 0 or more")
    signed = signs[:, None] * A
    if ridge == 0.0 and _separable(signed):
        raise ValueError("a plane separates the classes, so the loss has no minimum: give ridge=0.01, say, or more rows")
    minimiser = _minimiser(signed, ridge)
    data = np.column_stack([signed, np.full(len(A), ridge)])
    return Problem(
        name="logistic regression",
        dim=A.shape[1],
        data=data,
        summary=data,
        blocks=sums.from_gradient(logistic_loss.gradient, logistic_loss.hessian_vector),
        recipe=(logistic, (A, b, ridge)),
        components=_values,
        minimisers=minimiser[None],
        curvature=float(np.linalg.eigvalsh(_hessian(minimiser, signed, ridge))[-1]),
    )


def _signs(b: Array, n: int) -> Array:
    if b.shape != (n,):
        raise ValueError(f"b has shape {b.shape}, A has {n} rows: give one label a row, shape ({n},)")
    found = set(b.tolist())
    if len(found) == 1 and found <= {-1.0, 0.0, 1.0}:
        raise ValueError(f"b is {b[0]:g} in every row: logistic regression needs rows of both classes")
    if found not in ({0.0, 1.0}, {-1.0, 1.0}):
        shown = sorted(found)[:6]
        raise ValueError(f"b holds the labels {shown}: give 0 and 1, or -1 and 1, e.g. b == {shown[-1]}")
    return np.where(b > 0.0, 1.0, -1.0)


def _values(x: Array, z: Array) -> Array:
    d = len(x)
    return np.logaddexp(0.0, -(z[:d] * x).sum(axis=0)) + 0.5 * z[d] * (x * x).sum(axis=0)


def _separable(signed: Array) -> bool:
    """Whether some x has all margins s_i a_i . x at least 0, and not all of them 0."""
    unit = signed / max(np.abs(signed).max(), np.finfo(float).tiny)
    n, d = unit.shape
    both = np.vstack([-unit, unit])
    found = linprog(-unit.sum(axis=0), A_ub=both, b_ub=np.repeat([0.0, 1.0], n), bounds=[(None, None)] * d)
    return found.status == 3 or -found.fun > 1e-6


def _minimiser(signed: Array, ridge: float) -> Array:
    n, d = signed.shape

    def value(x):
        return np.logaddexp(0.0, -signed @ x).mean() + 0.5 * ridge * x @ x

    def slope(x):
        return -signed.T @ _chance(-signed @ x) / n + ridge * x

    start = np.zeros(d)
    precision = GRADIENT * max(np.linalg.norm(slope(start)), np.finfo(float).tiny)
    return minimize(value, start, jac=slope, hess=lambda x: _hessian(x, signed, ridge), method="trust-exact", options={"gtol": precision}).x


def _hessian(x: Array, signed: Array, ridge: float) -> Array:
    chance = _chance(signed @ x)
    return (signed.T * (chance * (1.0 - chance))) @ signed / len(signed) + ridge * np.eye(len(x))


def _chance(margin: Array) -> Array:
    """1 / (1 + exp(-margin))."""
    return np.exp(-np.logaddexp(0.0, -margin))
