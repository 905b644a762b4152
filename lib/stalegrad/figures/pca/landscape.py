"""Figure of section 2: the landscape of streaming PCA on the sphere, and across it (PCA-A1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.theory.pca import flow

Array = np.ndarray
KINDS = {"optimum": ("*", "white"), "saddle": ("X", "#E69F00"), "minimum": ("o", "#CC79A7")}


def sphere(lam, n: int = 61) -> dict[str, Array]:
    """The objective h^T Lambda h on the sphere in three dimensions, over longitude (2 n - 1 points) and latitude (n), in degrees.

    Longitude 0, latitude 0 is e_1; longitude 90 is e_2; the poles are e_3.
    """
    longitude, latitude = np.linspace(-180.0, 180.0, 2 * n - 1), np.linspace(-90.0, 90.0, n)
    h = point(longitude[None, :], latitude[:, None])
    return {"longitude": longitude, "latitude": latitude, "objective": np.tensordot(lam, h**2, axes=1)}


def point(longitude, latitude) -> Array:
    """A point of the sphere (3, ...) from its angles in degrees."""
    a, b = np.radians(np.broadcast_arrays(longitude, latitude))
    return np.array([np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)])


def angles(h: Array) -> tuple[Array, Array]:
    """Longitude and latitude in degrees of points (..., 3)."""
    unit = h / np.linalg.norm(h, axis=-1, keepdims=True)
    return np.degrees(np.arctan2(unit[..., 1], unit[..., 0])), np.degrees(np.arcsin(unit[..., 2]))


def flow_lines(lam, starts, n: int = 200) -> list[Array]:
    """Points (n, 3) of the flow without momentum, from starts (longitude, latitude) up to time 8."""
    return [flow.solution(point(*start), lam, 0.0, np.linspace(0.0, 8.0, n)) for start in starts]


def radial(lam, radii: Array) -> dict[str, Array]:
    """Pull along each eigenvector at distance r from the origin, (1 - r^2) r lambda_j."""
    return {f"e_{j + 1}": flow.field(np.outer(np.eye(len(lam))[j], radii), lam)[j] for j in range(len(lam))}


def draw(lam, starts):
    """PCA-A1: level lines and flow lines on the sphere; beside them the pull along a radius."""
    found, radii = sphere(lam), np.linspace(0.0, 1.4, 57)
    pulls = radial(lam, radii)
    numbers = {**found, "r": radii, **pulls}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), width_ratios=(1.7, 1.0))
        mesh = left.pcolormesh(found["longitude"], found["latitude"], found["objective"], cmap="viridis", shading="nearest", rasterized=True)
        for number, path in enumerate(flow_lines(lam, starts)):
            along = np.array(angles(path))
            left.plot(*along, color="white", linestyle="-", linewidth=1.2)
            numbers[f"line {number}"] = along
        _stationary(left)
        left.set(xlabel="longitude, degrees", ylabel="latitude, degrees", xticks=range(-180, 181, 90), yticks=range(-90, 91, 45))
        left.grid(False)
        fig.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
        fig.colorbar(mesh, ax=left, label=r"objective $h^T\Lambda h$")
        for (name, pull), (marker, _) in zip(pulls.items(), KINDS.values(), strict=True):
            right.plot(radii, pull, label=rf"along ${name}$", marker=marker, markevery=8, markersize=5)
        right.axvline(1.0, color="grey", linewidth=1.0)
        right.set(xlabel="distance $r$ from the origin", ylabel=r"pull $(1-r^2)\,r\,\lambda_j$")
        right.legend()
    return fig, numbers


def _stationary(ax) -> None:
    """The six eigenvectors; a pole is a whole edge of the map."""
    places = {"optimum": [(0, 0), (-180, 0), (180, 0)], "saddle": [(90, 0), (-90, 0)], "minimum": [(0, 90), (0, -90)]}
    for kind, (marker, colour) in KINDS.items():
        name = {"optimum": r"optimum $\pm e_1$", "saddle": r"saddle $\pm e_2$", "minimum": r"minimum $\pm e_3$ (the whole edge)"}[kind]
        look = {"marker": marker, "linestyle": "none", "markersize": 10, "markerfacecolor": colour, "markeredgecolor": "black"}
        ax.plot(*zip(*places[kind], strict=True), **look, label=name, clip_on=False)
