"""Section 4.3.4 in numbers: what Table 4.4 and the paragraph on ImageNet print, what follows from it, and what a master does to the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

from stalegrad import plot
from stalegrad.nets.timetable import Clock, timetable

Array = np.ndarray
TABLE = {
    ("CIFAR", 1): {1: (12, 1, 0), 4: (11, 2, 3), 8: (11, 2, 5), 16: (11, 2, 9)},
    ("CIFAR", 10): {4: (11, 2, 1), 8: (11, 2, 1), 16: (12, 2, 1)},
    ("ImageNet", 1): {1: (1248, 20, 0), 4: (1323, 24, 173), 8: (1239, 61, 284)},
    ("ImageNet", 10): {4: (1254, 58, 7), 8: (1266, 84, 11)},
}
"""Table 4.4: (data, period) -> workers -> seconds of computation, data loading and parameter communication, in whole seconds."""
BATCHES = {"CIFAR": 400, "ImageNet": 1024}
"""Mini-batches of 128 that the table is about."""
COLOURS = ("#009E73", "#56B4E9", "#D55E00")
PARTS = ("computation", "data loading", "communication")
MIB, GIB = 2**20, 2**30


def range_of_ratio(first: float, second: float) -> tuple[float, float]:
    """Between what two whole numbers have as their ratio before they were rounded.

    >>> range_of_ratio(9, 1)[0]
    5.666666666666667
    """
    return (first - 0.5) / (second + 0.5), (first + 0.5) / (second - 0.5)


def times_cheaper() -> dict[tuple[str, int], tuple[float, float]]:
    """(data, workers) -> least and most that communication at period 1 can be of that at period 10, by the rounded table; 10 is expected."""
    return {(data, p): range_of_ratio(TABLE[data, 1][p][2], row[2]) for data in BATCHES for p, row in TABLE[data, 10].items()}


def share_of_communication(data: str, period: int) -> dict[int, float]:
    """Workers -> parameter communication as a share of the whole time, overlap ignored."""
    return {p: row[2] / sum(row) for p, row in TABLE[data, period].items()}


class Traffic(NamedTuple):
    """The paragraph on ImageNet, as numbers that follow from each other."""

    batch: float
    """Bytes of a mini-batch of 128 crops, a byte a value."""
    data: float
    """Bytes of all images as crops."""
    compression: float
    """Bytes of the JPEG files by bytes of the crops."""
    batches_a_second: float
    """By Table 4.4, p = 1: computation alone."""
    times: float
    """Parameters by compressed data, for every batch."""


def imagenet(parameters: float, images: float = 1_281_167, jpeg: float = 36 * GIB) -> Traffic:
    """From the sizes of a crop, a batch, the files and the network's parameters in bytes.

    The default number of images is that of the training set; the thesis rounds it to 1,300,000.

    >>> round(imagenet(233 * MIB).batch / MIB, 1)
    17.9
    """
    crop = 3 * 221 * 221
    compression = jpeg / (images * crop)
    return Traffic(128 * crop, images * crop, compression, 1024 / TABLE["ImageNet", 1][1][0], parameters / (128 * crop * compression))


MODELLED = 200
"""Batches of a worker in a model; seconds are scaled to those of the table."""


def seconds(n_workers: int, period: int, service: float, travel: float, server: float, batches: int, shape: float = 16.0) -> tuple[float, ...]:
    """Virtual seconds of a worker for its batches: service, communication, and waiting for a serial master.

    Parameters
    ----------
    n_workers, period : int
        p and tau.
    service, travel, server : float
        Seconds of a batch, of an exchange on its way, and of an exchange at the master.
    batches : int
        Local steps of each worker; `MODELLED` of them are drawn.
    shape : float
        Of the Gamma law of the services.
    """
    clock = Clock(shape=shape, communication=travel / service, server=server / service, stop=(MODELLED,) * n_workers)
    horizon = MODELLED * (1.0 + (clock.communication + n_workers * clock.server) / period) + 6.0 * math.sqrt(MODELLED / shape)
    found = timetable(clock, 0, n_workers, horizon, period)
    scale = service / n_workers * batches / MODELLED
    return tuple(scale * value for value in (found.computing, found.communicating, found.waiting))


class Master(NamedTuple):
    """A model of the printed communication at period 1: travel and a serial master."""

    travel: float
    server: float
    times: dict[tuple[int, int], float]
    """(workers, period) -> seconds of communication for all batches of the table."""


def fitted_master(data: str) -> Master:
    """Travel and service at the master that come closest to the printed communication at period 1, and what they give at period 10."""
    batches, rows = BATCHES[data], {p: row for p, row in TABLE[data, 1].items() if p > 1}

    def service(p: int, period: int) -> float:
        return sum(TABLE[data, period][p][:2]) / batches

    def communication(p: int, period: int, costs) -> float:
        return sum(seconds(p, period, service(p, period), *(float(cost) for cost in costs), batches)[1:])

    def misfit(logs: Array) -> float:
        return sum((communication(p, 1, np.exp(logs)) / row[2] - 1.0) ** 2 for p, row in rows.items())

    guess = np.log([TABLE[data, 1][4][2] / batches / 2.0] * 2)
    corners = guess + np.log([[1.0, 1.0], [0.25, 1.0], [1.0, 2.0]])
    costs = np.exp(minimize(misfit, guess, method="Nelder-Mead", options={"initial_simplex": corners, "xatol": 0.05, "fatol": 1e-3}).x)
    return Master(*map(float, costs), {(p, period): communication(p, period, costs) for period in (1, 10) for p in rows})


def draw_table(masters: Mapping[str, Master]):
    """EASGD-TAB4.4: the printed communication with its rounding, and a serial master fitted to the period 1."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, len(masters), figsize=(10.0, 4.2))
        for ax, (data, master) in zip(axes, masters.items(), strict=True):
            for period, colour, marker in ((1, COLOURS[2], "o"), (10, COLOURS[1], "s")):
                p = np.array([workers for workers in TABLE[data, period] if workers > 1])
                printed = np.array([TABLE[data, period][workers][2] for workers in p], dtype=float)
                model = np.array([master.times[workers, period] for workers in p])
                ax.errorbar(p, printed, 0.5, color=colour, marker=marker, linestyle="none", capsize=4, label=rf"printed, $\tau={period}$")
                ax.plot(p, model, color=colour, label=rf"serial master, $\tau={period}$" + (" (fitted)" if period == 1 else ""))
                numbers |= {f"{data}, {period}": np.array([p, printed, model])}
            tenth = np.array([TABLE[data, 1][workers][2] / 10.0 for workers in p])
            ax.plot(p, tenth, color="grey", linestyle=":", label=r"a tenth of the printed $\tau=1$")
            batches = BATCHES[data]
            ax.set(title=f"{data}, {batches} batches", xlabel="workers $p$", ylabel="communication [s]", yscale="log", xticks=p)
        axes[0].legend(fontsize=8)
    return fig, numbers


def foreseen(alone: Array, period: int, workers: Sequence[int], batches: int) -> dict[str, Array]:
    """Seconds of communication in virtual time, from seconds (3,) of `PARTS` measured with one worker.

    What an exchange then costs may all be travel, or all be the master's, which serves one at a time: the two ends of what is possible.
    """
    service, exchange = float(alone[0] + alone[1]) / batches, float(alone[2]) / batches * period
    costs = {"all of it travel": (exchange, 0.0), "all of it at the master": (0.0, exchange)}
    return {where: np.array([sum(seconds(p, period, service, *cost, batches)[1:]) for p in workers]) for where, cost in costs.items()}


def draw_measured(rows: Sequence[tuple[str, int, int, Array]], workers: Sequence[int], batches: int):
    """EASGD-TAB4.4-measured: left stacked seconds as measured, right communication for more workers in virtual time.

    Rows are (method, period, workers, (repeats, 3) seconds of `PARTS`).
    """
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.4), width_ratios=(1.3, 1.0))
        numbers = _stacked(left, rows) | _more_workers(right, rows, workers, batches)
    return fig, numbers


def _stacked(ax, rows) -> dict[str, Array]:
    """Medians of the repeats, one bar on the other; ticks are the totals of each repeat."""
    for k, (_, _, _, values) in enumerate(rows):
        middle, bottom = np.median(values, axis=0), 0.0
        for part, colour, value in zip(PARTS, COLOURS, middle, strict=True):
            ax.bar(k, value, bottom=bottom, color=colour, label=part if k == 0 else None)
            bottom += value
        totals = np.sum(values, axis=1)
        ax.plot(np.full(len(totals), k), totals, color="black", marker="_", linestyle="none", label="each run" if k == 0 else None)
    ax.set(ylabel="seconds a worker", xticks=range(len(rows)), title="measured")
    ax.set_xticklabels([f"{name}\n$\\tau={period}$\n$p={p}$" for name, period, p, _ in rows], fontsize=8)
    ax.grid(axis="x", visible=False)
    ax.legend(fontsize=9)
    return {f"{name}, p = {p}": np.asarray(values) for name, _, p, values in rows}


def _more_workers(ax, rows, workers: Sequence[int], batches: int) -> dict[str, Array]:
    """Communication against the workers: as measured, and in virtual time from what one worker took."""
    numbers = {}
    alone = {name: (period, np.median(values, axis=0)) for name, period, p, values in rows if p == 1}
    for (name, (period, seen)), colour in zip(alone.items(), (COLOURS[2], COLOURS[1]), strict=True):
        for (where, curve), style in zip(foreseen(seen, period, workers, batches).items(), ("--", "-"), strict=True):
            ax.plot(workers, curve, color=colour, linestyle=style, label=f"{name}, {where}")
            numbers[f"{name}, {where}"] = curve
        measured = [(p, np.median(values[:, 2])) for other, _, p, values in rows if other == name]
        ax.plot(*np.transpose(measured), color=colour, marker="o", linestyle="none", label=f"{name}, measured")
    ax.set(xlabel="workers $p$", ylabel="communication [s]", yscale="log", title="virtual time", xticks=workers)
    ax.set(ylim=(None, 40.0 * ax.get_ylim()[1]))  # room for the legend
    ax.legend(fontsize=7, loc="upper left")
    return numbers
