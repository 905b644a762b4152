"""Figures of sections 3.1.1 and 3.1.2 about the double average (EASGD-L3.1.2) and the norm of the drift (EASGD-L3.1.4)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.maps import colour_bar, radius_map
from stalegrad.theory import formula
from stalegrad.theory.easgd.centre import centre_moments, double_average

Array = np.ndarray
LOOKS = [{name: plot.line(model)[name] for name in ("color", "linestyle")} for model in ("easgd", "eamsgd", "minibatch", "downpour")]
"""Four curves told apart by colour and by line."""


def double_average_error(steps, p: int, eta: float, beta: float, sigma: float) -> dict[str, Array]:
    """t p h^2/sigma^2 times the variance, and times the mean squared error from start 1, of z_t and of the centre; h = 1."""
    unit, one = sigma**2 / p, np.eye(1)
    found = [double_average(t, p, eta, beta / p, beta, one, sigma**2 * one, 1.0, 1.0) for t in steps]
    variance = np.array([t * each["covariance"][0, 0] for t, each in zip(steps, found, strict=True)])
    squared_bias = np.array([t * each["mean"][0] ** 2 for t, each in zip(steps, found, strict=True)])
    centre = np.array([t * centre_moments(t, p, eta, beta / p, beta, sigma=sigma)["mse"] for t in steps])
    return {"variance": variance / unit, "mse": (variance + squared_bias) / unit, "centre": centre / unit}


def draw_double_average(steps, p: int, rates: tuple[tuple[float, float], ...], sigma: float):
    """EASGD-L3.1.2: t times the error over its limit sigma^2/(p h^2), against t; for each (eta, beta) in `rates`."""
    numbers = {"t": np.array(steps)}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.2), sharey=True)
        for (eta, beta), look in zip(rates, LOOKS, strict=True):
            curves = double_average_error(steps, p, eta, beta, sigma)
            left.plot(steps, curves["variance"], **look, label=rf"$\eta={eta},\ \beta={beta}$")
            right.plot(steps, curves["mse"], **look)
            right.plot(steps, curves["centre"], **look | {"linestyle": ":", "linewidth": 1.0})
            numbers |= {f"{name}, eta = {eta}, beta = {beta}": curve for name, curve in curves.items()}
        for ax, title in ((left, "variance alone"), (right, "mean squared error from start 1")):
            ax.axhline(1.0, color="black", linewidth=1.0)
            ax.set(xlabel="step $t$", xscale="log", yscale="log", ylim=(1e-2, 1e2), title=title)
        left.set_ylabel(r"$t\,p\,h^2/\sigma^2\times$ error of $z_t$")
        right.text(0.02, 0.02, "dotted: the centre itself", transform=right.transAxes, fontsize=9)
        left.legend(fontsize=9, loc="upper left")
    return fig, numbers


def size_of_drift(p: int, side: Array) -> dict[str, Array]:
    """Spectral radius and 2-norm of M in (3.22), h = 1, for beta (rows) and eta (columns) in `side`."""
    drift = formula("EASGD-3.22").numeric(eta=side[None, :], alpha=side[:, None] / p, beta=side[:, None], h=1.0)
    return {"radius": np.abs(np.linalg.eigvals(drift)).max(axis=-1), "norm": np.linalg.norm(drift, 2, axis=(-2, -1))}


def draw_size_of_drift(p: int, side: Array):
    """EASGD-L3.1.4: the spectral radius, and the norm that the lemma speaks of, over the rates."""
    sizes = size_of_drift(p, side)
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.6), sharey=True)
        for ax, (name, title) in zip(axes, (("radius", "spectral radius of $M$"), ("norm", r"$\|M\|_2$")), strict=True):
            mesh = radius_map(ax, side, side, sizes[name], levels=(0.6, 0.8, 0.95))
            ax.set(xlabel=r"$\eta h$", title=f"{title}, $p={p}$")
        axes[1].contour(side, side, sizes["radius"], [1.0], colors="black", linewidths=1.2, linestyles="dotted")
        axes[0].set_ylabel(r"$\beta$")
        colour_bar(fig, mesh, axes, "size (grey: 1 or more)")
    return fig, {"eta, beta": side, **sizes}


def ellipse(covariance: Array, share: float, points: int = 121) -> Array:
    """Contour (points, 2) of a centred normal law in the plane that holds `share` of it."""
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return (np.sqrt(-2.0 * np.log(1.0 - share)) * np.linalg.cholesky(covariance) @ circle).T


def draw_cloud(sample: Array, covariance: Array, p: int, share: float = 0.9):
    r"""EASGD-L3.1.3: normalised double averages :math:`\sqrt t\,z_t` (paths, 2), and the contours of V/p and of V as printed in (3.20)."""
    right, printed = ellipse(covariance / p, share), ellipse(covariance, share)
    with plot.style():
        fig, ax = plt.subplots(figsize=(6.4, 4.8))
        ax.plot(*sample.T, ".", color="#B0B0B0", markersize=3, label=r"$\sqrt{t}\,(z_t-x^*)$, one path each")
        ax.plot(*right.T, color=plot.line("easgd")["color"], label=f"{share:.0%} of $N(0,V/p)$")
        ax.plot(*printed.T, color=plot.line("eamsgd")["color"], linestyle="--", label=f"{share:.0%} of $N(0,V)$, (3.20) as printed")
        ax.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
        ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return fig, {"sample": sample, "V/p": right, "V": printed}
