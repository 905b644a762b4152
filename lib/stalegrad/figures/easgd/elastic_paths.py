"""Figures of chapter 2: workers on springs, and how far back the centre remembers (EASGD-2.4)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot

Array = np.ndarray


def memory_weights(beta: float, steps: int) -> Array:
    r"""Weights :math:`\beta(1-\beta)^j` of the spatial average of j steps before the last in the centre."""
    return beta * (1.0 - beta) ** np.arange(steps)


def draw_paths(runs: dict[float, Array], betas: tuple[float, ...], steps: int):
    """EASGD-2.4: one path for each penalty (one worker, the average of the workers, the centre); and the centre's memory.

    Parameters
    ----------
    runs : dict of rho -> array (n_steps + 1, 3)
        Columns: local, average, centre.
    betas : tuple of float
        Moving rates of the last panel.
    steps : int
        How far back it looks.

    Returns
    -------
    fig, numbers
    """
    numbers = {}
    looks = ({"color": "#B0B0B0", "linewidth": 0.9, "label": "one worker"}, plot.line("average"), plot.line("easgd") | {"label": "centre"})
    with plot.style():
        fig, axes = plt.subplots(1, len(runs) + 1, figsize=(10.0, 3.6))
        for ax, (rho, path) in zip(axes, runs.items()):
            for column, look in enumerate(looks):
                ax.plot(path[:, column], **look)
            ax.axhline(0.0, color="black", linewidth=0.8)
            ax.set(xlabel="step $t$", title=rf"$\rho={rho:g}$")
            numbers[f"path, rho = {rho:g}"] = path
        top = max(np.abs(path).max() for path in runs.values())
        for ax in axes[:-1]:
            ax.set_ylim(-1.05 * top, 1.05 * top)
        axes[0].set_ylabel("$x$")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize=9)
        for beta, marker in zip(betas, "os^D", strict=False):
            weights = numbers[f"weights, beta = {beta:g}"] = memory_weights(beta, steps)
            axes[-1].plot(weights, marker=marker, markersize=4, label=rf"$\beta={beta:g}$")
        axes[-1].axhline(0.0, color="black", linewidth=0.8)
        axes[-1].set(xlabel="steps back $j$", xticks=range(0, steps, 2), title=r"weights $\beta(1-\beta)^j$ in the centre")
        axes[-1].legend(fontsize=9)
    return fig, numbers
