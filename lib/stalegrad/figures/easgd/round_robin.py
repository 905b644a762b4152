"""Figures of section 3.3: where round-robin ADMM is unstable, how it blows up, and how far round-robin EASGD is stable."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm
from scipy.optimize import brentq
from scipy.special import expit

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import round_robin

CAPTION = {"eta": (0.0, 0.01), "rho": (0.0, 10.0)}
"""Axes of Figure 3.2."""
SIMULATED = (0.001, 2.5)
"""The learning rate and penalty that its caption proposes."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)))


def radii(n: int, workers=(3, 8)) -> dict:
    """Spectral radius of a sweep on the caption's axes, n points a side: `eta`, `rho`, and a map (n, n) for each method and p.

    EASGD has the moving rate alpha = eta rho.
    """
    eta, rho = (maps.grid(*CAPTION[name], n) for name in ("eta", "rho"))
    found = {"eta": eta, "rho": rho}
    for p in workers:
        found[f"ADMM, p = {p}"] = spectral_radius_of(round_robin.admm_sweep(p, eta, rho[:, None]))
        found[f"EASGD, p = {p}"] = spectral_radius_of(round_robin.easgd_sweep(p, eta, eta * rho[:, None]))
    return found


def draw_radii(found: dict):
    """EASGD-F3.2: maps of ADMM above, EASGD below; blue is stable, red unstable, the closed edge in black, the caption's point marked."""
    names = sorted((name for name in found if "," in name), key=lambda name: (name.startswith("EASGD"), len(name), name))
    largest = max(found[name].max() for name in names)
    norm = TwoSlopeNorm(1.0, vmin=min(found[name].min() for name in names), vmax=max(largest, 1.0 + 1e-6))
    with plot.style():
        columns = len(names) // 2
        fig, axes = plt.subplots(2, columns, figsize=(1.9 + 3.8 * columns, 7.5), sharex=True, sharey=True, squeeze=False)
        for ax, name in zip(axes.flat, names, strict=True):
            mesh = ax.pcolormesh(1e3 * found["eta"], found["rho"], found[name], cmap="RdBu_r", norm=norm, shading="nearest", rasterized=True)
            if name.startswith("ADMM"):
                eta, penalty = edge(int(name.split()[-1]))
                ax.plot(1e3 * eta, penalty / eta, "k-", linewidth=1.8)
            maps.mark(ax, 1e3 * SIMULATED[0], SIMULATED[1], "printed", label="rates of Figure 3.3")
            ax.set(title=name, xlim=[1e3 * end for end in CAPTION["eta"]], ylim=CAPTION["rho"])
            ax.grid(False)
        axes[0, 0].legend(loc="upper right")
        for ax in axes[-1]:
            ax.set_xlabel(r"learning rate $1000\,\eta$")
        for ax in axes[:, 0]:
            ax.set_ylabel(r"penalty $\rho$ (EASGD: $\alpha=\eta\rho$)")
        bar = fig.colorbar(mesh, ax=axes, label="largest absolute eigenvalue of a sweep (red: unstable, on a finer scale)", shrink=0.9)
        bar.set_ticks([tick for tick in (0.992, 0.994, 0.996, 0.998, 1.0, 1.001, 1.002, 1.003) if norm.vmin <= tick <= norm.vmax])
    return fig, found


def edge(p: int, n: int = 4001) -> tuple[np.ndarray, np.ndarray]:
    """(eta, eta rho) along the edge of ADMM's first unstable region, that of the modes that turn by a little less than 2 pi a sweep.

    eta is 0 at both ends, in the lower one with eta rho; points are dense near the ends.
    """
    coarse = np.linspace(1e-4, 0.1, 1000)
    last = coarse[np.argmax(round_robin.admm_edge(p, _angle(p, coarse))[0] < 0)]
    end = brentq(lambda short: round_robin.admm_edge(p, _angle(p, short))[0], last - coarse[0], last)
    return round_robin.admm_edge(p, _angle(p, end * expit(np.linspace(-13.0, 13.0, n))))


def _angle(p: int, short):
    """Angle of a turn for a mode that falls `short` of a full circle in a sweep, as a share of it."""
    return (1 - short) * 2 * np.pi / p


def edges(workers) -> dict:
    """`edge` for several p, thinned to 200 points each."""
    curves = {}
    for p in workers:
        eta, penalty = edge(p)
        thin = np.unique(np.linspace(0, len(eta) - 1, 200).astype(int))
        curves[f"eta, p = {p}"], curves[f"eta rho, p = {p}"] = eta[thin], penalty[thin]
    return curves


def draw_edges(curves: dict):
    """EASGD-F3.2-edge: the unstable regions of ADMM for several p, on logarithmic axes."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(9.0, 4.6))
        names = [name.removeprefix("eta, ") for name in curves if name.startswith("eta, ")]
        for name, colour, style in zip(names, COLOURS, STYLES, strict=False):
            eta, penalty = curves[f"eta, {name}"], curves[f"eta rho, {name}"]
            ax.loglog(eta, penalty / eta, color=colour, linestyle=style, label=f"${name}$")
        window = np.geomspace(1e-5, CAPTION["eta"][1], 50)
        ax.loglog(window, (4 - 2 * window) / (4 - window) / window, "k-", linewidth=1.0, label="EASGD: unstable above")
        maps.mark(ax, *SIMULATED, "printed", label="rates of Figure 3.3, $p=3$")
        ax.set(xlabel=r"learning rate $\eta$", ylabel=r"penalty $\rho$", xlim=(1e-5, 1e-2), ylim=(1e-4, 3e5))
        ax.set_title("ADMM is unstable between the branches of its curve")
        plot.legend_outside(ax)
    return fig, curves


def centre_run(turns: int, stride: int = 4) -> dict:
    """The run of Figure 3.3: centre at every `stride`-th sweep, and the two modes that make it up after the start.

    Returns
    -------
    dict of arrays (n,)
        `t`; `centre`; `decay`, the part of the mode that dies out; `growth`, the amplitude of the growing pair.
    """
    sweep, start = round_robin.admm_sweep(3, *SIMULATED), round_robin.admm_start(3, 1000.0)
    leap, state = np.linalg.matrix_power(sweep, stride), start
    t = np.arange(0, turns + 1, 3 * stride)
    centre = np.empty(len(t))
    for index in range(len(t)):
        centre[index], state = state[-1], leap @ state
    values, vectors = np.linalg.eig(sweep)
    parts = np.linalg.solve(vectors, start) * vectors[-1]
    growing = np.abs(values).argmax()
    slow = np.argmax(np.where(np.abs(values.imag) < 1e-9, values.real, -1.0))
    return {
        "t": t,
        "centre": centre,
        "decay": np.real(parts[slow]) * np.real(values[slow]) ** (t / 3),
        "growth": 2 * np.abs(parts[growing]) * np.abs(values[growing]) ** (t / 3),
    }


def draw_centre(run: dict, shown: int):
    """EASGD-F3.3: the centre up to turn `shown` on a linear axis; beside it its size over the whole run, with the two modes."""
    early = run["t"] <= shown
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
        left.plot(run["t"][early] / 1e3, run["centre"][early], color=COLOURS[0], linewidth=0.9)
        left.set(xlabel="time step $t$, thousands", ylabel=r"centre $\tilde x_t$")
        right.semilogy(run["t"] / 1e3, np.abs(run["centre"]), color=COLOURS[0], linewidth=0.6, label=r"$|\tilde x_t|$")
        right.semilogy(run["t"] / 1e3, run["decay"], "k-.", label="decaying mode")
        right.semilogy(run["t"] / 1e3, run["growth"], "--", color=COLOURS[1], label="growing pair, amplitude")
        right.set(xlabel="time step $t$, thousands", ylim=(1e-3, None))
        right.legend(loc="upper left")
    return fig, run


def largest_alphas(rates: np.ndarray, workers=(2, 4, 6, 8)) -> dict:
    """Largest stable alpha of round-robin EASGD over learning rates; `printed` is that of every odd p."""
    found = {f"p = {p}": np.array([round_robin.largest_alpha(p, rate) for rate in rates]) for p in workers}
    return {"eta": rates, "printed": round_robin.EASGD_EDGE.numeric_printed(eta=rates, psi=0.0), **found}


def draw_largest_alphas(found: dict):
    """EASGD-3.3-easgd-stability: the largest stable alpha, and what even p gains over the printed one."""
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.2))
        left.plot(found["eta"], found["printed"], "k-", label="printed; every odd $p$")
        for name, colour, style in zip((n for n in found if n.startswith("p =")), COLOURS, STYLES, strict=False):
            if name == "p = 2":
                left.plot(found["eta"], found[name], color=colour, linestyle=style, label=f"${name}$")
            right.plot(found["eta"], 100 * (found[name] / found["printed"] - 1), color=colour, linestyle=style, label=f"${name}$")
        left.set(xlabel=r"learning rate $\eta$", ylabel=r"largest stable $\alpha$")
        right.set(xlabel=r"learning rate $\eta$", ylabel="above the printed value, %")
        left.legend()
        right.legend()
    return fig, found
