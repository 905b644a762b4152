"""The axis of the staleness parameter, on which both ends of (0, 1) can be seen."""

from __future__ import annotations

import matplotlib.pyplot as plt

TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


def staleness_axis(ax, mus, label: str = r"staleness parameter $\mu$") -> None:
    """Give `ax` a horizontal axis over `mus` that is logarithmic towards 0 and towards 1, with plain numbers."""
    ax.set(xscale="logit", xlabel=label)
    ax.set_xticks(shown := [mu for mu in TICKS if mus[0] <= mu <= mus[-1]], [f"{mu:g}" for mu in shown])
    ax.xaxis.set_minor_locator(plt.NullLocator())
