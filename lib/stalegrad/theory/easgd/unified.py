r"""Section 6.2: EASGD in Gauss-Seidel form, of which synchronous DOWNPOUR is one member, and when it is stable.

Stability is that of the quadratic with curvature 1; for curvature h read :math:`\eta h` for :math:`\eta`. The average of the workers and the
centre follow (6.4), whatever p. With p > 1 the differences between workers shrink by :math:`(1-\eta)(1-\alpha)` a step, which (6.4) does not see.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import sympy as sp

from stalegrad.theory.easgd.symbols import alpha, beta, eta, p
from stalegrad.theory.formula import Formula, check_domain, register

centre = sp.Symbol(r"\tilde{x}_{t}", real=True)
before, half, after = (sp.Symbol(rf"x^{{i}}_{{{time}}}", real=True) for time in ("t", "t+1/2", "t+1"))
drawn = sp.Symbol(r"\xi^{i}_{t}", real=True)
slope = sp.Function(r"\nabla f")
_worker = sp.Symbol("i", integer=True)
_LOCAL, _HALF, _CENTRE = r"x^{i}_{t+1}", r"x^{i}_{t+1/2}", r"\tilde{x}_{t+1}"


def _over_workers(term: sp.Expr) -> sp.Expr:
    return sp.Sum(term, (_worker, 1, p))


DOWNPOUR = register(Formula("EASGD-6.1", {_LOCAL: centre - eta * slope(centre, drawn), _CENTRE: centre + _over_workers(after - centre)}, ()))

JACOBI = register(
    Formula(
        "EASGD-6.2",
        {
            _LOCAL: before - eta * slope(before, drawn) - alpha * (before - centre),
            _CENTRE: centre + beta / p * _over_workers(before - centre),
        },
        (),
    )
)

GAUSS_SEIDEL = register(
    Formula(
        "EASGD-6.3",
        {
            _HALF: before - alpha * (before - centre),
            _LOCAL: half - eta * slope(half, drawn),
            _CENTRE: centre + beta / p * _over_workers(after - centre),
        },
        (),
    )
)

average, middle = sp.symbols("y x", real=True)
_pulled = average - alpha * (average - middle)

register(
    Formula(
        "EASGD-6.4",
        {"y_{t+1}": (1 - eta) * _pulled, "x_{t+1}": middle + beta * ((1 - eta) * _pulled - middle)},
        ("y", "x", "eta", "alpha", "beta"),
        names={"y": r"\bar x_t", "x": r"\tilde x_t"},
    )
)

FACTORS = (sp.Matrix([[1, 0], [beta, 1 - beta]]), sp.diag(1 - eta, 1), sp.Matrix([[1 - alpha, alpha], [0, 1]]))
"""The centre's move, the gradient step and the elastic pull, as maps of (average, centre)."""

MATRIX = register(Formula("EASGD-6.5", FACTORS[0] * FACTORS[1] * FACTORS[2], ("eta", "alpha", "beta"), lhs="M"))

ROOTS = register(
    Formula(
        "EASGD-6.6",
        {"b": (2 - beta - eta - alpha * (1 - beta) * (1 - eta)) / 2, "c": (1 - eta) * (1 - alpha) * (1 - beta)},
        ("eta", "alpha", "beta"),
    )
)

b, c = sp.symbols("b c", real=True)
INSIDE = register(Formula("EASGD-6.7", sp.And(-1 < c, c < 1, c > 2 * b - 1, c > -2 * b - 1), ("b", "c")))

DIFFERENCE = (1 - eta) * (1 - alpha)
"""Factor per step of the differences between workers, an eigenvalue of (6.3) of multiplicity p - 1."""

_k = (1 - eta) * (1 - beta)
LOWER_ROOT = (2 - beta) * (2 - eta) / (2 * _k)
r""":math:`c_2` of the theorem: the moving rate at which an eigenvalue of (6.5) is -1."""
UPPER_ROOT = (_k - 1) / _k
r""":math:`c_3`: the moving rate at which the determinant of (6.5) is 1."""
WORKERS_LIMIT = 1 + 1 / sp.Abs(1 - eta)
"""The moving rate at which the differences between workers stop shrinking by changing sign."""
JACOBI_LIMIT = (2 - eta) * (2 - beta) / 2
"""Moving rate below which the Jacobi form (6.2) is stable, for eta and beta below 2: all of it, for any p."""


class Case(NamedTuple):
    """One line of a stability theorem: for eta and beta in these sets, stable exactly for low < alpha < high."""

    eta: sp.Set
    beta: sp.Set
    low: sp.Expr
    high: sp.Expr


_open, _closed_above = sp.Interval.open, sp.Interval.Lopen
_small, _one, _middle = _open(0, 1), sp.FiniteSet(1), _open(1, 2)

CASES = (
    Case(_small, _small, sp.S.Zero, LOWER_ROOT),
    Case(_small, _one, sp.S.Zero, sp.oo),
    Case(_small, _closed_above(1, 2), sp.S.Zero, UPPER_ROOT),
    Case(_small, _open(2, 4 / eta), LOWER_ROOT, UPPER_ROOT),
    Case(_one, _open(0, 2), sp.S.Zero, sp.oo),
    Case(_middle, _small, sp.S.Zero, UPPER_ROOT),
    Case(_middle, _one, sp.S.Zero, sp.oo),
    Case(_middle, _middle, sp.S.Zero, LOWER_ROOT),
    Case(sp.Interval(2, 4), _small, LOWER_ROOT, UPPER_ROOT),
    Case(_open(4, sp.oo), _open(0, 4 / eta), LOWER_ROOT, UPPER_ROOT),
)
"""Theorem 6.2.1: stability of (6.4), in the order of the thesis."""

_corner = 4 / (2 + eta)
CASES_ALL_WORKERS = (
    Case(_small, _closed_above(0, 2), sp.S.Zero, WORKERS_LIMIT),
    Case(_small, _open(2, 4 / eta), LOWER_ROOT, UPPER_ROOT),
    Case(_one, _open(0, 2), sp.S.Zero, sp.oo),
    Case(_middle, _closed_above(0, _corner), sp.S.Zero, WORKERS_LIMIT),
    Case(_middle, _open(_corner, 2), sp.S.Zero, LOWER_ROOT),
    Case(sp.Interval(2, sp.oo), _open(0, _corner), LOWER_ROOT, WORKERS_LIMIT),
)
"""The same for (6.3) with two or more workers, beyond the thesis: their differences have to shrink as well."""


def stable_moving_rates(eta_value, beta_value, cases: tuple[Case, ...] = CASES) -> sp.Set:
    """The open interval of alpha > 0 that a theorem allows, exactly; empty where no case applies.

    Parameters
    ----------
    eta_value, beta_value : int, Fraction or sympy Rational
    cases : tuple of Case
        `CASES`, or `CASES_ALL_WORKERS` for two or more workers.

    Examples
    --------
    >>> stable_moving_rates(sp.Rational(1, 2), 1), stable_moving_rates(sp.Rational(1, 2), 1, CASES_ALL_WORKERS)
    (Interval.open(0, oo), Interval.open(0, 3))
    """
    at = {eta: sp.Rational(eta_value), beta: sp.Rational(beta_value)}
    for case in cases:
        if at[eta] in case.eta and at[beta] in case.beta.subs(eta, at[eta]):
            return sp.Interval.open(case.low.subs(at), case.high.subs(at))
    return sp.S.EmptySet


def radius(eta, alpha, beta, n_workers: int = 1):
    """Spectral radius of (6.5), from (6.6); with n_workers > 1 that of (6.3). Arrays broadcast.

    Examples
    --------
    >>> float(radius(0.5, 10.0, 1.0)), float(radius(0.5, 10.0, 1.0, n_workers=2))
    (0.5, 4.5)
    """
    root = ROOTS.numeric(eta=eta, alpha=alpha, beta=beta)
    squared = np.square(root["b"]) - root["c"]
    mean = np.where(squared < 0, np.sqrt(np.abs(root["c"])), np.abs(root["b"]) + np.sqrt(np.maximum(squared, 0.0)))
    return (np.maximum(mean, np.abs(_difference(eta, alpha))) if n_workers > 1 else mean)[()]


def stable(eta, alpha, beta, n_workers: int = 1):
    r"""Whether (6.4), or (6.3) with n_workers > 1, is stable, by (6.7): :math:`c<1` and :math:`0<\beta\eta<2(c+1)`. Arrays broadcast.

    No root is taken, so the borders of the region are as exact as the arguments.

    Examples
    --------
    >>> bool(stable(1 / 8, 1.0, 16.0)), bool(stable(0.124, 1.0, 16.0))
    (False, True)
    """
    determinant = ROOTS.numeric(eta=eta, alpha=alpha, beta=beta)["c"]
    pull = np.multiply(beta, eta)
    mean = (determinant < 1) & (0 < pull) & (pull < 2 * (determinant + 1))
    return mean & (np.abs(_difference(eta, alpha)) < 1) if n_workers > 1 else mean


def _difference(eta, alpha):
    return (1 - np.asarray(eta)) * (1 - np.asarray(alpha))


def stable_learning_rates(alpha: float, beta: float) -> tuple[float, float] | None:
    r"""The interval of learning rates at which (6.3) is stable, for beta > 2; None if there are none.

    With :math:`A=(\alpha-1)(\beta-1)` it is :math:`\max(0,1-\frac1A)<\eta<\frac{1+A}{A+\beta/2}`, where the first term of the maximum is
    meant for :math:`A\le1`; it is empty for :math:`A\le-1` and, if beta > 4, for :math:`A\ge\beta/(\beta-4)`. DOWNPOUR with p workers is
    alpha = 1, beta = p: A = 0 and eta < 2/p. The same for one worker or many.

    Raises
    ------
    ValueError
        For beta <= 2, or alpha that is not positive.

    Notes
    -----
    Claim EASGD-6.2-downpour.

    Examples
    --------
    >>> stable_learning_rates(1.0, 16.0), stable_learning_rates(0.9, 16.0)
    ((0.0, 0.125), None)
    """
    check_domain({"alpha": "positive"}, alpha=alpha, beta=beta)
    if beta <= 2:
        raise ValueError(f"beta = {beta} is not in the range of this rule, beta > 2; use EASGD-T6.2.1")
    lever = (alpha - 1) * (beta - 1)
    if lever <= -1:
        return None
    low, high = max(0.0, 1 - 1 / lever) if lever > 0 else 0.0, (1 + lever) / (lever + beta / 2)
    return (low, high) if low < high else None


def downpour_neighbours(beta: float) -> tuple[float, float]:
    r"""Moving rates alpha for which some learning rate is stable, at beta > 4: :math:`1-\frac1{\beta-1}<\alpha<1+\frac{\beta}{(\beta-4)(\beta-1)}`.

    Examples
    --------
    >>> [round(edge, 3) for edge in downpour_neighbours(16.0)]
    [0.933, 1.089]
    """
    if not beta > 4:
        raise ValueError(f"beta = {beta} is not in the range of this rule, beta > 4; at smaller beta any alpha >= 1 has stable learning rates")
    return 1 - 1 / (beta - 1), 1 + beta / ((beta - 4) * (beta - 1))
