"""Figures of sections 5.2.1 and 5.2.2: the Gamma law, mini-batch SGD, and momentum SGD under multiplicative noise.

Claims: EASGD-F5.9 to EASGD-F5.14, EASGD-5.26, EASGD-minibatch-optimal. Time is counted in steps.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.moments import gamma_noise
from stalegrad.theory import formula

Array = np.ndarray
BATCHES = {1: "sgd", 2: "minibatch", 4: "nesterov"}
"""The three laws of Figure 5.9: batches of a standard Gaussian input, lam = omega = half the batch."""
LAW_PANELS = ((1.0, 0.0), (0.1, 0.0), (0.1, 0.9))
"""(eta, delta) of Figure 5.14."""
LOOKS = [{**plot.line(model), "label": None} for model in ("easgd", "eamsgd", "minibatch", "nesterov", "admm")]
"""Lines for a family of curves."""


def draw_densities(xi: Array):
    """EASGD-F5.9: densities with lam = omega = 0.5, 1, 2 against xi, both axes logarithmic."""
    numbers = {"xi": xi}
    with plot.style():
        fig, ax = plt.subplots()
        for batch, model in BATCHES.items():
            numbers[f"p = {batch}"] = gamma_noise.density(xi, batch / 2, batch / 2)
            ax.plot(xi, numbers[f"p = {batch}"], **{**plot.line(model), "label": rf"$p={batch}$: $\lambda=\omega={batch / 2:g}$"})
        ax.set(xscale="log", yscale="log", xlabel=r"$\xi$, the mean of $p$ draws", ylabel="density", ylim=(1e-4, 1e2))
        ax.legend()
    return fig, numbers


def growth(etas: Array, lam: float) -> dict[str, Array]:
    """Growth per step for omega = lam: log of E x^2, twice the path's exponent, and both for the geometric Brownian motion."""
    drift, noise = etas, etas**2 / lam
    return {
        "moment": np.log(formula("EASGD-5.26").numeric(eta=etas, lam=lam, omega=lam)),
        "path": np.array([2.0 * gamma_noise.growth_along_a_path(eta, lam, lam) for eta in etas]),
        "gbm moment": -2.0 * drift + noise,
        "gbm path": -2.0 * drift - noise,
    }


def draw_growth(etas: Array, found: dict[str, Array], lam: float):
    """EASGD-5.26-paths: growth of E x^2 and of a typical x^2 against the learning rate, the chain's and its diffusion limit's."""
    looks = {
        "moment": {**plot.line("easgd"), "label": r"chain: $\log$ of (5.26)"},
        "path": {**plot.line("eamsgd"), "label": r"chain: $2E\log|1-\eta\xi|$, almost every path"},
        "gbm moment": {**plot.line("minibatch"), "label": r"Brownian limit: $E X^2$"},
        "gbm path": {**plot.line("nesterov"), "label": "Brownian limit: almost every path"},
    }
    with plot.style():
        fig, ax = plt.subplots()
        for name, look in looks.items():
            ax.plot(etas, found[name], **look)
        ax.axhline(0.0, color="grey", linewidth=1.0)
        ax.set(xlabel=rf"learning rate $\eta$ ($\lambda=\omega={lam:g}$)", ylabel=r"growth of $x^2$ per step, log", ylim=(-2.5, 2.5))
        fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig, {"eta": etas, **found}


def draw_minibatch(sizes: Array, lam: float, shapes: tuple[float, ...]):
    """EASGD-minibatch-optimal: factor per step against the batch size, at SGD's rate and at the best; and the speedup, by shape."""
    best = formula("EASGD-minibatch-optimal").numeric(lam=lam, omega=lam, p=sizes)
    fixed = formula("EASGD-5.26").numeric(eta=best["eta"][0], lam=lam, omega=lam, p=sizes)
    numbers = {"p": sizes, "fixed": fixed, "best": best["sp"]}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.0))
        left.plot(sizes, fixed, **{**plot.line("sgd"), "label": r"$\eta=\eta_1$ for every $p$"})
        left.axhline((1.0 - best["eta"][0]) ** 2, color="grey", linewidth=1.0, label="its limit")
        left.plot(sizes, best["sp"], **{**plot.line("minibatch"), "label": r"$\eta=\eta_p$ by (5.27)"})
        left.set(title=rf"$\lambda=\omega={lam:g}$", xlabel="batch size $p$", ylabel=r"factor of $E x^2$ per step", xscale="log", ylim=(0, None))
        left.legend()
        for shape, look in zip(shapes, LOOKS, strict=False):
            numbers[f"speedup, lam = {shape:g}"] = np.log1p(sizes * shape) / np.log1p(shape)
            right.plot(sizes, numbers[f"speedup, lam = {shape:g}"], **{**look, "label": rf"$\lambda={shape:g}$"})
        right.plot(sizes, sizes, color="grey", linewidth=1.0, label="linear")
        right.set(title="speedup over one draw a step", xlabel="batch size $p$", ylabel="ratio of rates", xscale="log", yscale="log")
        right.legend()
    return fig, numbers


def draw_momentum_map(shape: float, etas: Array, deltas: Array):
    """EASGD-F5.10 to F5.12: spectral radius of (5.30) over rate and momentum, lam = omega = `shape`."""
    radius = gamma_noise.msgd_radius(etas[None, :], deltas[:, None], shape, shape)
    best = formula("EASGD-5.27").numeric(lam=shape, omega=shape)
    with plot.style():
        fig, ax = plt.subplots(figsize=(6.4, 4.4))
        maps.colour_bar(fig, maps.radius_map(ax, etas, deltas, radius), ax)
        maps.mark(ax, best, 0.0, "optimum", "true optimum")
        maps.mark(ax, shape / (shape + 1.0), 0.0, "printed", "printed")
        ax.plot(etas, valley(radius, deltas), color="white", linewidth=1.4, label=r"best $\delta$ for each $\eta$")
        ax.set(xlabel=r"learning rate $\eta$", ylabel=r"momentum rate $\delta$", title=rf"$\lambda=\omega={shape:g}$", xlim=(0, 1), ylim=(-1, 1))
        fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, facecolor="0.6", frameon=True)
    return fig, {"eta": etas, "delta": deltas, "radius": radius, "optimum": [best, 0.0, 1.0 / (shape + 1.0)]}


def valley(radius: Array, deltas: Array) -> Array:
    """For every column of a map, the ordinate of its lowest entry."""
    return deltas[np.argmin(radius, axis=0)]


def draw_cut(deltas: Array, shapes: tuple[float, ...]):
    """EASGD-F5.13: spectral radius of (5.30) against momentum at the rate that is best without it; the bound 1/(lam + 1)."""
    numbers = {"delta": deltas}
    with plot.style():
        fig, ax = plt.subplots()
        for shape, look in zip(shapes, LOOKS, strict=False):
            curve = numbers[f"lam = {shape:g}"] = gamma_noise.msgd_radius(shape / (shape + 1.0), deltas, shape, shape)
            ax.plot(deltas, curve, **{**look, "label": rf"$\lambda=\omega={shape:g}$, $\eta={shape / (shape + 1.0):.3g}$"})
            ax.plot([0.0], [1.0 / (shape + 1.0)], "k*", markersize=9.0)
        ax.set(xlabel=r"momentum rate $\delta$", ylabel="spectral radius", ylim=(0, 1.05))
        ax.legend()
    return fig, numbers


def draw_laws(lams: Array, omegas: Array):
    """EASGD-F5.14: spectral radius of (5.30) over the law, for three choices of rate and momentum; and where momentum helps."""
    radii = {pair: gamma_noise.msgd_radius(*pair, lams[:, None], omegas[None, :]) for pair in LAW_PANELS}
    _, plain, fast = radii.values()
    gain = np.where(np.minimum(plain, fast) < 1.0, np.minimum(plain, 1.0) - np.minimum(fast, 1.0), np.nan)
    line = omegas / LAW_PANELS[1][0] - 1.0
    with plot.style():
        fig, axes = plt.subplots(2, 2, figsize=(9.6, 8.0), sharex=True, sharey=True)
        for ax, ((eta, delta), radius) in zip(axes.flat, radii.items(), strict=False):
            mesh = maps.radius_map(ax, omegas, lams, radius)
            ax.set_title(rf"$\eta={eta:g},\ \delta={delta:g}$")
        maps.colour_bar(fig, mesh, axes[0])
        last = axes[1, 1]
        shown = last.pcolormesh(omegas, lams, gain, cmap="PuOr", vmin=-0.15, vmax=0.15, shading="nearest", rasterized=True)
        last.contour(omegas, lams, plain - fast, [0.0], colors="black", linewidths=1.8)
        last.plot(omegas[line < lams[-1]], line[line < lams[-1]], color="black", linestyle="dotted", label=r"$\omega=\eta(\lambda+1)$")
        last.set(title=r"radius at $\delta=0$ less radius at $\delta=0.9$", ylim=(0, lams[-1]))
        last.set_facecolor(maps.UNSTABLE)
        last.grid(False)
        last.legend(loc="lower right", facecolor="white", frameon=True)
        fig.colorbar(shown, ax=axes[1], label="gain by momentum (orange: it slows)", shrink=0.9, extend="min")
        fig.supxlabel(r"rate $\omega$ of the Gamma law")
        fig.supylabel(r"shape $\lambda$ of the Gamma law")
    return fig, {"lam": lams, "omega": omegas, **{f"eta = {e:g}, delta = {d:g}": radius for (e, d), radius in radii.items()}}
