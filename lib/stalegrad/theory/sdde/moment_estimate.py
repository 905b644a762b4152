r"""Sections 4 and 4.1: the linear equation :math:`dX=-aX(t-\tau)dt+\sqrt{\sigma^2}dB`, its roots and moments."""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sdde.symbols import NAMES, a, eta, sigma2, t, tau, x0

EXPONENT = register(
    Formula(
        "SDDE-T4.1",
        sp.Piecewise((-a, sp.Eq(tau, 0)), (sp.re(sp.LambertW(-a * tau)) / tau, True)),
        ("a", "tau"),
        lhs="V",
        domains={"tau": "at least 0"},
    )
)
"""Largest real part of the roots of beta + a exp(-beta tau) = 0: the principal branch."""

STATIONARY = register(
    Formula(
        "SDDE-stationary-variance",
        sp.Piecewise((sigma2 * (1 + sp.sin(a * tau)) / (2 * a * sp.cos(a * tau)), a * tau < sp.pi / 2), (sp.oo, True)),
        ("a", "tau", "sigma2"),
        lhs=r"\mathrm{Var}\,X(\infty)",
        names=NAMES,
        domains={"tau": "at least 0", "sigma2": "at least 0"},
    )
)

ORNSTEIN_UHLENBECK = register(
    Formula(
        "SDDE-ou-solution",
        {"mean": x0 * sp.exp(-a * t), "variance": eta * sigma2 * (1 - sp.exp(-2 * a * t)) / (2 * a)},
        ("a", "eta", "sigma2", "x0", "t"),
        names=NAMES,
        domains={"sigma2": "at least 0"},
    )
)
r"""Moments of :math:`dX=-aXdt+\sqrt{\eta\sigma^2}dB`, distance from the optimum :math:`x^*`."""

lag = sp.Symbol("u", nonnegative=True)
_c, _s = sp.symbols("c s")


def stationary_covariance() -> sp.Expr:
    r"""Stationary :math:`E X(t)X(t+u)` for :math:`0\le u\le\tau`, from its differential equation.

    :math:`\rho'(u)=-a\rho(\tau-u)` and hence :math:`\rho''=-a^2\rho`; Itô's formula for :math:`X^2` gives
    :math:`2a\rho(\tau)=\sigma^2`, so that :math:`\rho'(0)=-\sigma^2/2`.
    """
    form = _c * sp.cos(a * lag) + _s * sp.sin(a * lag)
    slope = sp.diff(form, lag).subs(lag, 0) + sigma2 / 2
    ito = 2 * a * form.subs(lag, tau) - sigma2
    (found,) = sp.linsolve([slope, ito], [_c, _s])
    return form.subs(dict(zip((_c, _s), found, strict=True)))


def discrete_threshold(l) -> sp.Expr:  # noqa: E741
    r"""ASGD with the constant delay `l` is stable exactly for :math:`a\eta` below this: :math:`2\sin\frac{\pi}{2(2l+1)}`."""
    return 2 * sp.sin(sp.pi / (2 * (2 * sp.sympify(l) + 1)))


CRITICAL = sp.pi / 2
"""V < 0 exactly for 0 < a tau < CRITICAL."""

OSCILLATION = sp.exp(-1)
"""At a tau = OSCILLATION the leading root is double, and V = -e a is lowest; beyond, the mean oscillates."""
