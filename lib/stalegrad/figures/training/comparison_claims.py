"""Three sentences of Section 4.2, put to the runs: DOWNPOUR at large periods, EAMSGD against the rest, and more workers.

Claims EASGD-downpour-tau, EASGD-eamsgd-best, EASGD-more-workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.training.comparison import LOOKS, label
from stalegrad.figures.training.trees import share_of
from stalegrad.nets import compare
from stalegrad.nets.compare import Difference
from stalegrad.nets.experiments.comparison import CURVES, PERIODS, Runs, Setting
from stalegrad.nets.trace import Trace

Array = np.ndarray
RISE = 0.05
"""A run is called unstable that diverges or ends with a test error this much above its smallest."""
GUESSING = 0.9
"""Test error of guessing one of ten classes, which stands for that of a run that has diverged."""


TICKS = (-50, -10, -3, -1, 0, 1)


class Stability(NamedTuple):
    """What became of all runs of a setting, over rates and seeds."""

    runs: int
    unstable: int
    never: int
    """Runs that never come down to SGD's level."""


def is_unstable(trace: Trace, variable: str | None = None) -> bool:
    """Whether a run diverges, or ends `RISE` above its smallest test error."""
    last = compare.score(trace, "test_error", "last", variable)
    return bool(trace.diverged < np.inf or last > compare.score(trace, "test_error", "best", variable) + RISE)


def stability(runs: Runs, at: Setting, level: float) -> Stability:
    """Counts over the grid; `level` is the test error that a run should reach."""
    variable = CURVES[at.curve][1]
    grid = [trace for trace in runs.of(at) if trace.spec.seed in runs.grid_seeds]
    never = sum(compare.score(trace, variable=variable) > level for trace in grid)
    return Stability(len(grid), sum(is_unstable(trace, variable) for trace in grid), never)


def lead(runs: Runs, first: Setting, second: Setting, by: str = "best", level: float = 0.95) -> Difference:
    """Test error of the first less that of the second, at their chosen rates, paired over seeds; below 0 the first is better.

    By "area", the mean test error over the run: it is smaller for what converges faster.
    """
    variables = CURVES[first.curve][1], CURVES[second.curve][1]
    if by == "area":
        curves = (np.array([trace["test_error", name] for trace in runs.chosen(at)]) for at, name in zip((first, second), variables, strict=True))
        return compare.interval(np.subtract(*(np.where(np.isnan(curve), GUESSING, curve).mean(axis=1) for curve in curves)), level)
    return compare.paired(runs.chosen(first), runs.chosen(second), "test_error", by, variables, GUESSING, level)


def best_until(trace: Trace, steps: float, variable: str | None = None) -> float:
    """The smallest test error seen while all workers together had made at most so many local steps."""
    curve = trace["test_error"] if variable is None else trace["test_error", variable]
    return float(np.nanmin(curve[trace.steps <= steps]))


class Workers(NamedTuple):
    """Smallest test errors of a method against the number of workers, (p, seeds) each."""

    n_workers: tuple[int, ...]
    seconds: Array
    """In the same virtual time."""
    gradients: Array
    """With as many gradients in total as the smallest number of workers makes."""


def more_workers(runs: Runs, curve: str, period: int, n_workers: Sequence[int] = (4, 8, 16)) -> Workers:
    """The smallest test error at the chosen rate of each p, seed by seed."""
    chosen = [runs.chosen(Setting(curve, p, period)) for p in n_workers]
    total = [trace.steps[-1] for trace in chosen[0]]
    seconds = np.array([[compare.score(trace) for trace in traces] for traces in chosen])
    return Workers(tuple(n_workers), seconds, np.array([[best_until(*pair) for pair in zip(traces, total, strict=True)] for traces in chosen]))


def draw_periods(runs: Runs, curves: Sequence[str], level: float, title: str):
    """EASGD-downpour-tau: smallest and last test error at the chosen rate, and the share of unstable runs, against the period.

    Intervals have 95 %: t over the seeds; Wilson's for the shares, as if the runs of a grid were independent and alike.
    """
    numbers: dict[str, Array] = {"period": np.array(PERIODS), "SGD": np.array(level)}
    beside = np.outer(1.12 ** (np.arange(len(curves)) - len(curves) // 2), PERIODS)  # shares coincide: their bars stand next to each other
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(13.0, 4.6))
        for row, curve in enumerate(curves):
            at = [Setting(curve, 4, period) for period in PERIODS]
            colour, line = LOOKS[curve]
            for ax, by in zip(axes, ("best", "last"), strict=False):
                found = [compare.interval([min(value, GUESSING) for value in runs.scores(setting, by=by)]) for setting in at]
                values = np.array([[one.mean, one.low, one.high] for one in found]).T
                ax.errorbar(
                    PERIODS, values[0], np.abs(values[1:] - values[0]), color=colour, linestyle=line, marker="o", capsize=3, label=label(curve)
                )
                numbers[f"{curve}, {by}"] = values
            counts = [stability(runs, setting, level) for setting in at]
            shares = np.array([(one.unstable / one.runs, *share_of(one.unstable, one.runs)[2:]) for one in counts]).T
            axes[2].errorbar(beside[row], shares[0], np.abs(shares[1:] - shares[0]), color=colour, linestyle=line, marker="o", capsize=3)
            numbers[f"{curve}, unstable"] = shares
        for ax, words in zip(axes, ("smallest test error", "last test error", "share of unstable runs, all rates"), strict=True):
            ax.set(xscale="log", xticks=PERIODS, xticklabels=PERIODS, xlabel=r"communication period $\tau$", ylabel=words)
            ax.minorticks_off()
        for ax in axes[:2]:
            ax.axhline(level, color="grey", linewidth=1.0, label="SGD, one worker")
        fig.suptitle(title)
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return fig, numbers


def draw_leads(leads: dict[int, dict[str, Difference]], title: str):
    """EASGD-eamsgd-best: paired differences of test error, EAMSGD less another method, a panel a period."""
    numbers = {f"period {period}": np.array([one[:3] for one in found.values()]) for period, found in leads.items()}
    with plot.style():
        fig, axes = plt.subplots(1, len(leads), figsize=(13.0, 4.0), sharey=True, sharex=True)
        for ax, (period, found) in zip(np.atleast_1d(axes), leads.items(), strict=True):
            values = 100.0 * numbers[f"period {period}"]
            for row, (curve, (mean, low, high)) in enumerate(zip(found, values, strict=True)):
                ax.errorbar(mean, row, xerr=[[mean - low], [high - mean]], color=LOOKS[curve][0], marker="o", capsize=3, linestyle="")
            ax.axvline(0.0, color="grey", linewidth=1.0)
            ax.set(
                title=rf"$\tau={period}$",
                xlabel="EAMSGD minus it [points]",
                xscale="symlog",
                yticks=range(len(found)),
                yticklabels=map(label, found),
            )
            ax.set_xticks(TICKS, [f"{tick}" for tick in TICKS])
            ax.minorticks_off()
        fig.suptitle(title)
    return fig, numbers


def draw_workers(found: dict[str, Workers], title: str):
    """EASGD-more-workers: smallest test error against p, in equal virtual time and with equally many gradients."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.4), sharey=True)
        for ax, kind, words in zip(axes, ("seconds", "gradients"), ("equal virtual time", "equally many gradients in total"), strict=True):
            for curve, workers in found.items():
                values = np.array([compare.interval(row)[:3] for row in getattr(workers, kind)]).T
                colour, line = LOOKS[curve]
                ax.errorbar(
                    workers.n_workers,
                    values[0],
                    np.abs(values[1:] - values[0]),
                    color=colour,
                    linestyle=line,
                    marker="o",
                    capsize=3,
                    label=label(curve),
                )
                numbers[f"{curve}, {kind}"] = values
            ax.set(title=words, xlabel="workers $p$", ylabel="smallest test error", xticks=workers.n_workers)
        axes[0].legend()
        fig.suptitle(title)
    return fig, {"workers": np.array(workers.n_workers), **numbers}
