"""How normal the noise of a mini-batch is (SDDE-P3.1), on fair signs: the components (x - 1)^2/2 and (x + 1)^2/2."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binom, norm

from stalegrad import plot

Array = np.ndarray
COLOURS = ("#D55E00", "#009E73", "#0072B2")


def staircase(batch: int) -> tuple[Array, Array]:
    """Jumps of the standardised noise of a batch and its distribution function there."""
    heads = np.arange(batch + 1)
    return (2 * heads - batch) / np.sqrt(batch), binom.cdf(heads, batch, 0.5)


def distance(batch: int) -> float:
    """Kolmogorov distance of the standardised noise from the normal law.

    Examples
    --------
    >>> round(distance(1), 4)  # two atoms
    0.3413
    """
    at, above = staircase(batch)
    below = np.concatenate(([0.0], above[:-1]))
    return float(np.maximum(np.abs(above - norm.cdf(at)), np.abs(below - norm.cdf(at))).max())


def distances(batches: Array) -> Array:
    """`distance` for every batch size."""
    return np.array([distance(int(batch)) for batch in batches])


def draw(shown: tuple[int, ...], batches: Array):
    """SDDE-P3.1: distribution functions, and the distance from the normal law beside the size of the noise."""
    grid = np.linspace(-3.5, 3.5, 141)
    found, numbers = distances(batches), {}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
        left.plot(grid, norm.cdf(grid), color="#000000", label="normal")
        for batch, colour in zip(shown, COLOURS, strict=True):
            at, above = staircase(batch)
            left.step(np.r_[-3.5, at, 3.5], np.r_[0.0, above, 1.0], where="post", color=colour, linestyle="-", lw=1.2, label=f"$b={batch}$")
            numbers[f"cdf {batch}"] = above
        left.set(xlabel=r"$\sqrt{b}\,(g-\nabla F)$, in units of $\sqrt{\Sigma}$", ylabel="distribution function")
        left.legend()
        right.plot(batches, found, ".", ms=3, color="#0072B2", linestyle="none", label="distance from normal")
        right.plot(batches, 1 / np.sqrt(batches), **{**plot.line("exact"), "linestyle": "--", "label": r"size of the noise, $1/\sqrt{b}$"})
        right.set(xscale="log", yscale="log", xlabel="batch size $b$", ylabel="Kolmogorov distance; size")
        right.legend()
    return fig, {**numbers, "batches": batches, "distance": found}
