"""Maps of a rate over two parameters: colour for the rate, grey for divergence, marks for optima."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Normalize

UNSTABLE = "#b0b0b0"
MARKS = {
    "optimum": {"marker": "*", "markersize": 15.0, "markerfacecolor": "white", "markeredgecolor": "black", "linestyle": "none"},
    "printed": {"marker": "X", "markersize": 10.0, "markerfacecolor": "#D55E00", "markeredgecolor": "white", "linestyle": "none"},
}
"""How the true optimum and a printed value look in every map."""


def radius_map(ax, x, y, radius, *, levels=(0.5, 0.7, 0.9), smallest: float = 0.0, edge=None):
    """Spectral radius over a grid: dark where convergence is fast, grey where the radius is 1 or more, its edge in black.

    Parameters
    ----------
    ax : matplotlib Axes
    x, y : array (nx,), (ny,)
        The axes.
    radius : array (ny, nx)
        Infinite or NaN counts as unstable.
    levels : sequence of float
        Contours drawn with their number, below 1.
    smallest : float
        Radius at the dark end of the colours.
    edge : (array, array), optional
        Points (x, y) of the edge of stability where it is known; by default it is drawn between the points of the grid.

    Returns
    -------
    matplotlib QuadMesh
        For `colour_bar`.
    """
    radius = np.asarray(radius, dtype=float)
    stable = np.where(np.isfinite(radius) & (radius < 1.0), radius, np.nan)
    ax.set_facecolor(UNSTABLE)
    mesh = ax.pcolormesh(x, y, stable, cmap="viridis", norm=Normalize(smallest, 1.0), shading="nearest", rasterized=True)
    shown = np.nan_to_num(np.minimum(radius, 10.0), nan=10.0)
    if edge is not None:
        ax.plot(*edge, color="black", linewidth=1.8)
    elif shown.min() < 1.0 < shown.max():
        ax.contour(x, y, shown, [1.0], colors="black", linewidths=1.8)
    if inside := [level for level in levels if shown.min() < level < 1.0]:
        lines = ax.contour(x, y, shown, inside, colors="white", linewidths=0.8, linestyles="dashed")
        ax.clabel(lines, fmt="%g", fontsize=8)
    ax.grid(False)
    return mesh


def colour_bar(fig, mesh, axes, label: str = "spectral radius (grey: 1 or more)"):
    """One colour bar for the maps in `axes`."""
    return fig.colorbar(mesh, ax=axes, label=label, shrink=0.9)


def mark(ax, x: float, y: float, kind: str, label: str | None = None) -> None:
    """Mark a point of a map: `kind` is "optimum" (white star) or "printed" (orange cross)."""
    ax.plot([x], [y], label=label, zorder=5, clip_on=False, **MARKS[kind])


def lowest(x, y, values) -> tuple[float, float, float]:
    """(x, y, value) at the smallest entry of a map `values` (ny, nx); entries that are not numbers are passed over."""
    row, column = np.unravel_index(np.nanargmin(values), np.shape(values))
    return float(x[column]), float(y[row]), float(values[row][column])


def grid(low: float, high: float, n: int) -> np.ndarray:
    """n points inside the open interval (low, high), at the middles of n equal cells."""
    return low + (high - low) * (np.arange(n) + 0.5) / n
