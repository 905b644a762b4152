r"""Section 5.2.3: elastic averaging under multiplicative noise, and its limits for many workers (thesis of Zhang).

The moments are those of (5.34): a of the centre, b of a worker, c of worker and centre, d of the average of the workers.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.multiplicative import MOMENTS, u1, u2
from stalegrad.theory.easgd.symbols import WORKERS, alpha, beta, eta, lam, omega, p, z
from stalegrad.theory.formula import Formula, register

centre, x_i, x_j, average = sp.symbols("centre x_i x_j y", real=True)
xi_i, xi_j = sp.symbols("xi_i xi_j", positive=True)
"""Centre, two workers and the average of all; what the two workers draw."""

_NAMES = {"centre": r"\tilde x", "x_i": "x^i", "x_j": "x^j", "y": r"\bar x", "xi_i": r"\xi^i", "xi_j": r"\xi^j"}
_keeps_i, _keeps_j = (1 - alpha - eta * draw for draw in (xi_i, xi_j))

register(
    Formula(
        "EASGD-5.31",
        {"x^i_{t+1}": x_i - eta * xi_i * x_i + alpha * (centre - x_i), r"\tilde x_{t+1}": centre - beta * (centre - average)},
        ("x_i", "xi_i", "centre", "y", "eta", "alpha", "beta"),
        names=_NAMES,
    )
)

_squares = {
    "(x^i_{t+1})^2": _keeps_i**2 * x_i**2 + 2 * alpha * _keeps_i * centre * x_i + alpha**2 * centre**2,
    r"\tilde x_{t+1}^2": (1 - beta) ** 2 * centre**2 + 2 * beta * (1 - beta) * centre * average + beta**2 * average**2,
}
_cross = (1 - beta) * _keeps_i * centre * x_i + alpha * (1 - beta) * centre**2 + _keeps_i * beta * x_i * average
_pair = {"x^i_{t+1}x^j_{t+1}": _keeps_i * _keeps_j * x_i * x_j + alpha**2 * centre**2 + alpha * centre * (_keeps_i * x_i + _keeps_j * x_j)}

SQUARES = register(
    Formula(
        "EASGD-5.32",
        {**_squares, r"\tilde x_{t+1}x^i_{t+1}": _cross + alpha * beta * centre * average, **_pair},
        ("x_i", "x_j", "xi_i", "xi_j", "centre", "y", "eta", "alpha", "beta"),
        printed={**_squares, r"\tilde x_{t+1}x^i_{t+1}": _cross, **_pair},
        names=_NAMES,
    )
)

k, b_factor = sp.symbols("k kappa", real=True)
_SHORT = {b_factor: k**2 + eta**2 * lam / omega**2, k: 1 - alpha - eta * lam / omega}

ALIKE = register(
    Formula(
        "EASGD-5.33",
        sp.Matrix(
            [
                [b_factor, alpha**2, 2 * alpha * k, 0],
                [beta**2 / p, (1 - beta) ** 2, 2 * beta * (1 - beta), beta**2 * (1 - 1 / p)],
                [k * beta / p, alpha * (1 - beta), (1 - beta) * k + alpha * beta, k * beta * (1 - 1 / p)],
                [0, alpha**2, 2 * alpha * k, k**2],
            ]
        ),
        ("eta", "alpha", "beta", "p", "lam", "omega"),
        where=_SHORT,
        domains=WORKERS,
        names={"kappa": r"\kappa"},
    )
)
"""(5.33) for workers that start alike, on (E (x^i)^2, E centre^2, E centre x^i, E x^i x^j)."""

EASGD = register(
    Formula(
        "EASGD-5.34",
        sp.Matrix(
            [
                [(1 - beta) ** 2, 0, 2 * beta * (1 - beta), beta**2],
                [alpha**2, b_factor, 2 * alpha * k, 0],
                [alpha * (1 - beta), 0, (1 - beta) * k + alpha * beta, k * beta],
                [alpha**2, eta**2 * lam / (p * omega**2), 2 * alpha * k, k**2],
            ]
        ),
        ("eta", "alpha", "beta", "p", "lam", "omega"),
        lhs="M",
        where=_SHORT,
        domains=WORKERS,
        names={"kappa": r"\kappa"},
    )
)
r"""One step on (a, b, c, d). :math:`\kappa` is the mean square of what a worker keeps of itself."""

_drift = eta * u1
CASE_I = ((1 - beta) ** 2, (1 - beta) * (1 - _drift), 1 - 2 * _drift + eta**2 * u2, (1 - _drift) ** 2)
"""Eigenvalues of (5.34) with alpha = beta/p as p grows: centre, centre and average, one worker, average."""

CASE_II = {
    "z1": (1 - beta) * (1 - _drift) - alpha,
    "z2": (1 - alpha) ** 2 - 2 * (1 - alpha) * _drift + eta**2 * u2,
    "z3 + z4": 2 + alpha**2 - (2 - beta) * beta - (2 - _drift) * _drift - 2 * alpha * (1 - beta - _drift),
}
"""The same with alpha fixed; z3 z4 = z1^2. z2 belongs to one worker, the others to centre and average."""

EDGES = {
    "z1": (2 - alpha - beta) / (1 - beta) * omega / lam,
    "z2": omega * (1 - alpha) / (lam + 1) + omega / (lam * (lam + 1)) * sp.sqrt(lam**2 + lam * (2 * alpha - alpha**2)),
    "z3, z4": (4 - 2 * alpha - 2 * beta) / (2 - beta) * omega / lam,
}
"""Case II: learning rates below which each modulus is below 1, for alpha and beta in (0, 1)."""

_root = sp.sqrt(lam)
register(
    Formula(
        "EASGD-easgd-infinite-p",
        {"alpha": sp.Piecewise((1 - _root, lam < 1), (0, True)), "eta": sp.Piecewise((omega / _root, lam < 1), (2 * omega / (lam + 1), True))},
        ("lam", "omega"),
        printed={"alpha": 1 - _root, "eta": omega / _root},
    )
)
"""The widest stable range (0, eta) over 0 <= alpha < 1 for many workers, and the alpha that gives it; beta in (0, 1]."""

register(
    Formula(
        "EASGD-easgd-finite-p",
        {"beta_low": 1 - 1 / sp.sqrt(lam + 1), "beta_high": 1 + 1 / sp.sqrt(lam + 1)},
        ("lam",),
        names={"beta_low": r"\beta_-", "beta_high": r"\beta_+"},
    )
)
"""With alpha = beta/p, a finite p beats the limit for beta between the two; outside, the centre's own rate (1 - beta)^2 is what limits."""


def many_workers(moving_rate=alpha) -> sp.Matrix:
    """The matrix (5.34) as p goes to infinity, with `moving_rate` for alpha (an expression in p, such as beta/p)."""
    explicit = EASGD.written_out(EASGD.expr).subs(alpha, moving_rate)
    return explicit.applyfunc(lambda entry: sp.limit(entry, p, sp.oo))


def explicit(expr) -> sp.Basic:
    """An expression with u1 and u2 written in lam and omega."""
    return sp.sympify(expr).subs(MOMENTS)


def characteristic(matrix: sp.Matrix) -> sp.Expr:
    """Characteristic polynomial in z."""
    return matrix.charpoly(z).as_expr()


def first_order(rate: int) -> sp.Expr:
    """Derivative in 1/p, at 1/p = 0 and alpha = beta/p, of an eigenvalue of `CASE_I`, counted from 0.

    By the characteristic polynomial P(z, 1/p): minus the ratio of its derivatives in 1/p and in z.
    """
    share = sp.Symbol("s", positive=True)
    polynomial = characteristic(EASGD.written_out(EASGD.expr).subs(alpha, beta / p).subs(p, 1 / share))
    at = {share: 0, z: explicit(CASE_I[rate])}
    return sp.factor(-polynomial.diff(share).subs(at) / polynomial.diff(z).subs(at))
