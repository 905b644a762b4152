r"""Sections 4 and B: moments of (2.11) on :math:`f(x)=\tfrac a2x^2`, by Itô's formula."""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.ito import ito_moments
from stalegrad.theory.sme.langevin import ASGD_BATCH, ASGD_GENERAL
from stalegrad.theory.sme.sigma import CLOSURE, G, g
from stalegrad.theory.sme.symbols import Sigma, X, Y, a, dt, eta, kappa, mu, s2, tidy, u

growth = sp.Symbol("lambda")
ORDER = (X**2, Y**2, X * Y)
"""The order of the second moments in (4.3) and (5.4)."""

_three_halves = sp.Rational(3, 2)
x2, y2, xy = sp.symbols("x2 y2 xy", real=True)
_injection = Sigma * eta**_three_halves / sp.sqrt(1 - mu)

FIRST = sp.Matrix([[-kappa, -a], [1, 0]])
"""Drift of (E Y, E X)."""

SECOND = sp.Matrix([[0, 0, 2], [0, -2 * kappa, -2 * a], [-a, 1, -kappa]])
"""Drift B of (E X^2, E Y^2, E XY)."""

register(Formula("SME-4.3", SECOND, ("eta", "mu", "a"), defaults={"a": 2.0}))

register(
    Formula(
        "SME-5.3",
        {
            "dE[X^2]/dt": 2 * xy + _injection,
            "dE[Y^2]/dt": -2 * a * xy - 2 * kappa * y2,
            "dE[XY]/dt": -a * x2 + y2 - kappa * xy,
        },
        ("x2", "y2", "xy", "Sigma", "eta", "mu", "a"),
    )
)

register(
    Formula(
        "SME-5.4",
        {"matrix": SECOND, "constant": sp.Matrix([_injection, 0, 0])},
        ("Sigma", "eta", "mu", "a"),
    )
)

STATIONARY = register(
    Formula(
        "SME-stationary",
        {
            "xy": -Sigma * eta**_three_halves / (2 * sp.sqrt(1 - mu)),
            "y2": a * Sigma * eta**2 / (2 * (1 - mu)),
            "x2": Sigma * eta**2 / (2 * (1 - mu)) + Sigma * eta / (2 * a),
        },
        ("Sigma", "eta", "mu", "a"),
    )
)

STATIONARY_BATCH = register(
    Formula(
        "SME-4.4",
        Sigma * eta / (2 * (1 + u)) * (eta / (1 - mu) + 1 / a),
        ("Sigma", "eta", "mu", "u", "a"),
        defaults={"u": 0.0, "a": 2.0},
        lhs=r"z_\infty",
    )
)

register(
    Formula(
        "SME-first-moment",
        {
            "lambda_1": (-kappa + sp.sqrt(kappa**2 - 4 * a)) / 2,
            "lambda_2": (-kappa - sp.sqrt(kappa**2 - 4 * a)) / 2,
        },
        ("eta", "mu", "a"),
    )
)

EIGENVALUES = register(
    Formula(
        "SME-second-moment-eigenvalues",
        {
            "lambda_1": -kappa,
            "lambda_+": -kappa + sp.sqrt(kappa**2 - 4 * a),
            "lambda_-": -kappa - sp.sqrt(kappa**2 - 4 * a),
        },
        ("eta", "mu", "a"),
    )
)

register(Formula("SME-5.5", sp.Max(1 - 4 * a * eta, 0), ("a", "eta"), lhs=r"\mu_{opt}"))

_exists = 2 * mu * (1 - mu) > a**2 * eta**2
_fixed_sigma = s2 / (1 - a**2 * eta**2 / (2 * mu * (1 - mu)))

SELF_CONSISTENT = register(
    Formula(
        "SME-self-consistent",
        {
            "Sigma": sp.Piecewise((_fixed_sigma, _exists), (sp.oo, True)),
            "x2": sp.Piecewise((_fixed_sigma * eta / 2 * (eta / (1 - mu) + 1 / a), _exists), (sp.oo, True)),
        },
        ("eta", "mu", "a", "s2"),
    )
)

_h = a * eta
_stability = 2 * (1 - mu**2) - _h * (1 - mu) ** 2 - 2 * _h**2 * mu

ASGD_STATIONARY = {
    "x2": eta * s2 * (1 - mu**2 + 2 * _h * mu) / (a * _stability),
    "Sigma": s2 * (1 - mu) * (2 * (1 + mu) - _h * (1 - mu)) / _stability,
}
"""Discrete ASGD, beyond the paper: stationary E x^2 and noise covariance, where the denominator is positive."""


def critical_mu(step) -> sp.Expr:
    r"""Discrete ASGD: the mean oscillates exactly for :math:`\mu>((1-h)/(1+h))^2`, with `step` :math:`h=a\eta`."""
    return ((1 - step) / (1 + step)) ** 2


def first_moments() -> sp.Matrix:
    """Drift of (E Y, E X) by Itô's formula."""
    matrix, _ = ito_moments(ASGD_GENERAL.drift, ASGD_GENERAL.covariance, (Y, X))
    return matrix


def second_moments() -> tuple[sp.Matrix, sp.Matrix]:
    """Drift and constant of (E X^2, E Y^2, E XY) under (4.2), with Sigma and u constant, by Itô's formula."""
    return ito_moments(ASGD_BATCH.drift, ASGD_BATCH.covariance, ORDER)


def closed_moments(factor=1 / mu) -> tuple[sp.Matrix, sp.Matrix]:
    r"""Moment system of (E X^2, E Y^2, E XY, E Sigma) when Sigma follows (2.12).

    `factor` multiplies the lag term :math:`(Y/\alpha+\nabla f)^2`: :math:`1/\mu` is (2.12) as printed, 1 is the
    closure in continuous time. Component gradients :math:`ax-b_i` have sampling variance `s2`.
    """
    rate = CLOSURE.expr.subs({G: s2 + g**2}) if factor == 1 / mu else _closure_with(factor)
    drift = {**ASGD_GENERAL.drift, Sigma: rate.subs(g, a * X)}
    return ito_moments(drift, ASGD_GENERAL.covariance, (*ORDER, Sigma))


def _closure_with(factor) -> sp.Expr:
    return kappa * (s2 - Sigma + factor * (kappa * Y + g) ** 2)


def stationary(matrix: sp.Matrix, constant: sp.Matrix) -> sp.Matrix:
    """Fixed point of dv/dt = matrix v + constant."""
    return (-matrix.LUsolve(constant)).applyfunc(tidy)


def characteristic(matrix: sp.Matrix) -> sp.Expr:
    """Characteristic polynomial in `growth`."""
    return matrix.charpoly(growth).as_expr()


def per_step_rate() -> sp.Expr:
    r"""Decay of E X^2 per iteration while eigenvalues are real, :math:`-\lambda_+\Delta t`, of the moment system (5.4)."""
    return tidy(-EIGENVALUES.expr["lambda_+"] * dt)
