"""EASGD-tree-moments: the root of an EASGD Tree, its variance and what it pays for it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.elastic import easgd
from stalegrad.algorithms.tree import multiscale, up_down
from stalegrad.moments.tree import Root, root
from stalegrad.problems import noisy_quadratic

Array = np.ndarray
STEP = 0.1
"""eta h of the leaves."""
SHAPES = ((16, 1), (4, 2), (2, 4))
"""(degree, depth) of trees with 16 leaves."""
LEAVES = 16
SCHEMES = {
    "multiscale(1, 1)": (multiscale(1, 1), "o", "#0072B2"),
    "multiscale(1, 4)": (multiscale(1, 4), "s", "#0072B2"),
    "multiscale(1, 10)": (multiscale(1, 10), "^", "#0072B2"),
    "up_down(1, 10)": (up_down(1, 10), "o", "#D55E00"),
    "up_down(4, 40)": (up_down(4, 40), "s", "#D55E00"),
    "up_down(8, 80)": (up_down(8, 80), "^", "#D55E00"),
}
"""Scheme, marker, colour."""


def unit() -> float:
    """Variance of the average of 16 independent workers."""
    return STEP / (2.0 - STEP) / LEAVES


def trees() -> dict[str, list[Root]]:
    """The roots of `SHAPES` for each scheme, with the thesis' moving rate 0.9 / (degree + 1)."""
    return {name: [root(STEP, 0.9 / (d + 1), d, depth, scheme) for d, depth in SHAPES] for name, (scheme, _, _) in SCHEMES.items()}


def star(beta: float) -> Root:
    """EASGD with 16 workers and alpha = beta / 16: variance, rate, and lag (p + 1)/(p eta h) + 1/beta."""
    process = easgd(noisy_quadratic(), STEP, beta / LEAVES, beta, LEAVES)
    variance = moments.stationary(process).second_moment[0, 0]
    return Root(float(variance), moments.spectral_radius(process), (LEAVES + 1) / (LEAVES * STEP) + 1.0 / beta)


def minibatch(steps: Array) -> tuple[Array, Array]:
    """Mini-batch SGD on 16 samples with learning rate `steps` = eta h: lag 1 / (eta h), variance over `unit()`."""
    return 1.0 / steps, steps / (2.0 - steps) / LEAVES / unit()


def draw():
    """The figure and its numbers, for `plot.save`."""
    found, centre, small = trees(), star(0.9), minibatch(np.geomspace(0.1, 0.008, 40))
    numbers = {f"{name}, {part}": [getattr(tree, part) for tree in row] for name, row in found.items() for part in Root._fields}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.8))
        left.axhline(1.0, color="grey", linewidth=1.0, label="average of 16 workers")
        left.axhline(centre.variance / unit(), color=plot.line("easgd")["color"], linestyle="--", label="EASGD, 16 workers")
        for name, (_, marker, colour) in SCHEMES.items():
            relative = [tree.variance / unit() for tree in found[name]]
            left.plot(range(len(SHAPES)), relative, color=colour, marker=marker, linestyle="-", label=name)
            right.plot([tree.lag for tree in found[name]], relative, color=colour, marker=marker, linestyle="none")
        right.plot(*small, **{**plot.line("minibatch"), "label": "mini-batch SGD, smaller steps"})
        right.plot(centre.lag, centre.variance / unit(), "k*", markersize=10, label="EASGD, 16 workers")
        left.set(xticks=range(len(SHAPES)), xticklabels=[f"degree {d},\ndepth {depth}" for d, depth in SHAPES], xlim=(-0.3, 2.3), ylim=(0, 1.05))
        left.set(ylabel="variance of the root / that of the average", title="trees with 16 leaves")
        right.set(xlabel="lag behind a moving minimum, in ticks", xscale="log", yscale="log", title="the same, against the lag of the root")
        right.set_xticks([10, 20, 50, 100], ["10", "20", "50", "100"])
        right.set_yticks([0.1, 0.2, 0.5, 1.0], ["0.1", "0.2", "0.5", "1"])
        right.minorticks_off()
        right.legend(loc="lower left")
        fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig, numbers | {"easgd": list(centre), "minibatch lag": small[0], "minibatch variance": small[1]}
