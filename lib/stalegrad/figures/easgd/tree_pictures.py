"""Figures 6.1 and 6.2 of the thesis: what a node of EASGD Tree does, and when the two schemes send; from the tree process itself."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.algorithms.tree import Scheme, TreeState, exchanged
from stalegrad.engine.streams import Tape

Array = np.ndarray
LEVELS = ("#D55E00", "#009E73", "#0072B2", "#CC79A7", "#808080")
STYLES = ("-", "--", "-.", "-", ":")
"""Colours and lines of the levels, from the root down."""


def level_names(depth: int) -> list[str]:
    """Words for the levels, from the root to the leaves."""
    return ["root", *(f"level {level}" for level in range(1, depth)), "leaves"]


class Timetable(NamedTuple):
    """When news travels over the links of a tree; link l joins level l and level l + 1."""

    up: Array
    """(depth, ticks) whether level l takes in what its children sent."""
    down: Array
    """(depth, ticks) whether level l + 1 takes in what its parent sent."""


def timetable(scheme: Scheme, depth: int, n_ticks: int) -> Timetable:
    """Found by experiment: one level alone holds the value 1, and whoever moves in that tick has heard of it."""
    up, down = np.zeros((2, depth, n_ticks), dtype=bool)
    for level in range(depth + 1):
        nodes = tuple(np.full((2**other, 1, 1), float(other == level)) for other in range(depth + 1))
        for tick in range(n_ticks):
            after = exchanged(0.5, scheme.links(depth), 0, TreeState(nodes, ()), tick)
            if level > 0:
                up[level - 1, tick] = np.any(after[level - 1] != nodes[level - 1])
            if level < depth:
                down[level, tick] = np.any(after[level + 1] != nodes[level + 1])
    return Timetable(up, down)


def spread_of_news(scheme: Scheme, alpha: float, degree: int, depth: int, n_ticks: int) -> Array:
    """Mean of every level (n_ticks + 1, depth + 1) while the tree averages without gradients, from leaves at 1 and all others at 0."""
    nodes = tuple(np.full((degree**level, 1, 1), float(level == depth)) for level in range(depth + 1))
    means = [[values.mean() for values in nodes]]
    for tick in range(n_ticks):
        nodes = exchanged(alpha, scheme.links(depth), 0, TreeState(nodes, ()), tick)
        means.append([values.mean() for values in nodes])
    return np.array(means)


def values_of_levels(process, start: float, n_ticks: int, seed: int) -> tuple[Array, ...]:
    """All nodes of one path of a tree in one dimension, tick by tick: for each level an array (n_ticks + 1, nodes)."""
    tape = Tape(seed, np.arange(1, dtype=np.uint64))
    state = process.init(np.full((1, 1), start))
    seen = [state.levels]
    for tick in range(n_ticks):
        state = process.step(state, process.draw(tape, tick))
        seen.append(state.levels)
    return tuple(np.array([levels[level][:, 0, 0] for levels in seen]) for level in range(len(state.levels)))


def draw_tree(ax, links: tuple[tuple[int, int], ...], degree: int) -> None:
    """A tree with its links; at each level of links the periods at which its two ends send."""
    depth = len(links)
    places = [(np.arange(degree**level) + 0.5) / degree**level for level in range(depth + 1)]
    for level, (up, down) in enumerate(links):
        for child, place in enumerate(places[level + 1]):
            ax.plot([place, places[level][child // degree]], [-level - 1, -level], color="grey", linestyle="-", linewidth=1.0, zorder=1)
        ax.text(1.04, -level - 0.5, f"up every {up}\ndown every {down}", va="center", fontsize=9)
    for level, (row, name) in enumerate(zip(places, level_names(depth), strict=True)):
        ax.plot(row, np.full(len(row), -level), "o", color=LEVELS[level], markersize=13)
        ax.text(-0.04, -level, name, ha="right", va="center", fontsize=10)
    ax.set(xlim=(-0.3, 1.4), ylim=(-depth - 0.4, 0.4))
    ax.axis("off")


def draw_behaviour(process, start: float, n_ticks: int, seed: int):
    """EASGD-F6.1: the tree, and one run of it: every leaf, and the levels above, with the ticks at which the root hears its children.

    Parameters
    ----------
    process : Process
        From `easgd_tree`, on a problem in one dimension.
    start : float
    n_ticks, seed : int
    """
    shape = process.parameters
    links = shape["scheme"].links(shape["depth"])
    runs = values_of_levels(process, start, n_ticks, seed)
    heard = np.flatnonzero(timetable(shape["scheme"], shape["depth"], n_ticks).up[0])
    ticks = np.arange(n_ticks + 1)
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.4), width_ratios=(1.0, 1.35))
        draw_tree(left, links, shape["degree"])
        for level in reversed(range(len(runs))):
            leaves = level == len(links)
            look = {"color": LEVELS[level], "linestyle": STYLES[level], "linewidth": 0.6 if leaves else 1.6, "alpha": 0.6 if leaves else 1.0}
            lines = right.plot(ticks, runs[level], **look)
            lines[0].set_label(level_names(len(links))[level])
        right.plot(heard + 1, runs[0][heard + 1, 0], "o", color=LEVELS[0], markersize=5, label="root has heard its children")
        right.axhline(0.0, color="grey", linewidth=0.8)
        right.set(xlabel="tick", ylabel="value of the nodes (minimum at 0)")
        right.legend(fontsize=9)
    names = level_names(len(links))
    return fig, {"tick": ticks, "heard": heard, **{f"run, {name}": values for name, values in zip(names, runs, strict=True)}}


def draw_schemes(schemes: dict[str, Scheme], depth: int, n_ticks: int, alpha: float, degree: int, n_news: int):
    """EASGD-F6.2: the timetable of messages of each scheme, and how fast the mean of every level answers to news from the leaves."""
    names, numbers = level_names(depth), {}
    with plot.style():
        fig, axes = plt.subplots(len(schemes), 2, figsize=(11.0, 2.9 * len(schemes)), width_ratios=(1.5, 1.0), squeeze=False)
        for (left, right), (label, scheme) in zip(axes, schemes.items(), strict=True):
            table = timetable(scheme, depth, n_ticks)
            news = spread_of_news(scheme, alpha, degree, depth, n_news)
            for link in range(depth):
                for kind, sent, marker, shift in (("up", table.up[link], "^", 0.14), ("down", table.down[link], "v", -0.14)):
                    ticks = np.flatnonzero(sent)
                    colour = LEVELS[link + 1] if kind == "up" else LEVELS[link]
                    left.plot(ticks, np.full(len(ticks), -link + shift), marker, color=colour, markersize=5, linestyle="none")
                    numbers[f"{label}, {names[link + 1]} - {names[link]}, {kind}"] = ticks
            left.set_yticks(-np.arange(depth), [f"{names[link + 1]} – {names[link]}" for link in range(depth)])
            left.set(title=label, xlabel="tick", ylim=(-depth + 0.5, 0.5))
            for level in range(depth + 1):
                right.plot(news[:, level], color=LEVELS[level], linestyle=STYLES[level], label=names[level])
            right.set(xlabel="tick", ylabel="mean of the level", ylim=(0, 1.02))
            numbers[f"{label}, news"] = news
        axes[0][1].set_title("answer to leaves at 1, others at 0")
        axes[0][1].legend(fontsize=9)
        fig.supxlabel("▲ to the parent, ▼ to the children; coloured by the sender", fontsize=10)
    return fig, numbers
