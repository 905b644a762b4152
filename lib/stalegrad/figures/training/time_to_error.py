"""Figures 4.14 and 4.15: virtual time to a test error, by method and number of workers. Claims EASGD-F4.14, EASGD-F4.15."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.training.comparison import LOOKS, label
from stalegrad.nets import compare
from stalegrad.nets.trace import Trace

Array = np.ndarray
FRACTIONS = (0.0, 0.25, 0.5, 0.75)
"""Where the levels lie between the smallest test error of SGD (0) and the smallest of all (1)."""
Found = dict[tuple[str, int], Sequence[Trace]]
"""Runs of a method with p workers, one a seed."""


class Times(NamedTuple):
    """Virtual times to the levels, with NaN where a run never gets there."""

    levels: Array
    """(L,) test errors, falling."""
    times: dict[tuple[str, int], Array]
    """(L, seeds) of each method and number of workers."""

    def bar(self, key: tuple[str, int], level: int) -> compare.Difference | None:
        """Mean time with its 95 % interval; None unless every run gets there."""
        values = self.times[key][level]
        return compare.interval(values) if np.isfinite(values).all() else None


def smallest(traces: Sequence[Trace], variable: str) -> float:
    """Mean over the seeds of the smallest test error."""
    return float(np.mean([compare.score(trace, variable=variable) for trace in traces]))


def levels(found: Found, variables: dict[str, str]) -> Array:
    """Test errors at `FRACTIONS` between SGD and the best of all."""
    means = {key: smallest(traces, variables[key[0]]) for key, traces in found.items()}
    start = means["SGD", 1]
    return start - np.array(FRACTIONS) * (start - min(means.values()))


def times(found: Found, variables: dict[str, str]) -> Times:
    """The time of every run to every level."""
    wanted = levels(found, variables)
    return Times(
        wanted,
        {
            (name, p): np.array([[compare.time_to(trace, "test_error", level, variables[name]) for trace in traces] for level in wanted])
            for (name, p), traces in found.items()
        },
    )


class Speedup(NamedTuple):
    """How many times sooner a method is at a level than the best of the others."""

    against: tuple[str, int]
    ratio: compare.Difference
    """Geometric mean over the seeds with its 95 % interval."""


def speedup(found: Times, method: tuple[str, int], level: int, others: Sequence[tuple[str, int]]) -> Speedup | None:
    """The thesis' relative speedup: time of the best of `others`, the one with the smallest mean time, by that of `method`.

    None where the method, or all others, have a run that never gets to the level.
    """
    there = [key for key in others if found.bar(key, level) is not None]
    if not there or found.bar(method, level) is None:
        return None
    best = min(there, key=lambda key: found.bar(key, level).mean)
    logs = compare.interval(np.log(found.times[best][level] / found.times[method][level]))
    return Speedup(best, compare.Difference(*np.exp(logs[:3]).tolist(), logs.p, logs.n))


def draw_times(found: Times, title: str):
    """EASGD-F4.14: a panel a level, a group of bars a number of workers; a cross where a method does not get there with every seed."""
    names = list(dict.fromkeys(name for name, _ in found.times))
    sizes = sorted({p for _, p in found.times})
    numbers: dict[str, Array] = {"levels": found.levels}
    with plot.style():
        fig, axes = plt.subplots(1, len(found.levels), figsize=(14.0, 4.6), sharey=True)
        for panel, (ax, level) in enumerate(zip(axes, found.levels, strict=True)):
            for (name, p), values in found.times.items():
                group = [other for other, q in found.times if q == p]
                place = sizes.index(p) + 0.8 / len(names) * (group.index(name) + 0.5 - len(group) / 2.0)
                bar, colour = found.bar((name, p), panel), LOOKS[name][0]
                numbers[f"{name}, p = {p}"] = values
                if bar is None:
                    ax.plot(place, 0.0, marker="x", color=colour, clip_on=False)
                else:
                    error = [[bar.mean - max(bar.low, 0.0)], [bar.high - bar.mean]]
                    hatch = "//" if LOOKS[name][1] != "-" else ""
                    ax.bar(place, bar.mean, 0.8 / len(names), yerr=error, color=colour, hatch=hatch, edgecolor="white", capsize=2)
            ax.set(
                title=f"test error {100 * level:.1f} %",
                xticks=range(len(sizes)),
                xticklabels=sizes,
                xlabel="workers $p$",
                xlim=(-0.5, len(sizes) - 0.5),
            )
        axes[0].set(ylabel="virtual seconds")
        handles = [
            plt.Rectangle((0, 0), 1, 1, facecolor=LOOKS[name][0], hatch="//" if LOOKS[name][1] != "-" else "", edgecolor="white") for name in names
        ]
        fig.suptitle(title)
        fig.legend(handles, map(label, names), loc="outside lower center", ncols=6)
    return fig, numbers
