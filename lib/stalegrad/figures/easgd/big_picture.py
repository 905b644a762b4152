"""Figure 2.1: how the methods of the thesis hang together, as a diagram of our own (EASGD-F2.1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot

METHODS = {
    "admm": ("linearised ADMM\n(3.52)–(3.54)", 0.0, 3.0),
    "penalty": ("penalised objective\n(1.2)", 1.6, 3.0),
    "eamsgd": ("EAMSGD\n(2.5)", 3.2, 3.0),
    "heavy-ball": ("EAMSGD, heavy ball\n(2.6)", 4.8, 3.0),
    "sgd": ("SGD,\neach worker alone", 0.0, 2.0),
    "easgd": ("EASGD\n(2.3)–(2.4)", 1.6, 2.0),
    "gauss-seidel": ("EASGD, Gauss–Seidel\n(6.3)", 3.2, 2.0),
    "downpour": ("DOWNPOUR\nAlgorithm 3", 4.8, 2.0),
    "moving-average": ("moving average\nof SGD", 0.0, 1.0),
    "async-easgd": ("asynchronous EASGD\nAlgorithm 1", 1.6, 1.0),
    "async-eamsgd": ("asynchronous EAMSGD\nAlgorithm 2", 3.2, 1.0),
    "minibatch": ("mini-batch SGD,\nrate $p\\eta$", 4.8, 1.0),
    "round-robin": ("round-robin EASGD\n(3.55)–(3.56)", 0.0, 0.0),
    "tree": ("EASGD Tree\nAlgorithm 6", 1.6, 0.0),
    "mdownpour": ("MDOWNPOUR\nAlgorithms 4, 5", 3.2, 0.0),
    "nesterov": ("Nesterov SGD\n(5.4)", 4.8, 0.0),
}
"""Name -> label and place."""

LINKS = (
    ("penalty", "easgd", "gradient step", "EASGD-2.1"),
    ("penalty", "admm", "multipliers", "EASGD-3.51"),
    ("eamsgd", "easgd", r"$\delta=0$", "EASGD-2.5"),
    ("heavy-ball", "eamsgd", r"look ahead", "EASGD-2.6"),
    ("easgd", "sgd", r"$\alpha=0$", "EASGD-2.3"),
    ("easgd", "moving-average", r"$\alpha=0,\ p=1$", "EASGD-2.4"),
    ("easgd", "gauss-seidel", "newest values", "EASGD-6.3"),
    ("gauss-seidel", "downpour", r"$\alpha=1,\ \beta=p$", "EASGD-6.1"),
    ("downpour", "minibatch", "in step, $\\tau=1$", "EASGD-6.1"),
    ("easgd", "async-easgd", "one worker at a time", "EASGD-ALG1"),
    ("async-eamsgd", "async-easgd", r"$\delta=0$", "EASGD-ALG2"),
    ("async-easgd", "round-robin", "fixed order", "EASGD-3.55"),
    ("async-easgd", "tree", "a tree for the star", "EASGD-ALG6"),
    ("mdownpour", "nesterov", "$p=1$", "EASGD-ALG5"),
    ("mdownpour", "downpour", r"$\delta=0,\ \tau=1$", "EASGD-ALG4"),
)
"""From, to, what is set or changed, and the claim that says it."""


def adjacency() -> np.ndarray:
    """Matrix with 1 where a link leads from the method of the row to that of the column, in the order of `METHODS`."""
    names = list(METHODS)
    matrix = np.zeros((len(names), len(names)), dtype=int)
    for source, target, _, _ in LINKS:
        matrix[names.index(source), names.index(target)] = 1
    return matrix


def draw():
    """The diagram, and its adjacency matrix, for `plot.save`."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(11.0, 6.2))
        boxes = {}
        for name, (label, x, y) in METHODS.items():
            own = {"facecolor": "#D6E8F5" if "EA" in label else "#F2F2F2", "edgecolor": "#333333", "boxstyle": "round,pad=0.45"}
            boxes[name] = ax.text(x, y, label, ha="center", va="center", fontsize=9.5, bbox=own)
        for source, target, label, _ in LINKS:
            (_, x0, y0), (_, x1, y1) = METHODS[source], METHODS[target]
            arrow = {"arrowstyle": "-|>", "color": "#0072B2", "linewidth": 1.3, "shrinkA": 3.0, "shrinkB": 3.0}
            ends = {"patchA": boxes[source].get_bbox_patch(), "patchB": boxes[target].get_bbox_patch()}
            ax.annotate("", (x1, y1), (x0, y0), arrowprops=arrow | ends, zorder=0)
            middle = ((x0 + x1) / 2, (y0 + y1) / 2 + (0.09 if y0 == y1 else 0.0))
            plain = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            ax.text(*middle, label, ha="center", va="bottom" if y0 == y1 else "center", fontsize=8.5, color="#00466E", bbox=plain)
        ax.set(xlim=(-0.75, 5.55), ylim=(-0.4, 3.4))
        ax.axis("off")
    return fig, {"adjacency": adjacency()}
