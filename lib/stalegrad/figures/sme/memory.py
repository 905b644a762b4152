"""Figures of sections 2.2 and A: the covariance of delayed gradients, sums of exponentials (SME-2.12, SME-5.1, SME-embedding)."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import scipy.linalg

from stalegrad import moments, plot
from stalegrad.figures.sme.axes import staleness_axis
from stalegrad.moments.quadratic import second_moment_map

Array = np.ndarray
CLOSURES = {
    "printed": {**plot.line("sme-asgd"), "label": r"(2.12) as printed, factor $1/\mu$"},
    "continuous": {**plot.line("sme-sgd"), "label": "continuous time, factor 1"},
    "forward": {**plot.line("msgd"), "label": r"forward difference, factor $\mu$"},
    "exact": {**plot.line("exact"), "label": "ASGD, exact"},
}


@dataclass(frozen=True)
class Reads:
    """What ASGD reads along one path in one dimension: at every step, an average over the geometric staleness.

    Attributes
    ----------
    y : ndarray (n_steps + 1,)
        Scaled expected gradient (SME-2.8).
    Sigma : ndarray (n_steps + 1,)
        Covariance of the delayed sampled gradient, from its definition.
    sampling, delay : ndarray (n_steps + 1,)
        Its two parts: mean over reads of the sampling variance; variance over reads of the mean gradient.
    force, second : ndarray (n_steps + 1,)
        Mean gradient and mean squared component gradient at the iterate itself.
    """

    y: Array
    Sigma: Array
    sampling: Array
    delay: Array
    force: Array
    second: Array


def reads(problem, path: Array, law, alpha: float) -> Reads:
    """Averages over the staleness `law` at every step of a path (n_steps + 1,), by summing over all lags; the past is frozen."""
    force, second = problem.mean_gradient(path[None, :])[0], problem.second_moment(path[None, :])[0, 0]
    lags = np.arange(len(path))

    def average(values):
        head = np.convolve(values, law.pmf(lags))[: len(values)]
        return head + law.tail(lags + 1) * values[0]

    mean, squares = average(force), average(second)
    sampling, delay = average(second - force**2), average(force**2) - mean**2
    return Reads(-alpha * mean, squares - mean**2, sampling, delay, force, second)


def draw_reads(path: Array, found: Reads, recursion: Array, every: int = 10):
    """SME-5.1-path: a path; Sigma_k along it from the definition and by (5.1), with the part that is there without delay.

    Returns
    -------
    fig, numbers
        The figure, and what it shows by name, for `plot.save`.
    """
    steps = np.arange(len(path))
    now = found.second - found.force**2
    with plot.style():
        fig, (top, bottom) = plt.subplots(2, 1, figsize=(8.0, 5.6), sharex=True, height_ratios=(1, 2))
        top.plot(steps, path, **{**plot.line("asgd"), "label": None})
        top.set(ylabel=r"iterate $x_k$")
        bottom.plot(steps, found.Sigma, **{**plot.line("exact"), "label": r"$\Sigma_k$ from its definition"})
        bottom.plot(steps[::every], recursion[::every], "o", color="#D55E00", markersize=3.5, label="by the recursion (5.1)")
        bottom.plot(steps, now, **{**plot.line("sme-sgd"), "label": r"sampling variance at $x_k$ itself"})
        bottom.plot(steps, found.delay, **{**plot.line("sme-msgd"), "label": r"part of $\Sigma_k$ that is due to the reads"})
        bottom.set(xlabel="step k", ylabel="variance of the gradient", ylim=(0, None))
        bottom.legend()
    return fig, {"x": path, "Sigma": found.Sigma, "recursion": recursion, "now": now, "delay": found.delay}


def stationary_excess(h: float, mus: Array) -> dict[str, Array]:
    """Relative excess Sigma / s2 - 1 of the stationary covariance at step size h = a eta; NaN where a closure has none."""
    factors = {"printed": 1.0 / mus, "continuous": np.ones(len(mus)), "forward": mus}
    found = {name: np.array([_excess(h, mu, factor) for mu, factor in zip(mus, each, strict=True)]) for name, each in factors.items()}
    return {**found, "exact": np.array([exact_excess(h, mu) for mu in mus])}


def _excess(h: float, mu: float, factor: float) -> float:
    # Below this bound the moment system has no stationary point that is stable; it would warn and say inf.
    if factor * h**2 >= 2.0 * (1.0 - mu):
        return np.nan
    return moments.self_consistent(eta=h, mu=mu, a=1.0, s2=1.0, lag_factor=factor)["Sigma"] - 1.0


def exact_excess(h: float, mu: float) -> float:
    """The same for ASGD itself: stationary variance over reads of the mean gradient, E Q - E z^2, at unit sampling variance."""
    fresh = 1.0 - mu
    noise = h**2 * np.array([1.0, fresh, fresh**2, fresh])
    _, _, z2, Q = np.linalg.solve(np.eye(4) - second_moment_map(1.0, h, mu), noise)
    return Q - z2


def draw_closures(mus: Array, found: dict[str, Array]):
    """SME-2.12-closures: that excess against mu."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.0, 4.6))
        for name, look in CLOSURES.items():
            ax.plot(mus, found[name], **look)
        ax.set(yscale="log", ylabel=r"stationary $\Sigma/s^2-1$")
        staleness_axis(ax, mus)
        ax.legend()
    return fig, {"mu": mus, **found}


def draw_embedding(laws: dict, distances: dict[str, Array], longest: int = 150):
    """SME-embedding-mean: tails of the laws "two" and "one"; distance of the limits' means from that of ASGD under "two"."""
    looks = {
        "two": {**plot.line("sme-asgd"), "label": "two exponentials"},
        "one": {**plot.line("sme-msgd"), "label": "one, of the same mean staleness"},
    }
    lags, numbers = np.arange(longest + 1), {}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.0))
        for name, look in looks.items():
            tail = laws[name].tail(lags)
            left.plot(lags, tail, **look)
            right.plot(distances[name], **look)
            numbers |= {f"tail, {name}": tail, f"distance, {name}": distances[name]}
        left.set(xlabel="lag l, in steps", ylabel=r"$P(\tau\geq l)$", yscale="log")
        right.set(xlabel="step k", ylabel="distance of the limit's mean from ASGD's", yscale="log", ylim=(1e-6, 0.1))
        left.legend()
    return fig, numbers


def distance_bounds(law, largest: int) -> Array:
    """For n = 0 .. largest: no sum of n exponentials is closer to the law's pmf in l1 than this (Hankel singular values)."""
    kernel = law.pmf(np.arange(law.max + 1))
    found = np.linalg.svd(scipy.linalg.hankel(kernel), compute_uv=False)[: largest + 1]
    return np.pad(found, (0, largest + 1 - len(found)))


def draw_bounds(bounds: dict[str, Array]):
    """SME-embedding-hankel: those bounds against n; exact fits lie below the axis."""
    markers = dict(zip(bounds, "os^Dv", strict=False))
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.0, 4.2))
        for name, bound in bounds.items():
            shown = np.where(bound > 1e-12, bound, np.nan)
            ax.plot(np.arange(len(bound)), shown, marker=markers[name], markersize=4, label=name)
        ax.set(xlabel="number n of exponentials", ylabel=r"least $\ell^1$ distance, lower bound", yscale="log", ylim=(1e-6, 2))
        plot.legend_outside(ax)
    return fig, {name: np.where(bound > 1e-12, bound, 0.0) for name, bound in bounds.items()}
