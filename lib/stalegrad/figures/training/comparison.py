"""Figures 4.1 to 4.7: the methods of Section 4.2 beside each other, in virtual time. Claims EASGD-F4.1 to EASGD-F4.7, EASGD-TAB4.1, EASGD-TAB4.2."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.nets import compare
from stalegrad.nets.experiments.comparison import CURVES, Runs, Setting
from stalegrad.nets.trace import Trace

Array = np.ndarray
PANELS = {"train_loss": "training loss", "test_loss": "test loss", "test_error": "test error"}
LIMITS = {"train_loss": (0.2, 1.2), "test_loss": (0.3, 1.2), "test_error": (0.1, 0.5)}
LOOKS = {
    "EASGD": ("#0072B2", "-"),
    "EAMSGD": ("#D55E00", "-"),
    "EAMSGD 0.9": ("#D55E00", ":"),
    "DOWNPOUR": ("#CC79A7", "--"),
    "ADOWNPOUR": ("#CC79A7", "-."),
    "MVADOWNPOUR": ("#CC79A7", ":"),
    "MDOWNPOUR": ("#E69F00", "--"),
    "MDOWNPOUR 0.9": ("#E69F00", ":"),
    "SGD": ("#000000", "-"),
    "ASGD": ("#000000", "-."),
    "MVASGD": ("#000000", ":"),
    "MSGD": ("#009E73", "-"),
    "MSGD 0.9": ("#009E73", ":"),
}
"""A colour a family, the same in every figure of the chapter."""


def label(curve: str) -> str:
    """How a curve is called in a legend."""
    name, _, momentum = curve.partition(" ")
    return rf"{name}, $\delta={momentum}$" if momentum else name


def draw_curves(found: dict[str, Sequence[Trace]], variables: dict[str, str], title: str, legend: dict[str, str] | None = None):
    """Training loss, test loss and test error of several methods against virtual time: means over seeds with 95 % t-intervals.

    Parameters
    ----------
    found : dict
        The runs of each curve, one a seed.
    variables : dict
        Which variable a curve is of.
    title : str
        Says what was scaled.
    legend : dict, optional
        Other words for a curve.

    Returns
    -------
    figure, numbers
        Every curve with its limits, (3, T) each: mean, low, high.
    """
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(13.0, 5.2))
        for ax, (measure, name) in zip(axes, PANELS.items(), strict=True):
            for curve, traces in found.items():
                seen = compare.band(traces, measure, variables[curve])
                colour, line = LOOKS[curve]
                ax.plot(seen.time, seen.mean, color=colour, linestyle=line, label=(legend or {}).get(curve, label(curve)))
                ax.fill_between(seen.time, seen.low, seen.high, color=colour, alpha=0.12, linewidth=0)
                numbers[f"{curve}, {measure}"] = np.stack([seen.mean, seen.low, seen.high])
            ax.set(xlabel="virtual seconds", ylabel=name, ylim=LIMITS[measure])
        fig.suptitle(title)
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6 if len(found) == 6 else 5)
    return fig, {"time": seen.time, **numbers}


def draw(runs: Runs, settings: Sequence[Setting], title: str):
    """The chosen runs of some settings, in one figure; the legend says which rate and, where it matters, which period."""
    found = {at.curve: runs.chosen(at) for at in settings}
    periods = {at.period for at in settings} != {settings[0].period}
    legend = {}
    for at in settings:
        spec = found[at.curve][0].spec
        words = [label(at.curve), rf"$\eta={spec.eta:g}$"]
        legend[at.curve] = ", ".join([*words, rf"$\tau={spec.period}$"] if periods and spec.exchange_period else words)
    return draw_curves(found, {curve: CURVES[curve][1] for curve in found}, title, legend)


def table(runs: Runs, settings: Sequence[Setting]) -> list[str]:
    """Lines for printing: rate by the smallest test error, whether at the grid's edge, that error with its 95 % interval, and the honest choice."""
    lines = ["method          tau   rate   edge   smallest test error   rate by validation"]
    for at in settings:
        choice, honest = runs.choice(at), runs.choice(at, "validation_error", "last")
        found = compare.interval(runs.scores(at))
        half = (found.high - found.low) / 2.0
        spec = runs.chosen(at)[0].spec
        period = spec.exchange_period or "-"
        edge = "edge" if choice.at_edge else ""
        lines.append(f"{at.curve:14} {period:>4}  {choice.eta:6g}  {edge:4}   {100 * found.mean:5.1f} +- {100 * half:4.1f} %       {honest.eta:g}")
    return lines
