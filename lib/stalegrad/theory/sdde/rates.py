r"""The comparisons of rates after Theorems 4.1 and 4.2, every quantity in iterations.

One unit of time of (7) is :math:`1/\eta` iterations, and a delay of `l` iterations is :math:`l\eta` of it.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sdde.symbols import NAMES, D, L, delta, eps, l, lam, mu, trace

_log = sp.log(1 / eps)

STEP = eps / l**2
"""Step size of Theorem 4.1 and of Recht et al., with the delay in iterations."""

TIME = l * STEP + _log / (2 * lam)
r"""Time at which :math:`e^{-2\lambda(t-\tau)}\le\epsilon`, with the delay in time."""

COMPARISON = register(
    Formula(
        "SDDE-rate-comparison",
        {"SDDE": sp.expand(TIME / STEP), "Zheng": l / eps, "Recht": l**2 * _log / eps},
        ("eps", "l", "lam"),
        printed={"SDDE": l + _log / (2 * lam), "Zheng": l / eps, "Recht": l**2 * _log / eps},
        requires=((lambda values: (values["eps"] > 0) & (values["eps"] < 1), "0 < eps < 1"),),
        names=NAMES,
        domains={"l": "positive", "eps": "positive", "lam": "positive"},
    )
)
r"""Iterations to an error of order eps with :math:`\eta=\epsilon/l^2`, up to constants; printed: a time beside iterations."""

H = sp.Symbol("H", positive=True)
k = sp.Symbol("k", positive=True)

IN_ITERATIONS = (delta + 1) * (H + 2 * L**2 * D**2 * l * delta) * sp.log(delta * k) / ((delta * k - 1) * mu**2)
r"""The bound of Theorem 4.2 at iteration k, :math:`t=\delta k` and :math:`\tau=l\delta`."""

RAKHLIN = 4 * H / (k * mu**2)


def advised_step(a, sigma2) -> sp.Expr:
    r"""A step size that the equation itself advises: noise at half of eps, and :math:`a\eta l\le e^{-1}`."""
    return sp.Min(a * eps / sigma2, sp.exp(-1) / (a * l))


def speedup_condition(step=delta) -> sp.Expr:
    r"""Left side over right side of :math:`2L^2D^2\tau\le H` with :math:`\tau=l\delta` and the smallest H."""
    return 2 * L**2 * D**2 * l * step / (trace + 2 * mu * L * D**2)
