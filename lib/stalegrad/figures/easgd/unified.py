"""Figures of section 6.2: where EASGD in Gauss-Seidel form is stable, and how wide the neighbourhood of DOWNPOUR is."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from stalegrad import plot
from stalegrad.figures import maps
from stalegrad.theory.easgd import unified
from stalegrad.theory.easgd.symbols import beta, eta

Array = np.ndarray
LOOSE = "#E8C9A0"
"""Where average and centre converge and the workers drift apart."""


def draw_stability_map(ax, etas: Array, alphas: Array, lever: float) -> tuple[object, dict[str, Array]]:
    r"""One map over :math:`\eta` and :math:`\alpha` at beta = `lever`: spectral radius for two or more workers, in grey where (6.4) is unstable.

    Where (6.4) alone is stable the ground is sand-coloured. Beside it the borders of DOWNPOUR's line and of the Jacobi form.
    """
    rates = etas[None, :], alphas[:, None], lever
    whole, reduced = unified.radius(*rates, n_workers=2), unified.radius(*rates)
    mesh = maps.radius_map(ax, etas, alphas, whole)
    drifting = np.where((reduced < 1) & (whole >= 1), 1.0, np.nan)
    ax.contourf(etas, alphas, np.nan_to_num(drifting), levels=[0.5, 1.5], colors=[LOOSE], zorder=1.5)
    jacobi = sp.lambdify((eta, beta), unified.JACOBI_LIMIT)(etas, lever)
    if lever < 2:
        ax.plot(etas, np.where(etas < 2, jacobi, np.nan), color="#D55E00", linestyle="--", linewidth=1.6)
    ax.axhline(1.0, color="#CC79A7", linestyle=(0, (3, 1, 1, 1)), linewidth=1.4)
    ax.set(title=rf"$\beta={lever:g}$", xlabel=r"$\eta h$", xlim=(0, etas[-1]), ylim=(0, alphas[-1]))
    return mesh, {"whole": whole, "reduced stable": reduced < 1, "jacobi": jacobi}


def draw_stability(levers: tuple[float, ...], n: int = 70, reach: tuple[float, float] = (4.0, 3.5)):
    """EASGD-T6.2.1: maps for several beta; the learning rate's axis shrinks with beta where the region does."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, len(levers), figsize=(2.9 * len(levers), 4.3), sharey=True)
        for ax, lever in zip(axes, levers, strict=True):
            etas = maps.grid(0.0, reach[0] if lever <= 2 else 4.8 / lever, n)
            alphas = maps.grid(0.0, reach[1], n)
            mesh, shown = draw_stability_map(ax, etas, alphas, lever)
            numbers |= {f"{name}, beta = {lever:g}": values for name, values in shown.items()} | {f"eta, beta = {lever:g}": etas, "alpha": alphas}
        axes[0].set(ylabel=r"moving rate $\alpha$")
        maps.colour_bar(fig, mesh, list(axes), "spectral radius, 2 or more workers")
        fig.legend(handles=_legend(), loc="outside lower center", ncols=4)
    return fig, numbers


def _legend() -> list:
    return [
        Patch(color=maps.UNSTABLE, label="(6.4) unstable"),
        Patch(color=LOOSE, label="(6.4) stable, workers drift apart"),
        Line2D([], [], color="#D55E00", linestyle="--", label="Jacobi form stable below"),
        Line2D([], [], color="#CC79A7", linestyle=(0, (3, 1, 1, 1)), label=r"$\alpha=1$: DOWNPOUR at $\beta=p$"),
    ]


def downpour_edges(lever: float, alphas: Array) -> Array:
    """Ends of the interval of stable learning rates for each alpha (n, 2); NaN where there is none."""
    found = [unified.stable_learning_rates(alpha, lever) for alpha in alphas]
    return np.array([(np.nan, np.nan) if ends is None else ends for ends in found])


def draw_downpour(lever: float, alphas: Array, workers: Array):
    """EASGD-6.2-downpour: stable learning rates against alpha at one beta; and the moving rates that have any, against beta = p."""
    edges = downpour_edges(lever, alphas)
    reach = np.array([unified.downpour_neighbours(p) for p in workers])
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6))
        left.set_facecolor(maps.UNSTABLE)
        left.fill_between(alphas, edges[:, 0], edges[:, 1], color="#7FB7D9", label="stable")
        left.axvline(1.0, **{**plot.line("downpour"), "label": r"$\alpha=1$: DOWNPOUR"})
        left.axvline(0.9, color="black", linestyle=":", label=r"$\alpha=0.9$: never, as printed")
        maps.mark(left, 1.0, 2 / lever, "printed", rf"printed, $\alpha=1$: $\eta<{2 / lever:g}$")
        left.axhline(4 / lever, color="#D55E00", linestyle="--", linewidth=1.2, label=rf"$4/\beta={4 / lever:g}$")
        left.set(xlabel=r"moving rate $\alpha$", ylabel=r"learning rate $\eta h$", title=rf"$\beta={lever:g}$")
        left.set(xlim=(alphas[0], alphas[-1]), ylim=(0, 7.5 / lever))
        left.legend(loc="upper left", fontsize=9, frameon=True)
        right.fill_between(workers, reach[:, 0], reach[:, 1], color="#7FB7D9", label="some learning rate is stable")
        right.axhline(1.0, **{**plot.line("downpour"), "label": "DOWNPOUR"})
        right.set(xlabel=r"$\beta$, for DOWNPOUR the workers $p$", ylabel=r"moving rate $\alpha$", xscale="log", ylim=(0.8, 1.4))
        right.set_xticks(shown := [8, 16, 32, 64, 128, 256], [str(p) for p in shown])
        right.minorticks_off()
        right.legend()
    return fig, {"alpha": alphas, "edges": edges, "workers": workers, "reach": reach}
