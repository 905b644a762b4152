"""Figures of section 3.1: the flow beside the algorithm, and the norm that momentum and delay push off the sphere."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.algorithms.pca import streaming_pca
from stalegrad.engine.simulate import simulate
from stalegrad.problems.streaming import streaming_data
from stalegrad.staleness import constant
from stalegrad.theory.pca import flow, recursion

Array = np.ndarray
LAM = (4.0, 3.0, 2.0, 1.0)
"""The spectrum of section 4.1."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
STYLES = ("-", "--", "-.", ":")


def beside_the_flow(start, momentum: float, settings, horizon: float, seed: int, points: int = 120) -> dict[str, Array]:
    """One path for each (eta, tau) in `settings`, and the flow: "time" (points + 1,), "flow" and "eta = .., tau = .." (points + 1, d)."""
    time = np.linspace(0.0, horizon, points + 1)
    found = {"time": time, "flow": flow.solution(start, LAM, momentum, time)}
    for eta, tau in settings:
        process = streaming_pca(streaming_data(LAM), eta, momentum, constant(tau), observe="h")
        run = simulate(process, start, n_paths=1, n_steps=round(horizon / eta), seed=seed)
        found[f"eta = {eta:g}, tau = {tau}"] = run.mean[np.rint(time / eta).astype(int)]
    return found


def draw_flow(found: dict[str, Array]):
    """PCA-T3: squared coordinates of the flow as lines, of single paths as points, a panel for each step size."""
    names = [name for name in found if "," in name]
    with plot.style():
        fig, axes = plt.subplots(1, len(names), figsize=(10.5, 3.8), sharey=True)
        for ax, name in zip(axes, names, strict=True):
            for i, (colour, style) in enumerate(zip(COLOURS, STYLES, strict=True)):
                ax.plot(found["time"], found["flow"][:, i] ** 2, color=colour, linestyle=style, label=rf"$H_{i + 1}^2$, flow (7)")
                ax.plot(found["time"], found[name][:, i] ** 2, ".", color=colour, markersize=3)
            eta, tau = (part.split(" = ")[1] for part in name.split(", "))
            ax.set(title=rf"$\eta={np.format_float_positional(float(eta))}$, $\tau={tau}$", xlabel=r"time $k\eta$")
        axes[0].set_ylabel("squared coordinate (points: one path)")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig, found


def norms(start, eta: float, settings, horizon: float) -> dict[str, Array]:
    """|h|^2 - 1 without noise and its first order, for each (momentum, tau); the time is over 1 - momentum, so that the flows agree."""
    scaled = np.linspace(0.0, horizon, 201)
    found = {"scaled": scaled}
    for mu, tau in settings:
        n = round(horizon * (1.0 - mu) / eta)
        path = recursion.mean_path(start, LAM, eta, mu, tau, n)
        time = eta * np.arange(n + 1)
        at = scaled * (1.0 - mu)
        found[f"mu = {mu:g}, tau = {tau}"] = np.interp(at, time, (path**2).sum(axis=1) - 1.0)
        found[f"first order, mu = {mu:g}, tau = {tau}"] = np.interp(at, time, recursion.norm_excess(LAM, start, eta, mu, tau, time))
    return found


def draw_norms(found: dict[str, Array], eta: float):
    """PCA-L1: the excess of the squared norm in units of eta, a colour for each setting; its first order thin and black."""
    names = [name for name in found if name.startswith("mu")]
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.6, 4.2))
        for name, colour, style in zip(names, COLOURS, STYLES, strict=False):
            mu, tau = (part.split(" = ")[1] for part in name.split(", "))
            ax.plot(found["scaled"], found[name] / eta, color=colour, linestyle=style, linewidth=2.4, label=rf"$\mu={mu}$, $\tau={tau}$")
            ax.plot(found["scaled"], found[f"first order, {name}"] / eta, color="black", linestyle="-", linewidth=0.8)
        ax.plot([], [], color="black", linestyle="-", linewidth=0.8, label="first order in $\\eta$")
        ax.set(xlabel=r"time $k\eta/(1-\mu)$", ylabel=r"$(|v_k|^2-1)/\eta$")
        ax.legend()
    return fig, found
