"""Figures of phase III: the noise floor against momentum and delay, the critical delay, and what happens beyond it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.figures.pca.figure1 import PRINTED
from stalegrad.theory import formula
from stalegrad.theory.pca import diffusion, recursion, stability

Array = np.ndarray
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
STYLES = ("-", "--", "-.", ":")


def floors(eta: float, gap: float, alpha2: float, momenta: Array, largest: float) -> dict[str, Array]:
    """Exact stationary variances over momenta at three delays, and (8); then over delays x in the unit (1 - mu) / (eta gap), as (x, ratio to (8)).

    Over the momenta they are NaN where the mode of the largest curvature is unstable.
    """
    found = {"mu": momenta, "limit": formula("PCA-T5").numeric(eta=eta, momentum=momenta, gap=gap, alpha2=alpha2)}
    for tau in (0, 50, 150):
        exact = np.array([diffusion.delayed_variance(eta, mu, gap, alpha2, tau) for mu in momenta])
        found[f"tau = {tau}"] = np.where(stability.critical(eta * largest, momenta) > tau, exact, np.nan)
    for mu in (0.7, 0.9, 0.95):
        unit = (1.0 - mu) / (eta * gap)
        delays = np.rint(np.linspace(0.0, 1.4, 13) * unit).astype(int)
        limit = formula("PCA-T5").numeric(eta=eta, momentum=mu, gap=gap, alpha2=alpha2)
        ratios = [diffusion.delayed_variance(eta, mu, gap, alpha2, int(tau)) / limit for tau in delays]
        found[f"mu = {mu:g}"] = np.array([delays / unit, ratios])
    return found


def draw_floors(found: dict[str, Array], gap: float, largest: float):
    """PCA-delayed-variance: left over the momentum; right over the delay in the unit (1 - mu) / (eta gap), with the continuous limit.

    `largest` is the curvature of the radial mode, whose critical delay is marked on the right.
    """
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
        left.plot(found["mu"], found["limit"], color="black", label="limit (8)")
        for name, colour, style in zip(("tau = 0", "tau = 50", "tau = 150"), COLOURS, ("--", "-.", ":"), strict=False):
            left.plot(found["mu"], found[name], color=colour, linestyle=style, label=rf"exact, $\tau={name.split()[-1]}$")
        left.set(xlabel=r"momentum $\mu$", ylabel=r"stationary variance of $h_2$", yscale="log", ylim=(0.5 * found["limit"][0], 0.3))
        x = np.linspace(0.0, 1.45, 146)
        law = (1.0 + np.sin(x)) / np.cos(x)
        right.plot(x, law, color="black", label=r"$(1+\sin x)/\cos x$")
        for name, colour, marker in zip(("mu = 0.7", "mu = 0.9", "mu = 0.95"), COLOURS, "os^", strict=False):
            right.plot(*found[name], color=colour, marker=marker, markersize=5, linestyle="none", label=rf"exact, $\mu={name.split()[-1]}$")
        right.axvline(0.5 * np.pi * gap / largest, color="grey", linestyle="--", label="radial mode unstable beyond")
        right.set(xlabel=r"delay $x=\eta\tau(\lambda_1-\lambda_2)/(1-\mu)$", ylabel="variance over that of (8)", yscale="log")
        left.legend(loc="upper left")
        right.legend()
    return fig, {**found, "x": x, "law": law}


def edges(lam, momenta: Array, etas: Array) -> dict[str, Array]:
    """Critical delays of the radial mode over (eta, momentum), and the paper's bound (1-mu)^2 / (lambda_1 eta^(1/2)) at Figure 1's step."""
    h = 2.0 * lam[0] * etas[:, None]
    stable = h <= 2.0 * (1.0 + momenta)
    delays = np.where(stable, stability.critical(np.where(stable, h, 1.0), momenta), 0.0)
    return {"mu": momenta, "eta": etas, "critical": delays}


def draw_edges(found: dict[str, Array], lam, eta: float):
    """PCA-critical-delay: a map over momentum and step size; beside it the cut at Figure 1's step with its printed thresholds."""
    momenta, friction = found["mu"], 1.0 - found["mu"]
    cut = stability.critical(2.0 * lam[0] * eta, momenta)
    tangent = stability.critical((lam[0] - lam[-1]) * eta, momenta)
    bound = friction**2 / (lam[0] * np.sqrt(eta))
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.4))
        shown = np.log10(np.maximum(found["critical"], 0.1))
        mesh = left.pcolormesh(momenta, found["eta"], shown, cmap="viridis", shading="nearest", rasterized=True)
        lines = left.contour(momenta, found["eta"], shown, [0, 1, 2, 3, 4], colors="white", linewidths=0.9)
        left.clabel(lines, fmt=lambda power: f"{10.0**power:g}", fontsize=8)
        left.axhline(eta, color="black", linestyle="--", linewidth=1.0)
        left.set(xlabel=r"momentum $\mu$", ylabel=r"step size $\eta$", yscale="log")
        left.grid(False)
        fig.colorbar(mesh, ax=left, label=r"$\log_{10}$ of the critical delay")
        right.plot(friction, cut, color="black", label=r"radial mode, curvature $2\lambda_1$")
        right.plot(friction, tangent, color="#56B4E9", linestyle="-.", label=r"tangent mode, $\lambda_1-\lambda_d$")
        right.plot(friction, bound, color="#D55E00", linestyle="--", label=r"paper: $(1-\mu)^2/(\lambda_1\sqrt{\eta})$")
        read = {**maps.MARKS["printed"], "label": "printed under Figure 1"}
        right.plot([1.0 - mu for mu in PRINTED], list(PRINTED.values()), **read)
        right.set(xlabel=r"$1-\mu$", ylabel=r"delay $\tau$, iterations", xscale="log", yscale="log", xlim=(0.02, 1.0))
        right.set_ylim(1e-5, None)
        right.legend(loc="lower right", fontsize=9)
    return fig, {**found, "cut": cut, "tangent": tangent, "bound": bound, "printed": list(PRINTED.values()), "printed mu": list(PRINTED)}


def beyond(lam, eta: float, momenta, shares: Array, n_steps: int = 15_000) -> dict[str, Array]:
    """Least and largest norm, without noise, over the last tenth of a run at whole delays near `shares` of the critical one."""
    found = {}
    for mu in momenta:
        edge = float(stability.critical(2.0 * lam[0] * eta, mu))
        rows = []
        for tau in np.rint(edge * shares).astype(int):
            late = np.abs(recursion.mean_path([1.1], lam[:1], eta, mu, tau, n_steps)[-n_steps // 10 :, 0])
            rows.append((tau / edge, late.min(), late.max()))
        found[f"mu = {mu:g}"] = np.array(rows)
    return found


def draw_beyond(found: dict[str, Array]):
    """PCA-critical-delay-beyond: between which norms the path ends up, against the delay over its critical value."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.4, 4.0))
        for (name, rows), colour, marker in zip(found.items(), COLOURS, "os^", strict=False):
            stable = rows[:, 0] <= 1.0
            label = rf"$\mu={name.split()[-1]}$"
            for part, norm in ((part, norm) for part in (rows[stable], rows[~stable]) for norm in (1, 2)):
                ax.plot(part[:, 0], part[:, norm], marker=marker, color=colour, linestyle="-", markersize=4, label=label)
                label = None  # one entry a momentum; no line joins the two sides of the critical delay
        ax.axvline(1.0, color="grey", linestyle="--")
        ax.set(xlabel=r"delay over the critical delay, $\tau/\tau_c$", ylabel="least and largest norm at the end", ylim=(0.0, None))
        ax.legend()
    return fig, found
