"""Figures of section 3.1.1: mean squared error of the centre over rates, workers and time (EASGD-F3.1), and its levels (EASGD-C3.1.1).

Elastic averaging throughout, alpha = beta / p; curvature h = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from stalegrad import plot
from stalegrad.figures.maps import UNSTABLE
from stalegrad.theory import formula
from stalegrad.theory.easgd.centre import centre_moments, local_variance

Array = np.ndarray
CROWDS = (1, 10, 100, 1000, 10_000)
TIMES = (1, 2, 10, 100, "inf")
"""Rows and columns of Figure 3.1."""
SIGMA = 10.0
"""Its noise; every variable starts at 1."""
RANGE = (1e-3, 1e3)
"""Its colours, from blue to red."""


def mse_map(t, p: float, side: Array) -> Array:
    """One block of Figure 3.1: the error for beta (rows) and eta (columns) in `side`; infinite where a limit does not exist."""
    eta, beta = side[None, :], side[:, None]
    return centre_moments(t, p, eta, beta / p, beta, sigma=SIGMA)["mse"]


def draw_maps(side: Array):
    """EASGD-F3.1: the 25 blocks; hatched where (3.4) fails, grey where the error has no limit.

    Returns
    -------
    fig, numbers
        The figure, and every block by name, for `plot.save`.
    """
    numbers = {"eta, beta": side}
    with plot.style():
        fig, axes = plt.subplots(len(CROWDS), len(TIMES), figsize=(10.0, 9.6), sharex=True, sharey=True)
        for row, p in zip(axes, CROWDS, strict=True):
            for ax, t in zip(row, TIMES, strict=True):
                block = numbers[f"p = {p}, t = {t}"] = mse_map(t, p, side)
                mesh = draw_block(ax, side, block, p)
                ax.set_title((r"$t\to\infty$" if t == "inf" else f"$t={t}$") if p == CROWDS[0] else "")
                ax.set_xlabel(r"$\eta$" if p == CROWDS[-1] else "")
            row[0].set_ylabel(rf"$p={p}$" + "\n" + r"$\beta$")
        fig.colorbar(mesh, ax=axes, label=r"$E[(\tilde x_t-x^*)^2]$ (hatched: (3.4) fails; grey: no limit)", shrink=0.6, extend="both")
    return fig, numbers


def boundary(eta, p: float) -> Array:
    """The largest beta that (3.4) allows at h = 1, solved from (2 - eta)(2 - beta) = 2 beta/p."""
    return 2 * p * (2 - eta) / (p * (2 - eta) + 2)


def draw_block(ax, side: Array, block: Array, p: float):
    """One block on an axis, with the edge of (3.4); returns the coloured mesh."""
    ax.set_facecolor(UNSTABLE)
    shown = np.where(np.isfinite(block), np.clip(block, *RANGE), np.nan)
    mesh = ax.pcolormesh(side, side, shown, cmap="RdYlBu_r", norm=LogNorm(*RANGE), shading="nearest", rasterized=True)
    eta = np.linspace(0.0, 2.0, 201)
    ax.fill_between(eta, boundary(eta, p), 2.0, facecolor="none", edgecolor="black", hatch="////", linewidth=0.0)
    ax.plot(eta, boundary(eta, p), color="black", linewidth=1.0)
    ax.grid(False)
    ax.set(xlim=(0.0, 2.0), ylim=(0.0, 2.0), xticks=[0, 1, 2], yticks=[0, 1, 2], aspect="equal")
    return mesh


def draw_levels(eta: float, betas: Array, crowds: tuple[int, ...], settings: tuple[tuple[float, float], ...]):
    """EASGD-C3.1.1: p times the stationary variance of the centre against beta; and the variance of a local variable against p.

    Parameters
    ----------
    eta : float
        Learning rate of the left panel.
    betas : array
        Its axis.
    crowds : tuple of int
        Its curves; the limit of many workers is added.
    settings : tuple of (eta, beta)
        Curves of the right panel, in units of the variance of plain SGD, eta/(2 - eta).
    """
    limit = formula("EASGD-C3.1.1").numeric(eta=eta, beta=betas, h=1.0, sigma=1.0)
    numbers = {"beta": betas, "many workers": limit}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.2))
        for p in crowds:
            level = numbers[f"p = {p}"] = p * centre_moments("inf", p, eta, betas / p, betas)["variance"]
            left.plot(betas, np.where(np.isfinite(level), level, np.nan), label=f"$p={p}$")
        left.plot(betas, limit, color="black", linestyle=":", linewidth=2.2, label=r"$p\to\infty$, Corollary 3.1.1")
        left.set(
            xlabel=r"$\beta$", ylabel=r"$p\,\lim_tV[\tilde x_t]\,h^2/\sigma^2$", yscale="log", ylim=(3e-3, 1e1), title=rf"centre, $\eta h={eta}$"
        )
        workers = numbers["p"] = np.unique(np.round(np.geomspace(1, 1e4, 41)))
        for rate, beta in settings:
            level = numbers[f"local, eta = {rate}, beta = {beta}"] = local_variance(workers, rate, beta / workers, beta) * (2 - rate) / rate
            right.plot(workers, np.where(np.isfinite(level), level, np.nan), marker=".", label=rf"$\eta h={rate},\ \beta={beta}$")
        right.axhline(1.0, color="grey", linewidth=1.0)
        right.set(xlabel="workers $p$", xscale="log", ylabel="variance of $x^i$ over that of SGD", ylim=(0.4, 2.2), title="local variable")
        for ax in (left, right):
            ax.legend(fontsize=9)
    return fig, numbers
