"""Figures of section 5.3: the split point's smallest eigenvalue, all critical points, the landscape, and escapes by noise."""

from __future__ import annotations

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from matplotlib.lines import Line2D
from scipy.interpolate import RegularGridInterpolator
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve

from stalegrad import plot
from stalegrad.algorithms.elastic import easgd
from stalegrad.engine.simulate import simulate
from stalegrad.figures import maps
from stalegrad.problems import from_sympy
from stalegrad.theory import formula
from stalegrad.theory.easgd import nonconvex

Array = np.ndarray
KINDS = {"consensus": "#0072B2", "split": "#D55E00", "mixed": "#009E73", "top": "#808080"}
LINES = {0: "-", 1: "--", 2: ":"}
INDEX = {0: "minimum", 1: "saddle, one way down", 2: "two ways down"}
EDGE = 2 / 3
LEAVES = 0.7
"""A path has left the split state when the centre is further than this from 0; consensus is at 1."""


def draw_smallest(rho: Array):
    """EASGD-F5.20: the smallest eigenvalue at the split point, the other two, and the printed range."""
    smallest = formula("EASGD-F5.20").numeric(rho=rho)
    apart = np.sqrt(1 - rho)
    others = np.linalg.eigvalsh(formula("EASGD-5.38").numeric(x=apart, y=-apart, rho=rho))[:, 1:]
    best = 1 - 1 / np.sqrt(3)
    with plot.style():
        fig, ax = plt.subplots(figsize=(9.5, 4.2))
        ax.axhline(0.0, color="grey", linewidth=0.8)
        ax.axvspan(0.0, EDGE, color="#0072B2", alpha=0.08)
        ax.plot(rho, others, color="grey", linestyle=":", linewidth=1.2, label=["the other two", "_"])
        ax.plot(rho, smallest, color="#0072B2", label=r"smallest, $1-\sqrt{6\rho^2-4\rho+1}$")
        maps.mark(ax, EDGE, 0.0, "printed", r"printed end of the stable range, $\rho=2/3$")
        maps.mark(ax, 1 / 3, best, "optimum", r"largest, $1-1/\sqrt{3}$ at $\rho=1/3$")
        ax.set(xlabel=r"penalty $\rho$", ylabel="eigenvalues of $H$ at the split point", xlim=(0, 1))
        plot.legend_outside(ax)
    return fig, {"rho": rho, "smallest": smallest, "others": others, "largest": [1 / 3, best], "printed": [EDGE, 0.0]}


def branches(rho: Array) -> dict[str, dict[str, Array]]:
    """Every branch of critical points over rho: x, centre, and index; NaN where it is not real. Keys such as "mixed 2"."""
    found: dict[str, dict[str, Array]] = {}
    for column, penalty in enumerate(rho):
        seen: dict[str, int] = {}
        for point in nonconvex.critical_points(penalty):
            seen[point.kind] = seen.get(point.kind, 0) + 1
            empty = {name: np.full(len(rho), np.nan) for name in ("x", "centre", "index")}
            branch = found.setdefault(f"{point.kind} {seen[point.kind]}", empty)
            branch["x"][column], branch["centre"][column], branch["index"][column] = point.x, (point.x + point.y) / 2, point.index
    return found


def draw_branches(rho: Array, found: dict[str, dict[str, Array]]):
    """EASGD-5.39: x and the centre at all critical points over the penalty; the style of a line is the index of the Hessian."""
    numbers: dict[str, Array] = {"rho": rho}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.6), sharex=True)
        for ax, name in zip(axes, ("x", "centre"), strict=True):
            ax.axvline(EDGE, color="grey", linewidth=0.8)
            for branch, values in found.items():
                kind = branch.split()[0]
                numbers |= {f"{branch}, {what}": values[what] for what in (name, "index")}
                for index, style in LINES.items():
                    ax.plot(rho, np.where(values["index"] == index, values[name], np.nan), color=KINDS[kind], linestyle=style)
            ax.set(xlabel=r"penalty $\rho$ (grey line: 2/3)", xlim=(rho[0], rho[-1]))
        axes[0].set(ylabel="worker $x$")
        axes[1].set(ylabel="centre $z=(x+y)/2$")
        handles = [Line2D([], [], color=colour, label=kind) for kind, colour in KINDS.items()]
        handles += [Line2D([], [], color="black", linestyle=style, label=INDEX[index]) for index, style in LINES.items()]
        fig.legend(handles=handles, loc="outside lower center", ncols=4)
    return fig, numbers


def draw_landscape(penalties: tuple[float, ...], side: Array):
    """EASGD-5.35: level lines of the objective over the two workers, the centre between them, with all critical points."""
    first, second = np.meshgrid(side, side)
    markers = {0: "o", 1: "X", 2: "^"}
    numbers: dict[str, Array] = {"side": side}
    with plot.style():
        fig, axes = plt.subplots(1, len(penalties), figsize=(10.5, 4.2), sharey=True)
        for ax, penalty in zip(axes, penalties, strict=True):
            height = formula("EASGD-5.35").numeric(x=first, y=second, z=(first + second) / 2, rho=penalty)
            shown = ax.contourf(side, side, height, levels=np.linspace(0.0, 1.5, 31), cmap="Greys", extend="max")
            ax.contour(side, side, height, levels=np.linspace(0.05, 0.8, 16), colors="black", linewidths=0.3)
            points = nonconvex.critical_points(penalty)
            for point in points:
                look = {"color": KINDS[point.kind], "marker": markers[point.index], "markersize": 9, "markeredgecolor": "white"}
                ax.plot(point.x, point.y, linestyle="none", **look)
            numbers |= {f"height, rho = {penalty}": height, f"points, rho = {penalty}": [[q.x, q.y, q.index] for q in points]}
            ax.set(title=rf"$\rho={penalty}$", xlabel="worker $x$", aspect="equal")
            ax.grid(False)
        axes[0].set(ylabel="worker $y$")
        fig.colorbar(shown, ax=axes, label="objective (5.35) at $z=(x+y)/2$", shrink=0.8, ticks=[0.0, 0.5, 1.0, 1.5])
        kinds = [Line2D([], [], color=colour, marker="s", linestyle="none", label=kind) for kind, colour in KINDS.items()]
        kinds += [Line2D([], [], color="black", marker=mark, linestyle="none", label=INDEX[index]) for index, mark in markers.items()]
        fig.legend(handles=kinds, loc="outside lower center", ncols=4)
    return fig, numbers


def draw_valley(penalties: tuple[float, ...], average: Array, workers: tuple[int, ...]):
    """EASGD-rho-range: the valley that the average moves in; beside it, the penalty that frees k of p workers."""
    numbers: dict[str, Array] = {"average": average}
    colours = plt.colormaps["viridis"](np.linspace(0.0, 0.85, len(penalties)))
    height = sp.lambdify((nonconvex.average, nonconvex.rho), nonconvex.VALLEY)
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.4))
        for penalty, colour, style in zip(penalties, colours, ("-", "--", "-.", ":", (0, (5, 1))), strict=False):
            numbers[f"valley, rho = {penalty:.3g}"] = energy = height(average, penalty)
            name = "2/3" if penalty == EDGE else f"{penalty:g}"
            left.plot(average, energy, color=colour, linestyle=style, label=rf"$\rho={name}$")
        left.set(xlabel="average of the two workers", ylabel="lowest objective at that average")
        left.legend(loc="lower center")
        share = np.linspace(0.0, 0.5, 101)[1:]
        edge = np.array([nonconvex.split_threshold(k, 200) for k in range(1, 101)])
        right.plot(share, edge, color="black", label="many workers")
        for p, marker in zip(workers, "osDv", strict=False):
            k = np.arange(1, p // 2 + 1)
            numbers[f"p = {p}"] = own = np.array([nonconvex.split_threshold(int(few), p) for few in k])
            right.plot(k / p, own, linestyle="none", marker=marker, markersize=8, label=f"$p={p}$")
        right.set(xlabel="share of workers in the other well, $k/p$", ylabel=r"largest $\rho$ that keeps them there", ylim=(0.2, 0.7))
        right.legend()
    return fig, numbers | {"share": share, "threshold": edge}


@cache
def noisy_wells(sigma: float):
    """(1 - x^2)^2 / 4 whose gradient is observed with an error of +sigma or -sigma."""
    u, error = sp.symbols("u error")
    return from_sympy(nonconvex.well(u) - error * u, [u], data=[[sigma], [-sigma]], data_symbols=[error])


def escapes(penalty: float, eta: float, temperature: float, beta: float, n_paths: int, n_steps: int, seed: int) -> tuple[float, float]:
    r"""Mean time until two workers that begin at the split point are in one well, and its standard error.

    Time is eta times steps, temperature :math:`\eta\sigma^2/2`. Paths that stay are counted as in an exponential law: all
    time spent over the number of escapes.
    """
    apart = np.sqrt(1 - penalty)
    problem = noisy_wells(np.sqrt(2 * temperature / eta))
    process = easgd(problem, eta, eta * penalty, beta, 2, local0=[[apart], [-apart]])
    run = simulate(process, 0.0, n_paths=n_paths, n_steps=n_steps, seed=seed, keep="paths")
    away = np.abs(run.paths[:, :, 0]) > LEAVES
    left = away.any(axis=1)
    mean = eta * np.where(left, away.argmax(axis=1), n_steps).sum() / left.sum()
    return float(mean), float(mean / np.sqrt(left.sum()))


def exit_time(penalty: float, temperature: float, n: int = 121, reach: float = 1.8) -> float:
    r"""Mean time to leave the split state in the limit of small steps and a centre that follows the average.

    The two workers then diffuse in (5.35) at :math:`z=(x+y)/2`; the mean time solves :math:`-\nabla V\cdot\nabla u+T\Delta u=-1` with u = 0 where
    the average is beyond `LEAVES`. Solved on n x n points, with jump rates :math:`\frac{T}{h^2}e^{-\Delta V/2T}` that keep the Gibbs law.
    """
    side, spacing = np.linspace(-reach, reach, n, retstep=True)
    first, second = np.meshgrid(side, side, indexing="ij")
    height = formula("EASGD-5.35").numeric(x=first, y=second, z=(first + second) / 2, rho=penalty)
    index = np.arange(n * n).reshape(n, n)
    here = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    there = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    climb = np.exp(-np.diff(height.ravel()[np.stack([here, there])], axis=0)[0] / (2 * temperature))
    rates = temperature / spacing**2 * np.concatenate([climb, 1 / climb])
    jumps = coo_array((rates, (np.concatenate([here, there]), np.concatenate([there, here]))), shape=(n * n, n * n)).tocsr()
    generator = (jumps - diags_array(jumps.sum(axis=1))).tocsr()
    inside = (np.abs(first + second) / 2 < LEAVES).ravel()
    mean = np.zeros(n * n)
    mean[inside] = spsolve(generator[inside][:, inside].tocsc(), -np.ones(inside.sum()))
    apart = np.sqrt(1 - penalty)
    return float(RegularGridInterpolator((side, side), mean.reshape(n, n))([[apart, -apart]])[0])


def escape_curves(penalties: Array, eta: float, temperature: float, n_paths: int, n_steps: int, seed: int) -> dict[str, Array]:
    """Mean escape times over the penalty: in the limit, and simulated with the centre at the average or moving slowly."""
    fast = np.array([escapes(rho, eta, temperature, 1.0, n_paths, n_steps, seed) for rho in penalties])
    slow = np.array([escapes(rho, eta, temperature, 2 * eta * rho, n_paths, n_steps, seed) for rho in penalties])
    limit = np.array([exit_time(rho, temperature) for rho in penalties])
    return {"rho": penalties, "limit": limit, "fast": fast, "slow": slow}


def draw_escapes(curves: dict[str, Array]):
    """EASGD-rho-range-escape: how long noise needs to bring two split workers together, against the penalty."""
    rho = curves["rho"]
    looks = {"fast": (r"$\beta=1$, centre at the average", "o", "#0072B2"), "slow": (r"$\beta=2\alpha$, elastic symmetry", "s", "#D55E00")}
    with plot.style():
        fig, ax = plt.subplots()
        ax.plot(rho, curves["limit"], color="black", label="diffusion of the workers (limit of small steps)")
        for name, (label, marker, colour) in looks.items():
            mean, error = curves[name].T
            ax.errorbar(rho, mean, 2 * error, color=colour, marker=marker, linestyle="none", capsize=3, label=label)
        ax.axvline(EDGE, color="grey", linewidth=0.8, label=r"$\rho=2/3$: no trap left")
        ax.set(xlabel=r"penalty $\rho$", ylabel=r"mean time to leave, $\eta\times$ steps", yscale="log", xlim=(0.285, 0.68))
        ax.legend()
    return fig, curves
