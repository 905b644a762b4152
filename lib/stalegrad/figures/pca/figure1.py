r"""Figure 1 of Liu et al.: the error of streaming PCA against the delay, for five momenta (claims PCA-F1, PCA-fig1-mu0.7 to mu0.95).

Section 4.1 gives dimension, covariance, step size, start, momenta and 100 runs, and the delays that seem optimal: up to there the error is
similar to that without delay. It leaves out the error measure, the number of steps, the laws of data and delay, and how similar is similar.
Here each of these is a choice with a name, fixed before any outcome was seen; `MAIN`, `MEASURES[0]` and `RULES["twice"]` are the plainest.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot, staleness
from stalegrad.algorithms.pca import streaming_pca
from stalegrad.engine.checks import whole
from stalegrad.engine.simulate import DivergenceWarning, simulate, thread_count
from stalegrad.problems.streaming import streaming_data
from stalegrad.theory.pca.diffusion import delayed_variance
from stalegrad.theory.pca.stability import critical_delay

Array = np.ndarray
EIGENVALUES, ETA, START = (4.0, 3.0, 2.0, 1.0), 0.0005, (0.0, 1.0, 0.0, 0.0)
PRINTED = {0.7: 120, 0.8: 80, 0.85: 60, 0.9: 30, 0.95: 10}
"""Momentum -> the delay that the paper calls optimal."""
DELAYS = tuple(range(0, 150, 10))
"""All printed delays are multiples of ten, up to 120."""
MEASURES = ("error", "distance2")
"""The squared sine of the angle to the optimum, and the squared distance to the nearer of the two optima."""

DELAY_LAWS: dict[str, Callable[[int], staleness.Staleness]] = {
    "constant": staleness.constant,
    "uniform, tau the longest": lambda tau: staleness.uniform(0, tau),
    "uniform, tau the mean": lambda tau: staleness.uniform(0, 2 * tau),
}


@dataclass(frozen=True)
class Choice:
    """What the paper leaves out, but for measure and rule."""

    law: str = "gaussian"
    delay: str = "constant"
    n_steps: int = 20_000


MAIN = Choice()
OTHERS = {
    "uniform data": Choice(law="uniform"),
    "data of signs": Choice(law="signs"),
    **{f"delay {law}": Choice(delay=law) for law in list(DELAY_LAWS)[1:]},
    "10,000 steps": Choice(n_steps=10_000),
    "5,000 steps": Choice(n_steps=5_000),
}


def final_errors(momentum: float, tau: int, n_runs: int, seed: int = 0, choice: Choice = MAIN) -> Array:
    """Both `MEASURES` of every run after the last step (2, n_runs), not finite where the run diverged.

    Run i uses the same data for every momentum and delay, so that differences between settings are not those of their data.
    """
    return settings([(momentum, tau)], n_runs, seed, choice)[0]


def settings(pairs, n_runs: int, seed: int = 0, choice: Choice = MAIN) -> list[Array]:
    """`final_errors` of each (momentum, tau), several at a time."""
    data, run = streaming_data(EIGENVALUES, choice.law), partial(simulate, keep="final", threads=1)
    law = DELAY_LAWS[choice.delay]
    processes = [streaming_pca(data, ETA, momentum, law(tau), MEASURES) for momentum, tau in pairs]
    with warnings.catch_warnings(), ThreadPoolExecutor(thread_count(None)) as pool:
        warnings.simplefilter("ignore", DivergenceWarning)  # runs that diverge are counted in `summary`
        found = pool.map(lambda process: run(process, START, n_runs, choice.n_steps, seed), processes)
        return [ensemble.final.T for ensemble in found]


class Summary(NamedTuple):
    """Errors over runs; the arrays have one entry for each setting."""

    error: Array
    """Mean over the runs that did not diverge; NaN if all did."""
    standard_error: Array
    diverged: Array
    """Runs that diverged."""


def summary(finals: Array) -> Summary:
    """Of final errors (..., n_runs)."""
    kept = np.isfinite(finals)
    count = kept.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = np.where(kept, finals, 0.0).sum(axis=-1) / count
        squares = np.where(kept, finals - mean[..., None], 0.0) ** 2
        spread = np.sqrt(squares.sum(axis=-1) / (count - 1) / count)
    return Summary(mean, spread, finals.shape[-1] - count)


def error(momentum: float, tau: int, n_runs: int = 100, seed: int = 0) -> dict[str, float | int]:
    r"""A point of Figure 1: d = 4, eigenvalues 4, 3, 2, 1, eta = 0.0005, from the saddle e_2, 20,000 steps, Gaussian data, constant delay.

    Parameters
    ----------
    momentum : float
        In [0, 1).
    tau : int
        The delay of every step, at least 0.
    n_runs : int
        Independent runs, at least 2.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    dict
        "error", the mean of :math:`1-(v^{(1)})^2/|v|^2` after the last step over the runs that did not diverge (NaN if all did), its
        "standard_error", and how many runs "diverged".

    Raises
    ------
    ValueError
        For a momentum outside [0, 1), a delay that is no whole number of at least 0, or fewer than two runs.

    Examples
    --------
    >>> point = error(0.9, 10)
    >>> 0.03 < point["error"] < 0.08, point["diverged"]
    (True, 0)
    """
    n_runs = whole(n_runs, "n_runs", 2)
    found = summary(final_errors(momentum, whole(tau, "tau", 0), n_runs, seed)[0])
    return {"error": float(found.error), "standard_error": float(found.standard_error), "diverged": int(found.diverged)}


def curves(n_runs: int, seed: int = 0, choice: Choice = MAIN, momenta=tuple(PRINTED), delays=DELAYS) -> Array:
    """Final errors of all settings (2, momenta, delays, n_runs)."""
    finals = settings([(momentum, tau) for momentum in momenta for tau in delays], n_runs, seed, choice)
    return np.moveaxis(np.reshape(finals, (len(momenta), len(delays), 2, n_runs)), 2, 0)


def _at_most(factor: float) -> Callable[[Summary], Array]:
    return lambda found: (found.error <= factor * found.error[..., :1]) & (found.diverged == 0)


def _within_bands(found: Summary) -> Array:
    both = 2.0 * np.hypot(found.standard_error, found.standard_error[..., :1])
    return (found.error - found.error[..., :1] <= both) & (found.diverged == 0)


RULES: dict[str, Callable[[Summary], Array]] = {
    "twice": _at_most(2.0),
    "half more": _at_most(1.5),
    "a tenth more": _at_most(1.1),
    "bands overlap": _within_bands,
}
"""When an error is similar to that without delay, no run having diverged: at most so many times as large, or not significantly larger."""


def thresholds(finals: Array, rule: str, delays=DELAYS) -> Array:
    """The longest delay up to which the rule holds, from final errors (..., delays, n_runs); the delays begin with 0."""
    holds = np.logical_and.accumulate(RULES[rule](summary(finals)), axis=-1)
    return np.asarray(delays)[holds.sum(axis=-1) - 1]


def doubling(n_runs: int, seed: int, choice: Choice) -> Array:
    """The longest delay up to which the error at most doubles, for both `MEASURES` (2, momenta).

    A momentum is left when its error has more than doubled by both; so this is quicker than all `curves`.
    """
    finals, left = {momentum: [] for momentum in PRINTED}, list(PRINTED)
    for i, tau in enumerate(DELAYS):
        for momentum, found in zip(left, settings([(momentum, tau) for momentum in left], n_runs, seed, choice), strict=True):
            finals[momentum].append(found)
        reached = {momentum: thresholds(np.stack(finals[momentum], axis=1), "twice", DELAYS[: i + 1]) for momentum in left}
        left = [momentum for momentum in left if (reached[momentum] == tau).any()]
    longest = [thresholds(np.stack(found, axis=1), "twice", DELAYS[: len(found)]) for found in finals.values()]
    return np.array(longest).T


def in_groups(finals: Array, size: int = 100) -> Array:
    """Final errors (..., n_runs) as so many experiments of the paper's size (n_runs // size, ..., size)."""
    n = finals.shape[-1] // size
    return np.moveaxis(finals[..., : n * size].reshape(*finals.shape[:-1], n, size), -2, 0)


def predicted(momentum: float, delays) -> Array:
    """Stationary error of the linearised algorithm: the variances of the three tangent modes, added; one for each delay."""
    gaps = EIGENVALUES[0] - np.array(EIGENVALUES[1:])
    alpha2 = streaming_data(EIGENVALUES).alpha2[0, 1:]
    return np.array([sum(delayed_variance(ETA, momentum, gap, a2, tau) for gap, a2 in zip(gaps, alpha2, strict=True)) for tau in delays])


def critical() -> Array:
    """The delay beyond which the linearised mean is unstable, for each momentum."""
    return np.array([critical_delay(ETA, momentum, EIGENVALUES)["tau"] for momentum in PRINTED])


COLOURS, MARKERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"), "osD^x"


def draw(panels: dict[str, Summary]):
    """PCA-F1: mean error against delay, a panel for each number of runs, with bands of two standard errors.

    Dotted lines are the linearised algorithm, triangles the printed delays. Nothing is drawn where runs diverged.

    Parameters
    ----------
    panels : dict of title -> Summary with arrays (momenta, delays)

    Returns
    -------
    fig, numbers
        The figure, and what it shows by name, for `plot.save`. Where the error has more than doubled the numbers say so (infinity) and no
        more: beyond the stable delays a run depends on the last bit of its start, so that processors differ.
    """
    edges = critical()
    numbers = {"delay": DELAYS, "printed": list(PRINTED.values()), "critical": edges}
    with plot.style():
        fig, axes = plt.subplots(1, len(panels), figsize=(10.0, 4.8), sharey=True)
        for ax, (title, found) in zip(axes, panels.items(), strict=True):
            for row, (momentum, colour, marker) in enumerate(zip(PRINTED, COLOURS, MARKERS, strict=True)):
                shown = np.where(found.diverged[row] == 0, found.error[row], np.nan)
                half = 2.0 * found.standard_error[row]
                ax.plot(DELAYS, shown, color=colour, linestyle="-", marker=marker, markersize=4, label=rf"$\mu={momentum}$")
                ax.fill_between(DELAYS, shown - half, shown + half, color=colour, alpha=0.2, linewidth=0)
                smooth = np.linspace(0, int(edges[row]), 12).astype(int)
                ax.plot(smooth, predicted(momentum, smooth), color=colour, linestyle=":", linewidth=1.0)
                ax.plot(PRINTED[momentum], np.interp(PRINTED[momentum], DELAYS, shown), "v", color=colour, markersize=9, markerfacecolor="none")
                stable = RULES["twice"](Summary(found.error[row], half, found.diverged[row]))
                numbers |= {
                    f"{what}, {momentum}, {title}": np.where(stable, values, np.inf) for what, values in (("error", shown), ("half band", half))
                }
            ax.set(title=title, xlabel=r"delay $\tau$ (steps)", yscale="log", ylim=(0.01, 1.0))
        axes[0].set_ylabel(r"mean of $1-(v^{(1)})^2/|v|^2$")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return fig, numbers
