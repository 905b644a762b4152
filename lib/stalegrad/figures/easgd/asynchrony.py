"""EASGD-async-easgd: asynchronous EASGD beside the synchronous model, in variance, in stability and over the period."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot, schedule
from stalegrad.algorithms.asynchronous import async_easgd
from stalegrad.algorithms.elastic import easgd
from stalegrad.moments.asynchronous import largest_alpha, safe_alpha
from stalegrad.problems import gamma_quadratic, noisy_quadratic
from stalegrad.theory import formula

Array = np.ndarray
STEP, BETA = 0.1, 0.9
"""eta h, and beta = p alpha: the thesis' usual moving rate."""
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
FEW_WORKERS = (1, 2, 4, 8, 16, 32)
PERIODS = dict.fromkeys(("synchronous", "round robin", "diluted"), (1, 2, 4, 8, 16, 32)) | {"random": (1, 2, 3, 4)}
LOOKS = {
    "synchronous": {**plot.line("average"), "label": "synchronous model"},
    "random": {**plot.line("easgd"), "label": "asynchronous, random worker"},
    "round robin": {**plot.line("downpour"), "label": "asynchronous, round robin"},
    "diluted": {**plot.line("minibatch"), "label": r"synchronous model with $\alpha/\tau$"},
}


def of_one_worker() -> float:
    """Stationary variance of plain SGD, the unit of the first panel."""
    return STEP / (2.0 - STEP)


def variance(process) -> float:
    """Stationary variance of what a process observes."""
    return float(moments.stationary(process).second_moment[0, 0])


def by_workers() -> dict[str, Array]:
    """Variance of the centre times p, in units of that of SGD: 1 is what averaging p workers gives. alpha = BETA / p."""
    problem, p = noisy_quadratic(), np.array(WORKERS, dtype=float)
    synchronous = [variance(easgd(problem, STEP, BETA / n, BETA, n)) for n in WORKERS]
    turns = [variance(async_easgd(problem, STEP, BETA / n, n, 1, schedule.round_robin())) for n in FEW_WORKERS]
    random = formula("EASGD-async-easgd").numeric(eta=STEP, alpha=BETA / p, p=p)
    unit = of_one_worker()
    curves = {"synchronous": np.array(synchronous), "random": random, "round robin": np.array(turns)}
    return {name: curve * p[: len(curve)] / unit for name, curve in curves.items()}


def stability() -> dict[str, Array]:
    """Largest stable alpha for each number of workers."""
    return {
        "synchronous": np.array([largest_alpha(STEP, n) for n in FEW_WORKERS]),
        "random": np.array([largest_alpha(STEP, n, schedule.random()) for n in FEW_WORKERS]),
    }


def by_period(p: int = 4) -> dict[str, Array]:
    """Variance of the centre times p, in units of that of SGD, for communication periods `PERIODS`."""
    problem, alpha = noisy_quadratic(), BETA / p
    made = {
        "synchronous": lambda tau: async_easgd(problem, STEP, alpha, p, tau, schedule.synchronous()),
        "round robin": lambda tau: async_easgd(problem, STEP, alpha, p, tau, schedule.round_robin()),
        "random": lambda tau: async_easgd(problem, STEP, alpha, p, tau),
        "diluted": lambda tau: easgd(problem, STEP, alpha / tau, p * alpha / tau, p),
    }
    return {name: np.array([variance(make(tau)) for tau in PERIODS[name]]) * p / of_one_worker() for name, make in made.items()}


def long_periods(p: int = 4) -> dict[str, float]:
    """Limits of `by_period`: every exchange meets workers that have forgotten the last one.

    Asynchronously the centre takes independent values one at a time, with variance alpha / (2 - alpha); synchronously their
    average, with beta / (2 - beta) / p.
    """
    alpha = BETA / p
    return {"asynchronous": p * alpha / (2.0 - alpha), "synchronous": BETA / (2.0 - BETA)}


def multiplicative(etas: Array, workers, lam: float = 0.5, omega: float = 0.5) -> dict[str, Array]:
    """Spectral radius of second moments per synchronous step, (workers, etas): of the model, and of p random steps."""
    problem = gamma_quadratic(lam, omega)
    model = [[moments.spectral_radius(easgd(problem, eta, BETA / n, BETA, n)) for eta in etas] for n in workers]
    random = [[moments.spectral_radius(async_easgd(problem, eta, BETA / n, n)) ** n for eta in etas] for n in workers]
    return {"synchronous": np.array(model), "random": np.array(random)}


def draw():
    """The figure and its numbers, for `plot.save`."""
    panels = {"variance": by_workers(), "alpha": stability(), "period": by_period()}
    numbers = {f"{part}, {name}": curve for part, panel in panels.items() for name, curve in panel.items()}
    limits = long_periods()
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(12.5, 4.8))
        _curves(axes[0], dict.fromkeys(LOOKS, WORKERS), panels["variance"])
        axes[0].axhline(1.0, color="grey", linewidth=1.0)
        _curves(axes[1], dict.fromkeys(LOOKS, FEW_WORKERS), panels["alpha"])
        safe = r"$\frac{4-2\eta h}{4-\eta h}$: means stable for any $p$, period and order"
        axes[1].axhline(safe_alpha(STEP), color="black", linewidth=1.2, linestyle=":", label=safe)
        _curves(axes[2], PERIODS, panels["period"])
        for name, look in (("asynchronous", "easgd"), ("synchronous", "average")):
            axes[2].axhline(limits[name], color=plot.line(look)["color"], linewidth=1.2, linestyle=":")
        axes[0].set(xlabel="workers $p$", ylabel="$p$ × variance / variance of SGD", ylim=(0, None), title=r"centre, $\alpha=0.9/p$, period 1")
        axes[1].set(xlabel="workers $p$", ylabel=r"largest stable $\alpha$", yscale="log", title="stable second moments, period 1")
        axes[2].set(xlabel=r"communication period $\tau$", ylim=(0, None), title=r"centre, $p=4$; dotted: $\tau\to\infty$")
        shown = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        fig.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=3)
    return fig, numbers | {"long periods": list(limits.values()), "safe alpha": [safe_alpha(STEP)], "workers": WORKERS}


def _curves(ax, places: dict[str, tuple], panel: dict[str, Array]) -> None:
    """Curves over whole numbers, on a doubling axis."""
    for name, curve in panel.items():
        ax.plot(places[name][: len(curve)], curve, **LOOKS[name])
    last = max(max(places[name][: len(curve)]) for name, curve in panel.items())
    ticks = [2**k for k in range(0, last.bit_length(), 1 if last < 64 else 2)]
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
