"""Roots of the linear delay equation, its stability and stationary variance, beside ASGD (SDDE-T4.1, SDDE-stationary-variance)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.moments import delay
from stalegrad.problems import quadratic
from stalegrad.staleness import constant
from stalegrad.theory import formula

Array = np.ndarray
LAGS = {1: {"color": "#D55E00", "linestyle": "--"}, 3: {"color": "#009E73", "linestyle": "-."}, 10: {"color": "#CC79A7", "linestyle": ":"}}
MARKS = ("o", "s", "^", "v", "D")


def per_time(lengths: Array, lag: int) -> Array:
    r"""ASGD's counterpart of :math:`V/a`: :math:`\ln r/(a\eta)`, r the spectral radius, at :math:`a\eta l` = `lengths`."""
    steps = lengths / lag
    return np.array([np.log(radius(step, lag)) / step for step in steps])


def radius(step: float, lag: int) -> float:
    r"""Largest modulus of the roots of :math:`z^{l+1}-z^l+a\eta`, the characteristic polynomial of the mean of ASGD.

    Examples
    --------
    >>> round(radius(0.25, 1), 6)
    0.5
    """
    polynomial = np.zeros(lag + 2)
    polynomial[0], polynomial[1] = 1.0, -1.0
    polynomial[-1] += step
    return float(np.abs(np.roots(polynomial)).max())


def draw_roots(lengths: Array, roots: dict[float, Array], exponent: Array, algorithms: dict[int, Array]):
    """SDDE-T4.1: roots in the complex plane for a few delays; V, and ASGD's rate, against the delay."""
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.8))
        for (length, values), mark in zip(roots.items(), MARKS, strict=False):
            left.plot(values.real, values.imag, mark, ms=5, linestyle="none", label=rf"$a\tau={length:.3g}$")
        left.axvline(0.0, color="#000000", lw=0.8)
        left.set(xlabel=r"real part of $\beta\tau$", ylabel=r"imaginary part of $\beta\tau$", xlim=(-5.0, 2.4))
        left.legend(title="roots", loc="upper right")
        right.plot(lengths, exponent, **{**plot.line("exact"), "label": "equation, $V/a$"})
        for lag, values in algorithms.items():
            right.plot(lengths, values, **LAGS[lag], label=f"ASGD, $l={lag}$")
        right.axhline(0.0, color="#000000", lw=0.8)
        right.axvline(np.pi / 2, color="#999999", lw=1.0)
        right.text(np.pi / 2 + 0.02, -2.6, r"$\pi/2$", color="#666666")
        right.set(xlabel=r"delay $a\tau$ (ASGD: $a\eta l$)", ylabel="growth rate of the mean, in units of $a$", ylim=(-3.0, 0.7))
        right.legend()
    numbers = {f"roots {length:.3g}": np.stack([values.real, values.imag]) for length, values in roots.items()}
    return fig, {**numbers, "lengths": lengths, "V": exponent, **{f"asgd {lag}": values for lag, values in algorithms.items()}}


def roots_at(length: float, branches: int) -> Array:
    """Roots for a tau = `length`, in units of 1/tau, of the branches -`branches` .. `branches` - 1: all that come in pairs, or are real."""
    found = delay.characteristic_roots(length, 1.0, branches)
    paired = [np.abs(found - root.conjugate()).min() < 1e-9 for root in found]
    return found[paired]


def levels(lengths: Array, lag: int) -> Array:
    r"""Stationary variance of ASGD with delay `lag` at :math:`a\eta l` = `lengths`, in units of :math:`\eta\sigma^2/(2a)`; inf if there is none."""
    problem = quadratic([[1.0], [-1.0]], curvature=1.0)
    found = np.full(len(lengths), np.inf)
    for i, step in enumerate(lengths / lag):
        if radius(step, lag) < 1.0:
            found[i] = moments.stationary(asgd(problem, step, constant(lag))).second_moment.item() / (step / 2.0)
    return found


def draw_levels(lengths: Array, equation: Array, algorithms: dict[int, Array]):
    """SDDE-stationary-variance: the level of the noise against the delay."""
    with plot.style():
        fig, ax = plt.subplots()
        ax.plot(lengths, equation, **{**plot.line("exact"), "label": "equation"})
        for lag, values in algorithms.items():
            ax.plot(lengths, np.where(np.isfinite(values), values, np.nan), **LAGS[lag], label=f"ASGD, $l={lag}$")
        ax.axvline(np.pi / 2, color="#999999", lw=1.0)
        ax.set(
            xlabel=r"delay $a\tau$ (ASGD: $a\eta l$)", ylabel=r"stationary variance, units of $\eta\sigma^2/(2a)$", yscale="log", ylim=(0.9, 100.0)
        )
        ax.legend()
    return fig, {"lengths": lengths, "equation": equation, **{f"asgd {lag}": values for lag, values in algorithms.items()}}


def equation_levels(lengths: Array) -> Array:
    r"""The same for the equation: :math:`(1+\sin a\tau)/\cos a\tau`."""
    return formula("SDDE-stationary-variance").numeric(a=1.0, tau=lengths, sigma2=2.0)
