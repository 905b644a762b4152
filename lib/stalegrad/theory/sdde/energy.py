r"""Section 4.2: the energy function for :math:`\eta_k=1/(\mu k)`, its differential by Itô's formula, and the bounds."""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.ito import generator
from stalegrad.theory.sdde.symbols import NAMES, D, L, delta, mu, t, tau, trace

_ARGUMENTS = ("t", "delta", "mu", "L", "D", "tau", "trace")
_DOMAINS = {"delta": "positive", "mu": "positive", "L": "positive", "D": "positive", "tau": "at least 0", "trace": "at least 0"}
_AFTER_ONE = ((lambda values: values["t"] > 1, "t > 1"),)

H = trace + 2 * mu * L * D**2
"""Smallest H that the theorem admits."""

_printed_level = (delta + 1) * (H + 2 * L**2 * D**2 * tau) / mu**2
_level = 2 * D**2 + (delta * trace + 2 * L**2 * D**2 * tau * (1 + sp.log(1 + tau)) + 2 * L * D * sp.sqrt(delta * trace * tau * (1 + tau))) / mu**2

DELAYED = register(
    Formula(
        "SDDE-T4.2",
        _level * sp.log(t) / (t - 1),
        _ARGUMENTS,
        printed=_printed_level * sp.log(t) / (t - 1),
        lhs=r"\text{bound of }E\|X(t)-x^*\|^2",
        requires=_AFTER_ONE,
        names=NAMES,
        domains=_DOMAINS,
    )
)
r"""Right: start at t = 1 from a constant past, :math:`\|X-x^*\|\le D` throughout, and every part of the delay error counted."""

_serial = tuple(name for name in _ARGUMENTS if name != "tau")

SERIAL = register(
    Formula(
        "SDDE-C4.3",
        (delta + 1) * H * sp.log(t) / ((t - 1) * mu**2),
        _serial,
        lhs=r"\text{bound of }E\|X(t)-x^*\|^2",
        requires=_AFTER_ONE,
        names=NAMES,
        domains=_DOMAINS,
    )
)

start = sp.Symbol("v1", nonnegative=True)
NO_LOGARITHM = start / t**2 + delta * trace * (t - 1) / (mu**2 * t**2)
r"""Without delay: :math:`E\|X(t)-x^*\|^2` from its value v1 at t = 1; no bounded domain, no Lipschitz constant, no logarithm."""

distance, delayed_gradient = sp.symbols("y G", real=True)
r"""One coordinate of :math:`X(t)-x^*` and of :math:`\nabla F(X(t-\theta))`."""

LEVEL = sp.Symbol("C", positive=True)
r"""Half of the factor of ln t in the energy function, :math:`(\delta+1)(H+2L^2D^2\tau)/(2\mu^2)` in print."""


def energy(level=LEVEL) -> sp.Expr:
    r"""The energy :math:`\frac{t-1}2\|X-x^*\|^2-C\ln t`, in one coordinate."""
    return (t - 1) / 2 * distance**2 - level * sp.log(t)


def energy_rate(observable) -> sp.Expr:
    r"""Rate of the mean of `observable` by Itô's formula under :math:`dX=-\frac1{\mu t}\nabla F\,dt+\frac{\sqrt\delta}{\mu t}\sigma\,dB`."""
    drift = {distance: -delayed_gradient / (mu * t)}
    return sp.diff(observable, t) + generator(observable, drift, {(distance, distance): delta * trace / (mu * t) ** 2})


def printed_energy_rate(level=LEVEL) -> sp.Expr:
    """The printed first line of dE/dt, in one coordinate."""
    pull = delayed_gradient * distance
    return distance**2 / 2 - pull / mu + pull / (t * mu) + (t - 1) * delta * trace / (2 * mu**2 * t**2) - level / t


def drift_part(delay) -> sp.Expr:
    r"""Largest drift of X over a delay, in units of :math:`LD/\mu`: :math:`\int_{t-\theta}^t ds/s`, against the printed :math:`\theta/t`."""
    return sp.log(t / (t - delay))


def noise_part(delay) -> sp.Expr:
    r"""Variance of the noise of X over a delay, in units of :math:`\delta\mathrm{Tr}/\mu^2`: :math:`\int_{t-\theta}^tds/s^2`."""
    return 1 / (t - delay) - 1 / t
