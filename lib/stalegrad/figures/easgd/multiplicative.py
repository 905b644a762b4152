"""Figures of section 5.2.3: elastic averaging under multiplicative noise, and its limits.

Claims: EASGD-F5.15 to EASGD-F5.19, EASGD-easgd-finite-p, EASGD-easgd-infinite-p, EASGD-eamsgd-nine.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.figures.easgd.gamma import LOOKS
from stalegrad.moments import gamma_noise
from stalegrad.moments.gamma_noise import BETA, best_rates, easgd_radius, edge_of_stability
from stalegrad.theory import formula
from stalegrad.theory.easgd import multiplicative_elastic as theory

Array = np.ndarray
PRINTED = {0.5: (0.3814, 6), 1.0: (0.5225, 7), 2.0: (0.6647, 9), 10.0: (0.8929, 29)}
"""(eta, p) of the printed minima by lam = omega; the value of the radius is in the ledger."""
PRINTED_ALPHA = (0.4343, 0.2525)
"""(eta, alpha) of the printed minimum of Figure 5.19."""


def draw_workers(shape: float, etas: Array, workers: Array, lowest: dict):
    """EASGD-F5.15 to F5.18: radius over rate and workers, alpha = beta/p; beside it the best rate for each p.

    Parameters
    ----------
    shape : float
        lam = omega.
    etas : array (n,)
    workers : array (m,), real numbers from 1 on
    lowest : {"sp", "p", "eta"}
        The true minimum, such as `sg.claim("EASGD-sp-easgd-1").value()["continuous"]`.
    """
    setting = gamma_noise.setting_of_workers(shape, top=2.0)
    radius = setting.radius(etas[None, :], workers[:, None])
    _, best = best_rates(setting.radius, etas, workers)
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.4), width_ratios=(1.35, 1.0))
        maps.colour_bar(fig, maps.radius_map(left, etas, workers, radius), left)
        maps.mark(left, lowest["eta"], lowest["p"], "optimum", "true optimum")
        maps.mark(left, *PRINTED[shape], "printed", "printed")
        left.set(xlabel=r"learning rate $\eta$", ylabel="workers $p$", title=rf"$\lambda=\omega={shape:g}$, $\beta={BETA}$, $\alpha=\beta/p$")
        left.legend(loc="upper left", facecolor="0.8", frameon=True)
        right.plot(workers, best, **{**plot.line("easgd"), "label": r"EASGD, $\alpha=\beta/p$"})
        right.plot(workers, 1.0 / (1.0 + workers * shape), **plot.line("minibatch"))
        right.axhline(1.0 / (1.0 + shape), color="grey", linewidth=1.0, label="SGD with one draw; EASGD in the limit")
        right.set(xlabel="workers $p$", ylabel=r"lowest radius over $\eta$", ylim=(0, 1), xscale="log")
        fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, {"eta": etas, "p": workers, "radius": radius, "best": best, "optimum": [lowest["eta"], lowest["p"], lowest["sp"]]}


def draw_alpha(etas: Array, alphas: Array, lowest: dict):
    """EASGD-F5.19: radius over rate and alpha at p = 100, with the edge for p = infinity and the alpha of the widest range.

    `lowest` is the true minimum, {"sp", "alpha", "eta"}.
    """
    setting = gamma_noise.setting_of_alpha()
    radius = setting.radius(etas[None, :], alphas[:, None])
    shape = setting.lam
    pulls = alphas[alphas > 0]
    edge = many_workers_edge(pulls, BETA, shape, shape)
    widest = formula("EASGD-easgd-infinite-p").numeric(lam=shape, omega=shape)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 5.0))
        maps.colour_bar(fig, maps.radius_map(ax, etas, alphas, radius), ax)
        maps.mark(ax, lowest["eta"], lowest["alpha"], "optimum", "true minimum")
        maps.mark(ax, *PRINTED_ALPHA, "printed", "printed minimum")
        ax.plot(edge, pulls, color="#D55E00", linestyle="dashed", label=r"edge for $p=\infty$")
        ax.plot([widest["eta"]], [widest["alpha"]], "o", color="#D55E00", label=r"widest, $\alpha=1-\sqrt{\lambda}$")
        title = rf"$\lambda=\omega={shape:g}$, $\beta={BETA}$, $p={gamma_noise.WORKERS_OF_ALPHA}$"
        ax.set(xlabel=r"learning rate $\eta$", ylabel=r"moving rate $\alpha$", xlim=(0, 1), ylim=(-1, 1), title=title)
        fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, facecolor="0.8", frameon=True)
    return fig, {"eta": etas, "alpha": alphas, "radius": radius, "edge": edge, "optimum": [lowest["eta"], lowest["alpha"], lowest["sp"]]}


def many_workers_edge(alphas: Array, beta: float, lam: float, omega: float) -> Array:
    """Largest stable rate for p = infinity and alpha in (0, 1), the smallest of the three of Case II."""
    values = {theory.beta: beta, theory.lam: lam, theory.omega: omega}
    edges = [sp.lambdify(theory.alpha, edge.subs(values))(alphas) for edge in theory.EDGES.values()]
    return np.minimum.reduce(edges)


def rates_by_workers(shape: float, betas: tuple[float, ...], workers: Array) -> dict[float, Array]:
    """Lowest radius over the rate, alpha = beta/p, for each beta and p."""
    etas = np.linspace(0.0, 1.6, 161)[1:]
    return {beta: best_rates(lambda eta, p, beta=beta: easgd_radius(eta, beta / p, beta, p, shape, shape), etas, workers)[1] for beta in betas}


def rates_with_free_alpha(shape: float, workers: Array) -> Array:
    """Lowest radius over rate and alpha for each p (beta = 0.9)."""
    radii = (lambda eta, alpha, p=p: easgd_radius(eta, alpha, BETA, p, shape, shape) for p in workers)
    return np.array([gamma_noise.lowest_near(radius, (0.01, 1.2), (-0.5, 0.9), zooms=14, points=21).sp for radius in radii])


def draw_finite(shape: float, workers: Array, rates: dict[float, Array], free: Array):
    """EASGD-easgd-finite-p: best rate against p for several beta with alpha = beta/p, and with alpha free (beta = 0.9)."""
    range_ = formula("EASGD-easgd-finite-p").numeric(lam=shape)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.4, 4.6))
        for (beta, curve), look in zip(rates.items(), LOOKS, strict=False):
            ax.plot(workers, curve, **{**look, "label": rf"$\beta={beta:g}$, $\alpha=\beta/p$"})
            ax.plot(workers[curve.argmin()], curve.min(), "k*", markersize=9.0)
        ax.plot(workers, free, color="black", linestyle=(0, (1, 1)), label=rf"$\beta={BETA}$, best $\alpha$")
        ax.axhline(1.0 / (shape + 1.0), color="grey", linewidth=1.0, label=r"$1/(\lambda+1)$, SGD")
        low, high = range_["beta_low"], range_["beta_high"]
        title = rf"$\lambda=\omega={shape:g}$: a finite $p$ is best for ${low:.3f}<\beta<{high:.3f}$"
        ax.set(xscale="log", xlabel="workers $p$ (stars: the lowest)", ylabel=r"lowest radius over $\eta$", title=title, ylim=(0.3, 1.0))
        plot.legend_outside(ax)
    return fig, {"p": workers, "free alpha": free, **{f"beta = {b:g}": curve for b, curve in rates.items()}}


def edges_by_workers(shape: float, workers: Array) -> dict[str, Array]:
    """Largest stable rate against p: mini-batch SGD, EASGD with alpha = beta/p, and with alpha = 1 - sqrt(lam) or 0."""
    etas = np.linspace(0.0, 4.0, 401)[1:] * shape / (shape + 1.0)
    pull = formula("EASGD-easgd-infinite-p").numeric(lam=shape, omega=shape)["alpha"]
    return {
        "minibatch": 2.0 * workers * shape / (workers * shape + 1.0),
        "easgd": np.array([edge_of_stability(lambda eta, p=p: easgd_radius(eta, BETA / p, BETA, p, shape, shape), etas) for p in workers]),
        "eamsgd": np.array([edge_of_stability(lambda eta, p=p: easgd_radius(eta, pull, BETA, p, shape, shape), etas) for p in workers]),
    }


def centre_history(eta: float, shape: float, workers: tuple[int, ...], n_steps: int) -> dict[int, Array]:
    """Exact E centre^2 from start 1, alpha = beta/p, for each p."""
    found = {}
    for p in workers:
        step = formula("EASGD-5.34").numeric(eta=eta, alpha=BETA / p, beta=BETA, p=p, lam=shape, omega=shape)
        moments = np.ones(4)
        found[p] = np.array([moments[0], *((moments := step @ moments)[0] for _ in range(n_steps))])
    return found


def draw_infinite(shape: float, workers: Array, edges: dict[str, Array], eta: float, histories: dict[int, Array]):
    """EASGD-easgd-infinite-p: edges of stability against p; and the centre beyond the limit edge, for growing p."""
    labels = {"minibatch": "mini-batch SGD", "easgd": r"EASGD, $\alpha=\beta/p$", "eamsgd": r"EASGD, $\alpha=1-\sqrt{\lambda}$"}
    numbers = {"p": workers, **edges}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.4))
        for name, label in labels.items():
            left.plot(workers, edges[name], **{**plot.line(name), "label": label})
        left.axhline(2.0 * shape / (shape + 1.0), color="grey", linewidth=1.0, label=r"$2\omega/(\lambda+1)$, SGD")
        left.axhline(np.sqrt(shape), color="grey", linewidth=1.0, linestyle="dotted", label=r"$\omega/\sqrt{\lambda}$")
        left.set(
            xscale="log", xlabel="workers $p$", ylabel=r"largest stable $\eta$", ylim=(0, None), title=rf"$\lambda=\omega={shape:g}$, $\beta={BETA}$"
        )
        fig.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2, fontsize=9.0)
        for (p, history), look in zip(histories.items(), LOOKS, strict=False):
            numbers[f"centre, p = {p}"] = history
            right.plot(history, **{**look, "label": rf"$p={p}$"})
        right.set(yscale="log", xlabel="step", ylabel=r"$E\,\tilde x^2$ of the centre", title=rf"$\eta={eta:g}$, beyond the limit")
        right.legend()
    return fig, numbers


def momentum_curve(deltas: Array, p: int, shape: float) -> Array:
    """Lowest radius of EAMSGD over rate and alpha, for each momentum (beta = 0.9)."""
    boxes = (0.005, 1.6), (-0.5, 1.2)
    radii = (lambda eta, alpha, d=d: gamma_noise.eamsgd_radius(eta, alpha, BETA, d, p, shape, shape) for d in deltas)
    return np.array([gamma_noise.lowest_near(radius, *boxes, zooms=11, points=21).sp for radius in radii])


def draw_eamsgd(shape: float, p: int, panels: tuple[float, float], etas: Array, alphas: Array, deltas: Array, curves: dict[int, Array]):
    """EASGD-eamsgd-nine: radius over rate and alpha for two momenta at p workers; and the lowest radius against momentum."""
    numbers = {"eta": etas, "alpha": alphas, "delta": deltas}
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(13.0, 4.2))
        for ax, delta in zip(axes, panels, strict=False):
            radius = gamma_noise.eamsgd_radius(etas[None, :], alphas[:, None], BETA, delta, p, shape, shape)
            numbers[f"radius, delta = {delta:g}"] = radius
            mesh = maps.radius_map(ax, etas, alphas, radius)
            eta, alpha, _ = maps.lowest(etas, alphas, radius)
            maps.mark(ax, eta, alpha, "optimum")
            ax.set(xlabel=r"learning rate $\eta$", ylabel=r"moving rate $\alpha$", title=rf"$\delta={delta:g}$, $p={p}$")
        maps.colour_bar(fig, mesh, axes[:2])
        for (workers, curve), look in zip(curves.items(), LOOKS, strict=False):
            numbers[f"lowest, p = {workers}"] = curve
            axes[2].plot(deltas, curve, **{**look, "label": rf"$p={workers}$"})
        axes[2].axhline(1.0 / (shape + 1.0), color="grey", linewidth=1.0, label=r"$1/(\lambda+1)$, SGD")
        axes[2].set(
            xlabel=r"momentum rate $\delta$", ylabel=r"lowest radius over $\eta$ and $\alpha$", title=rf"$\lambda=\omega={shape:g}$, $\beta={BETA}$"
        )
        axes[2].margins(y=0.08)
        fig.legend(*axes[2].get_legend_handles_labels(), loc="outside lower right", ncols=3)
    return fig, numbers
