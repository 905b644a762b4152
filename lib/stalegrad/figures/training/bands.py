"""Curves over virtual time, with bands over the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.layout import legend_below
from stalegrad.nets.compare import Difference, band, interval
from stalegrad.nets.trace import Trace

Array = np.ndarray
MEASURES = {"train_loss": "training loss", "test_loss": "test loss", "test_error": "test error"}
"""What the thesis draws, and its names."""


class Case(NamedTuple):
    """Runs that are one curve."""

    traces: Sequence[Trace]
    """One run a seed."""
    look: dict
    """Colour and line style."""
    variable: str | None = None
    """One of those that were observed; by default the main one."""


def draw_bands(ax, cases: Mapping[str, Case], measure: str, limits: tuple[float, float]) -> dict[str, Array]:
    """Mean over the seeds and its 95 % interval at each look; the numbers that are drawn, (3, T) for each curve.

    `limits` are what is shown of the vertical axis; the lower one gives way where a mean comes lower, as in longer runs.
    """
    numbers = {}
    for label, case in cases.items():
        found = band(case.traces, measure, case.variable)
        ax.plot(found.time, found.mean, label=label, **case.look)
        ax.fill_between(found.time, found.low, found.high, color=case.look["color"], alpha=0.15, linewidth=0)
        numbers[f"{measure}, {label}"] = np.array([found.mean, found.low, found.high])
    low, high = limits
    lowest = min(float(np.nanmin(values[0])) for values in numbers.values())
    floor = low if lowest > low else lowest - 0.03 * (high - lowest)
    ax.set(xlabel="virtual time [local steps]", ylabel=MEASURES[measure], ylim=(floor, high))
    return numbers


def draw_measures(cases: Mapping[str, Case], zoomed: dict[str, tuple[float, float]], title: str):
    """A panel for each measure, all cases in each; `zoomed` says what is shown of the vertical axis."""
    time = next(iter(cases.values())).traces[0].time
    numbers: dict[str, Array] = {"time": time}
    with plot.style():
        fig, axes = plt.subplots(1, len(zoomed), figsize=(4.2 * len(zoomed), 4.3))
        for ax, (measure, limits) in zip(axes, zoomed.items(), strict=True):
            numbers |= draw_bands(ax, cases, measure, limits)
        legend_below(fig, axes[0], title)
    return fig, numbers


def at(trace: Trace, measure: str, time: float, variable: str | None = None) -> float:
    """The value of a curve at one of the times of looking.

    Raises
    ------
    ValueError
        If nobody looked then.
    """
    if time not in trace.time:
        raise ValueError(f"time={time} is none at which the run was looked at: give one of {trace.time.tolist()}")
    return float(trace[measure if variable is None else (measure, variable)][trace.time == time][0])


def difference_at(first: Case, second: Case, measure: str, time: float) -> Difference:
    """Paired difference, first minus second, over the seeds at one time; both cases have their seeds in the same order."""
    pairs = zip(first.traces, second.traces, strict=True)
    return interval([at(a, measure, time, first.variable) - at(b, measure, time, second.variable) for a, b in pairs])


def verdict(difference: Difference, smaller: str, larger: str) -> str:
    """In words, what the interval of a difference says about its sign."""
    if difference.high < 0.0:
        return smaller
    return larger if difference.low > 0.0 else "no difference that the interval shows"
