"""Figures of the three phases: how the stated probabilities and times compare with the linear equation, the flow and the algorithm."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import ndtr

from stalegrad import plot
from stalegrad.algorithms.pca import streaming_pca
from stalegrad.engine.simulate import simulate
from stalegrad.problems.streaming import streaming_data
from stalegrad.staleness import constant
from stalegrad.theory import formula
from stalegrad.theory.pca import flow, phases, stability

Array = np.ndarray
LAM = (4.0, 3.0)
ALPHA2 = 12.0
"""alpha_12^2 of data of signs with these eigenvalues."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
STYLES = ("-", "--", "-.", ":")


def final(eta: float, momentum: float, start, time: float, n_paths: int, seed: int, tau: int = 0) -> Array:
    """h after `time`, (paths, 2), of the algorithm with data of signs."""
    process = streaming_pca(streaming_data(LAM, law="signs"), eta, momentum, constant(tau), observe="h")
    return simulate(process, start, n_paths=n_paths, n_steps=max(1, round(time / eta)), seed=seed, keep="final").final


def settling(shares, momentum: float, eps: float, delta2: float) -> dict[str, Array]:
    """P(H_2^2 <= eps) over the time in units of (1 - mu) / (2 g), for eta phi = share (1 - mu) g eps; and both times T_3.

    The curve is named by its share, the times "times, .." are (right, printed).
    """
    unit = (1.0 - momentum) / 2.0
    found = {"time": np.linspace(0.02, 4.0, 200)}
    for share in shares:
        eta = share * (1.0 - momentum) * eps / ALPHA2
        linear = {"eta": eta, "momentum": momentum, "gap": 1.0, "delta2": delta2, "eps": eps}
        found[f"share {share:g}"] = np.array([phases.within(unit * s, alpha2=ALPHA2, **linear) for s in found["time"]])
        times = (formula("PCA-P6").numeric(phi=ALPHA2, **linear), formula("PCA-P6").numeric_printed(phi=ALPHA2, **linear))
        found[f"times, share {share:g}"] = np.array(times) / unit
    return found


def settling_paths(share: float, momentum: float, eps: float, delta2: float, at: Array, n_paths: int, seed: int) -> Array:
    """The same probability for the algorithm, at the times `at` in the same unit."""
    eta = share * (1.0 - momentum) * eps / ALPHA2
    start = [math.sqrt(1.0 - delta2), math.sqrt(delta2)]
    return np.array([(final(eta, momentum, start, 0.5 * (1.0 - momentum) * s, n_paths, seed)[:, 1] ** 2 <= eps).mean() for s in at])


def draw_settling(found: dict[str, Array], points: dict[str, Array]):
    """PCA-P6: probability against time; full marks at the right T_3, crosses at the printed one. `points`: "at" and, by share, the algorithm's."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.6, 4.4))
        shares = [name for name in found if name.startswith("share")]
        for name, colour, style in zip(shares, COLOURS, STYLES, strict=False):
            ax.plot(found["time"], found[name], color=colour, linestyle=style, label=rf"$\eta\phi={name.split()[1]}\,(1-\mu)g\epsilon$")
            right, printed = found[f"times, {name}"]
            ax.plot(right, np.interp(right, found["time"], found[name]), "o", color=colour, markersize=8)
            ax.plot(printed, np.interp(printed, found["time"], found[name]), "X", color=colour, markersize=9, markeredgecolor="white")
            if name in points:
                ax.plot(points["at"], points[name], "s", color=colour, markerfacecolor="white", markersize=5)
        for marker, label in (("o", "right $T_3$"), ("X", "printed $T_3$"), ("s", "algorithm")):
            face = "white" if marker == "s" else "black"
            ax.plot([], [], marker, color="black", markerfacecolor=face, label=label)
        ax.axhline(0.75, color="grey", linewidth=1.0)
        ax.set(xlabel=r"time, in units of $(1-\mu)/(2g)$", ylabel=r"$P\left(H_2^2\leq\epsilon\right)$", ylim=(0.0, 1.02))
        ax.legend(loc="lower right")
    return fig, {**found, **{f"points {name}": values for name, values in points.items()}}


def crossing(eta: float, momentum: float, delta2: float, n_paths: int, seed: int, tau: int = 0) -> dict[str, Array]:
    """H_1^2 over the time in units of T_2: the flow, and paths of the algorithm (points, paths)."""
    T = formula("PCA-P8").numeric(momentum=momentum, gap=1.0, delta2=delta2)
    start, shares = [math.sqrt(delta2), math.sqrt(1.0 - delta2)], np.linspace(0.0, 1.2, 121)
    process = streaming_pca(streaming_data(LAM, law="signs"), eta, momentum, constant(tau), observe="h")
    run = simulate(process, start, n_paths=n_paths, n_steps=math.ceil(1.2 * T / eta), seed=seed, keep="paths")
    steps = np.minimum(np.rint(shares * T / eta).astype(int), run.paths.shape[1] - 1)
    return {"share": shares, "flow": flow.solution(start, LAM, momentum, shares * T)[:, 0] ** 2, "paths": run.paths[:, steps, 0].T ** 2}


def draw_crossing(found: dict[str, Array], delta2: float):
    """PCA-P8: from delta^2 to 1 - delta^2; the printed T_2 is half of the right one."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.6, 4.0))
        ax.plot(found["share"], found["paths"], color="#56B4E9", linewidth=0.7, linestyle="-")
        ax.plot([], [], color="#56B4E9", linewidth=0.7, linestyle="-", label="paths of the algorithm")
        ax.plot(found["share"], found["flow"], color="black", label="flow (7)")
        ax.axhline(1.0 - delta2, color="grey", linewidth=1.0)
        ax.axhline(delta2, color="grey", linewidth=1.0)
        for share, label, colour, style in ((0.5, "printed $T_2$", "#D55E00", "--"), (1.0, "right $T_2$", "#0072B2", "-.")):
            ax.axvline(share, color=colour, linestyle=style, label=label)
        ax.set(xlabel="time over the right $T_2$", ylabel="$H_1^2$", ylim=(0.0, 1.02))
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, 0.9))
    return fig, found


def escape(eta: float, momentum: float, delta2: float, times: Array) -> Array:
    """P(H_1^2 >= delta^2) at `times` from the saddle e_2, by the linear equation."""
    variance = formula("PCA-T9").numeric(t=times, momentum=momentum, gap=1.0, alpha2=ALPHA2)["variance"]
    return 2.0 * ndtr(-np.sqrt(delta2 / (eta * variance)))


def escapes(eta: float, momenta, delta2: float, at: Array, n_paths: int, seed: int) -> dict[str, Array]:
    """That probability for several momenta over the time, on a fine grid and, for the algorithm, at `at`; and the times T_1 at nu = 0.3."""
    found = {"time": np.linspace(0.01, at[-1] * 1.05, 200), "at": at}
    for mu in momenta:
        found[f"law, mu = {mu:g}"] = escape(eta, mu, delta2, found["time"])
        paths = [(final(eta, mu, [0.0, 1.0], T, n_paths, seed)[:, 0] ** 2 >= delta2).mean() for T in at]
        found[f"algorithm, mu = {mu:g}"] = np.array(paths)
        found[f"T_1, mu = {mu:g}"] = np.array([phases.escape_time(eta, mu, LAM, delta2, 0.3, ALPHA2)])
    return found


def escape_rates(eta: float, gap: float, momenta: Array, delays: Array) -> dict[str, Array]:
    """Rate at which the mean leaves the saddle: over the momentum without delay, over the delay without momentum."""
    return {
        "mu": momenta,
        "tau": delays,
        "momentum": np.array([stability.escape_rate(eta, mu, 0, gap) for mu in momenta]),
        "delay": np.array([stability.escape_rate(eta, 0.0, int(tau), gap) for tau in delays]),
    }


def draw_escape(found: dict[str, Array], rates: dict[str, Array], eta: float):
    """PCA-P10: left the probability of having left the saddle; right the rates, momentum and delay with opposite effects."""
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
        names = [name for name in found if name.startswith("law")]
        for name, colour, style in zip(names, COLOURS, STYLES, strict=False):
            mu = name.split()[-1]
            left.plot(found["time"], found[name], color=colour, linestyle=style, label=rf"law of $T_1$, $\mu={mu}$")
            left.plot(found["at"], found[f"algorithm, mu = {mu}"], "s", color=colour, markerfacecolor="white", markersize=5)
            left.plot(found[f"T_1, mu = {mu}"], [0.7], "o", color=colour, markersize=8)
        left.plot([], [], "s", color="black", markerfacecolor="white", label="algorithm")
        left.plot([], [], "o", color="black", label=r"$T_1$ at $\nu=0.3$")
        left.set(xlabel=r"time $k\eta$", ylabel=r"$P\left(H_1^2\geq\delta^2\right)$", ylim=(0.0, 1.0))
        left.legend(loc="lower right", fontsize=9)
        right.plot(rates["mu"], rates["momentum"], color=COLOURS[0], label=r"momentum $\mu$, no delay")
        delay = eta * rates["tau"]
        right.plot(delay, rates["delay"], color=COLOURS[1], linestyle="--", label=r"constant delay $\eta\tau$, no momentum")
        right.set(xlabel=r"$\mu$, or $\eta\tau$", ylabel="rate of leaving the saddle, per unit of time", yscale="log")
        right.legend()
    return fig, {**found, **rates}
