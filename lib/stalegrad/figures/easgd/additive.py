"""Figures of section 5.1: maps of spectral radii (F5.1, F5.2, F5.6, F5.8), moduli of eigenvalues (F5.4, F5.5), optima and variances."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.moments import additive_noise as additive
from stalegrad.theory import formula
from stalegrad.theory.easgd.additive_optimum import EDGE
from stalegrad.theory.easgd.symbols import beta

Array = np.ndarray
RATES, MOMENTA, PULLS = maps.grid(0.0, 2.0, 160), maps.grid(-1.0, 1.0, 160), maps.grid(-1.0, 1.0, 160)
"""The axes of the maps: eta in (0, 2), delta and alpha in (-1, 1)."""
OPTIMUM = {"color": "white", "linewidth": 2.4, "label": "true optimum for each $\\eta$"}
PRINTED = {"color": "#D55E00", "linewidth": 1.8, "linestyle": "--", "label": "printed rule"}
LINES = {
    "z_1": {"color": "#D55E00", "linestyle": "--", "label": "$|z_1|$, differences of workers"},
    "z_2": {"color": "#0072B2", "linestyle": "-.", "label": "$|z_2|$"},
    "z_3": {"color": "#009E73", "linestyle": "-", "label": "$|z_3|$"},
}


def _map(ax, radius: Array, label: str):
    mesh = maps.radius_map(ax, RATES, PULLS, radius)
    ax.set(xlabel=r"learning rate $\eta$", ylabel=label, xlim=(0, 2), ylim=(-1, 1))
    return mesh


def _legend(ax) -> None:
    ax.legend(loc="upper right", frameon=True, facecolor="#808080", labelcolor="white", fontsize=9)


def draw_momentum():
    """F5.1: radius of (5.6) over eta and delta, with the optimal delta for each eta."""
    radius = additive.momentum_radius(RATES, MOMENTA[:, None])
    best = formula("EASGD-msgd-optimal").numeric(eta=RATES)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.8))
        mesh = _map(ax, radius, r"momentum rate $\delta$")
        ax.plot(RATES, best["delta"], **OPTIMUM)
        ax.plot(RATES, best["delta"], **{**PRINTED, "label": r"printed, $\delta_h=(\sqrt{\eta_h}-1)^2$: the same"})
        maps.mark(ax, 1.0, 0.0, "optimum")
        _legend(ax)
        maps.colour_bar(fig, mesh, ax, "radius of the second moments, sp(M)")
    return fig, {"eta": RATES, "delta": MOMENTA, "radius": radius, "best delta": best["delta"]}


def draw_reduced():
    """F5.2: radius of (5.12), average and centre only, over eta and alpha at beta = 0.9, with (5.17)."""
    radius = additive.reduced_radius(RATES, PULLS[:, None])
    best = formula("EASGD-easgd-reduced-optimal").numeric(eta=RATES, beta=additive.BETA)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.8))
        mesh = _map(ax, radius, r"moving rate $\alpha$")
        ax.plot(RATES, best["alpha"], **OPTIMUM)
        ax.plot(RATES, best["alpha"], **{**PRINTED, "label": "printed, (5.17): the same"})
        maps.mark(ax, 1.0 / additive.BETA, float(np.interp(1.0 / additive.BETA, RATES, best["alpha"])), "optimum")
        _legend(ax)
        maps.colour_bar(fig, mesh, ax, "radius of the second moments, sp(M)")
    return fig, {"eta": RATES, "alpha": PULLS, "radius": radius, "best alpha": best["alpha"]}


def draw_full(push: float = additive.BETA):
    """F5.6: radius of M_p of (5.18), p > 1, over eta and alpha, with the printed rule and the true optimum.

    Beside it, the radius that each of the two attains. `push` is beta, from 0.35 to 1.
    """
    radius = additive.drift_radius(RATES, PULLS[:, None], push)
    best, rule = (additive.full_optimum(RATES, push, printed=which) for which in (False, True))
    edge = float(EDGE.subs(beta, push))
    lowest = additive.full_optimum(edge, push)
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.6), width_ratios=(1.4, 1.0))
        mesh = _map(left, radius, r"moving rate $\alpha$")
        left.plot(RATES, best["alpha"], **OPTIMUM)
        left.plot(RATES, rule["alpha"], **PRINTED)
        maps.mark(left, edge, float(lowest["alpha"]), "optimum")
        maps.mark(left, additive.LARGE_RATE, float(np.interp(additive.LARGE_RATE, RATES, rule["alpha"])), "printed")
        _legend(left)
        maps.colour_bar(fig, mesh, left, r"radius of the drift, sp($M_p$)")
        right.plot(RATES, best["sp"], **{**plot.line("easgd"), "label": "true optimum"})
        right.plot(RATES, rule["sp"], **PRINTED)
        right.axvspan(push, edge, color="#009E73", alpha=0.25, linewidth=0, label="(5.17) is optimal")
        right.set(xlabel=r"learning rate $\eta$", ylabel=r"least radius over $\alpha$, sp($M_p$)", xlim=(0, 2), ylim=(0, 1))
        right.legend(loc="upper center")
    numbers = {"eta": RATES, "alpha": PULLS, "radius": radius, "best alpha": best["alpha"], "best radius": best["sp"]}
    return fig, numbers | {"printed alpha": rule["alpha"], "printed radius": rule["sp"]}


def draw_moduli(eta: float):
    """F5.4 (eta = 0.1) or F5.5 (eta = 1.5): moduli of the three eigenvalues of (5.19) against alpha, with both optima."""
    pulls = np.linspace(-1.0, 1.0, 1001)
    moduli = dict(zip(LINES, additive.moduli(pulls, eta), strict=True))
    best, rule = (additive.full_optimum(eta, additive.BETA, printed=which) for which in (False, True))
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.4))
        for name, look in LINES.items():
            ax.plot(pulls, moduli[name], **look)
        ax.axhline(1.0, color="grey", linewidth=0.8)
        maps.mark(ax, float(rule["alpha"]), float(rule["sp"]), "printed", "largest modulus at the printed optimum")
        maps.mark(ax, float(best["alpha"]), float(best["sp"]), "optimum", "largest modulus at the true optimum")
        ax.set(xlabel=r"moving rate $\alpha$", ylabel="modulus", title=rf"$\eta_h={eta}$, $\beta={additive.BETA}$", ylim=(0, 2))
        ax.legend(fontsize=9)
    return fig, {"alpha": pulls, **moduli, "optimum": [best["alpha"], best["sp"]], "printed": [rule["alpha"], rule["sp"]]}


def draw_rule(size: int = 160):
    """EASGD-easgd-full-optimal: over eta and beta, how much larger the printed rule's radius is than the least, and the edges of the pieces."""
    axis = maps.grid(0.0, 2.0, size)
    best, rule = (additive.full_optimum(axis, axis[:, None], printed=which)["sp"] for which in (False, True))
    loss = np.where(best < 1.0, rule - best, np.nan)
    # Where the rule is right the two agree to rounding.
    loss = np.where(loss < 1e-9, 0.0, loss)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 5.0))
        mesh = ax.pcolormesh(axis, axis, loss, cmap="viridis", vmin=0.0, shading="nearest", rasterized=True)
        ax.set_facecolor(maps.UNSTABLE)
        ax.plot(axis, axis, color="white", linestyle="--", label=r"$\eta_h=\beta$")
        low = axis[axis <= 1.0]
        ax.plot((low + 2.0) ** 2 / (9.0 * low), low, color="white", label=r"$\eta_h=(\beta+2)^2/(9\beta)$")
        ax.plot(axis[axis <= 1.0], 2.0 - axis[axis <= 1.0], color="white", linestyle=":", label=r"$\eta_h+\beta=2$")
        maps.mark(ax, additive.LARGE_RATE, additive.BETA, "printed", "Figures 5.5 and 5.7")
        maps.mark(ax, additive.SMALL_RATE, additive.BETA, "optimum", "Figures 5.3 and 5.4")
        ax.set(xlabel=r"$\eta_h$", ylabel=r"$\beta$", xlim=(0, 2), ylim=(0, 2))
        ax.legend(loc="lower left", frameon=True, facecolor="#808080", labelcolor="white", fontsize=9)
        ax.grid(False)
        fig.colorbar(mesh, ax=ax, label="radius at the printed rate, less the least radius")
    return fig, {"axis": axis, "loss": loss}


def best_pulls(rates: Array) -> dict[str, Array]:
    """The best alpha of EAMSGD, and its radius, at learning rates `rates`."""
    found = [additive.best_alpha(float(rate)) for rate in rates]
    return {name: np.array([each[name] for each in found]) for name in ("alpha", "sp")}


def draw_eamsgd():
    """F5.8: radius of (5.20) over eta and alpha at beta = 0.9, delta = 0.99; beside it the best radius with and without coupling."""
    radius = additive.momentum_drift_radius(RATES, PULLS[:, None])
    rates = maps.grid(0.0, 1.6, 64)
    best, alone = best_pulls(rates), additive.momentum_drift_radius(rates, 0.0)
    elastic = additive.full_optimum(rates, additive.BETA)["sp"]
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.6), width_ratios=(1.4, 1.0))
        mesh = _map(left, radius, r"moving rate $\alpha$")
        left.plot(rates, best["alpha"], **OPTIMUM)
        _legend(left)
        maps.colour_bar(fig, mesh, left, r"radius of the drift, sp($M_p$)")
        right.plot(rates, best["sp"], **{**plot.line("eamsgd"), "label": r"EAMSGD, best $\alpha$"})
        right.plot(rates, alone, **{**plot.line("nesterov"), "label": r"no coupling, $\alpha=0$"})
        right.plot(rates, elastic, **{**plot.line("easgd"), "label": r"EASGD, $\delta=0$, best $\alpha$"})
        right.set(xlabel=r"learning rate $\eta$", ylabel=r"sp($M_p$)", xlim=(0, 1.6), ylim=(0, 1.2))
        right.legend()
    numbers = {"eta": RATES, "alpha": PULLS, "radius": radius, "eta of the optimum": rates, "best alpha": best["alpha"], "best radius": best["sp"]}
    return fig, numbers | {"alone": alone, "easgd": elastic}


def draw_variances(momenta: tuple[float, ...], rates: Array):
    """EASGD-msgd-variance: stationary variance of momentum SGD against eta, h = sigma = 1, a curve for each delta, and the limit delta = 1."""
    looks = ("sgd", "nesterov", "eamsgd", "minibatch")
    curves = {f"{momentum:g}": additive.momentum_stationary(rates, momentum, 1.0, 1.0)["x2"] for momentum in momenta}
    limit = formula("EASGD-msgd-limit").numeric(eta=rates)
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.4))
        for look, (momentum, curve) in zip(looks, curves.items(), strict=True):
            ax.plot(rates, np.where(np.isfinite(curve), curve, np.nan), **{**plot.line(look), "label": rf"$\delta={momentum}$"})
        ax.plot(rates, np.where(np.isfinite(limit), limit, np.nan), **{**plot.line("exact"), "label": r"$\delta\to1$"})
        ax.axvline(4.0 / 3.0, color="grey", linewidth=0.8, label=r"$\eta_h=4/3$")
        ax.set(xlabel=r"learning rate $\eta_h$", ylabel=r"stationary $\mathbb{E}x^2$, in $\sigma^2/h^2$", yscale="log", ylim=(0.01, 30))
        ax.legend()
    return fig, {"eta": rates, **curves, "limit": limit}


def draw_batches(rates: Array, batches: tuple[int, ...]):
    """EASGD-5.3: stationary variance of SGD against eta h for some batch sizes, and that of its Ornstein-Uhlenbeck limit."""
    rest = {"h": 1.0, "sigma": 1.0}
    exact = additive.momentum_stationary(rates, 0.0, **rest)["x2"]
    limit = rates / 2.0
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.2))
        for batch, look in zip(batches, ("sgd", "minibatch", "nesterov"), strict=True):
            ax.plot(rates, exact / batch, **{**plot.line(look), "label": f"batch of {batch}"})
            name = "Ornstein-Uhlenbeck limit" if batch == batches[-1] else None
            ax.plot(rates, limit / batch, color="black", linestyle=":", linewidth=1.0, label=name)
        ax.set(xlabel=r"learning rate $\eta h$", ylabel=r"stationary variance, in $\sigma^2/h^2$", yscale="log")
        ax.legend()
    return fig, {"eta": rates, "exact": exact, "limit": limit, "batches": batches}


def draw_eamsgd_levels(rates: Array, pull: float, momenta: tuple[float, ...], n_workers: int):
    """EASGD-eamsgd-stationary: stationary E centre^2 (full) and E average^2 (thin) against eta, beta = 0.9, some momenta."""
    numbers = {"eta": rates}
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.4))
        for momentum, look in zip(momenta, ("easgd", "eamsgd", "minibatch", "exact"), strict=True):
            level = additive.eamsgd_stationary(rates, pull, additive.BETA, momentum, 1.0, 1.0, n_workers)
            ax.plot(rates, level["x2"], **{**plot.line(look), "label": rf"$\delta={momentum:g}$"})
            ax.plot(rates, level["y2"], color=plot.line(look)["color"], linestyle=plot.line(look)["linestyle"], linewidth=0.7)
            numbers |= {f"{name}, delta = {momentum:g}": values for name, values in level.items()}
        title = rf"$\alpha={pull}$, $\beta={additive.BETA}$, $p={n_workers}$; thin: the spatial average"
        ax.set(xlabel=r"learning rate $\eta_h$", ylabel=r"stationary $\mathbb{E}\tilde x^2$, in $\sigma^2/h^2$", yscale="log", title=title)
        ax.legend()
    return fig, numbers
