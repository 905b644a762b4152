r"""Momentum against workers: means over seeds, which momenta are best, the delays of a run, and the largest stable step (PCA-F2).

Near a minimum a mode with curvature r follows :math:`u_{k+1}=(1+\mu)u_k-\mu u_{k-1}-\eta r\,u_{k-\tau_k}`. With the law of the delays that
a timetable has, the largest stable :math:`\eta r` is computed, and with it the largest effective step :math:`\eta r/(1-\mu)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq

from stalegrad import plot
from stalegrad.nets import compare
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import timetable
from stalegrad.nets.trace import Trace
from stalegrad.theory.pca.stability import radius

Array = np.ndarray
GUESSING = 0.9
"""Test error of a run that diverged."""
SCALED = "scaled: Fashion-MNIST, MLP"


class Best(NamedTuple):
    """The momentum with the smallest mean error, and all that are not shown to be worse."""

    momentum: float
    set: tuple[float, ...]
    worst: float


def error(trace: Trace) -> float:
    """Test error at the end of a run."""
    return compare.score(trace, "test_error", "last", diverged=GUESSING)


def best(runs: Mapping[float, Sequence[Trace]]) -> Best:
    """Best and worst of some momenta by mean test error; in the set are those whose paired difference to the best may be 0 (level 0.95).

    Parameters
    ----------
    runs : mapping
        Momentum -> runs, one a seed, the same seeds everywhere.

    Raises
    ------
    ValueError
        For other seeds than in the best one.
    """
    means = {mu: float(np.mean([error(trace) for trace in traces])) for mu, traces in runs.items()}
    first = min(means, key=means.get)
    near = [mu for mu in runs if mu == first or compare.paired(runs[mu], runs[first], by="last", diverged=GUESSING).low <= 0.0]
    return Best(first, tuple(sorted(near)), max(means, key=means.get))


def delays(spec: Spec) -> Array:
    """Probabilities of 0, 1, 2, ... updates by others between the read and the write of an update, in the timetable of a run.

    >>> delays(Spec("heavy_ball", eta=0.1, n_workers=1, n_steps=50)).tolist()
    [1.0]
    """
    events = timetable(spec.clock, spec.seed, spec.n_workers, float(spec.n_steps), spec.exchange_period)
    worker = events.worker[events.exchange]
    gaps = np.concatenate([np.diff(np.flatnonzero(worker == i)) - 1 for i in range(spec.n_workers)])
    return np.bincount(gaps) / len(gaps)


def largest_step(momentum: float, probabilities: Array) -> float:
    """Largest eta r for which the mean of a mode is stable under independent delays of that law.

    >>> round(largest_step(0.5, [1.0]), 6)
    3.0
    """
    return float(brentq(lambda step: radius(step, momentum, probabilities) - 1.0, 1e-6, 4.1, xtol=1e-9))


def effective_edges(momenta: Sequence[float], probabilities: Array) -> Array:
    """Largest stable eta r / (1 - momentum) for each momentum."""
    return np.array([largest_step(mu, probabilities) / (1.0 - mu) for mu in momenta])


def draw_workers(runs: Mapping[tuple[int, float], Sequence[Trace]]):
    """Figure 2: test accuracy against momentum, a curve for each number of workers, with 95 % intervals."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.5, 4.2))
        numbers = {}
        for k, p in enumerate(sorted({p for p, _ in runs})):
            numbers |= _curve(ax, {mu: traces for (workers, mu), traces in runs.items() if workers == p}, f"p = {p}", 0.006 * k)
        ax.set(xlabel=r"momentum $\mu$", ylabel="test accuracy", title=f"one step for all ({SCALED})")
        ax.legend()
    return fig, numbers


def draw_effective(runs: Mapping[tuple[int, float, float], Sequence[Trace]], unlike: Mapping[float, Sequence[Trace]]):
    """Test accuracy at fixed effective step, for one and for eight workers, and with unlike workers at one step."""
    workers = sorted({p for p, _, _ in runs})
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(13.0, 4.2), sharey=True)
        numbers = {}
        for ax, p in zip(axes, workers, strict=False):
            for k, effective in enumerate(sorted({effective for workers, effective, _ in runs if workers == p})):
                curve = {mu: traces for (at, step, mu), traces in runs.items() if at == p and step == effective}
                numbers |= {f"p={p} {name}": value for name, value in _curve(ax, curve, f"{effective:.3g}", 0.006 * k).items()}
            ax.set(xlabel=r"momentum $\mu$", title=f"p = {p}, $\\eta/(1-\\mu)$ fixed")
            ax.legend(title=r"$\eta/(1-\mu)$")
        numbers |= {f"unlike, {name}": value for name, value in _curve(axes[2], unlike, "4 fast, 4 slow", 0.0).items()}
        axes[0].set(ylabel="test accuracy")
        axes[2].set(xlabel=r"momentum $\mu$", title="p = 8, unlike workers, one step")
        fig.suptitle(SCALED)
    return fig, numbers


def draw_edges(laws: Mapping[str, Array], eta: float, curvatures: Sequence[float], momenta: Sequence[float]):
    """Largest stable step and largest stable effective step against momentum, for laws of the delay; beside them what was trained."""
    grid = np.linspace(0.0, 0.95, 39)
    low, high = eta * min(curvatures), eta * max(curvatures)
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(12.0, 4.2))
        numbers = {"momentum": grid}
        for label, law in laws.items():
            edges = effective_edges(grid, law)
            axes[0].plot(grid, edges * (1.0 - grid), label=label)
            axes[1].plot(grid, edges, label=label)
            numbers |= {label: edges}
        axes[0].axhspan(low, high, color="grey", alpha=0.2, label=r"$\eta r$ of the runs (scaled)")
        axes[1].fill_between(momenta, low / (1.0 - np.array(momenta)), high / (1.0 - np.array(momenta)), color="grey", alpha=0.2)
        axes[0].set(xlabel=r"momentum $\mu$", ylabel=r"largest stable $\eta r$", yscale="log", title="step")
        axes[1].set(xlabel=r"momentum $\mu$", ylabel=r"largest stable $\eta r/(1-\mu)$", yscale="log", title="effective step")
        axes[0].legend()
    return fig, numbers | {"trained": np.array([low, high])}


def _curve(ax, runs: Mapping[float, Sequence[Trace]], label: str, shift: float) -> dict[str, Array]:
    """Mean accuracy and its t-interval against momentum; `shift` keeps bars apart."""
    momenta = np.array(list(runs))
    found = [compare.interval([1.0 - error(trace) for trace in traces]) for traces in runs.values()]
    mean, half = np.array([value.mean for value in found]), np.array([value.high - value.mean for value in found])
    ax.errorbar(momenta + shift, mean, yerr=half, marker="o", markersize=3, capsize=3, label=label)
    return {f"{label}, mean": mean, f"{label}, half width": half}
