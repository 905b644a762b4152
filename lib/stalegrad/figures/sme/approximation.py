"""Figures of section 3: how close SME-ASGD and SME-SGD come to ASGD (SME-F4, SME-F5, SME-T2)."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.claims.models import MODELS
from stalegrad.engine.simulate import simulate
from stalegrad.figures import layout
from stalegrad.figures.sme.axes import staleness_axis
from stalegrad.moments import Moments

Array = np.ndarray
PANELS = {"mean": r"mean $E\,x_k$", "second_moment": r"second moment $E\,x_k^2$", "variance": r"variance of $x_k$"}


def compared(problem, eta: float, mu: float) -> dict:
    """ASGD and its two limits at the same parameters, by the names that `plot.line` knows."""
    return {name: build(problem, eta, mu) for name, build in MODELS.items()}


@dataclass(frozen=True)
class Curves:
    """First two moments and variance of one coordinate at steps 0 .. n, with standard errors where simulated."""

    mean: Array
    second_moment: Array
    variance: Array
    error: dict[str, Array]


def curves(paths: Array) -> Curves:
    """Sample moments of `paths` (n_paths, n_steps + 1), each with its standard error."""
    n = len(paths)
    mean, second = paths.mean(axis=0), (paths**2).mean(axis=0)
    centred = (paths - mean) ** 2
    variance = centred.mean(axis=0)
    spread = {"mean": np.sqrt(variance), "second_moment": (paths**2).std(axis=0), "variance": centred.std(axis=0)}
    return Curves(mean, second, variance, {name: each / np.sqrt(n) for name, each in spread.items()})


def exact_curves(known: Moments) -> Curves:
    """The same from exact moments of a problem in one dimension."""
    mean, second = known.mean[:, 0], known.second_moment[:, 0, 0]
    return Curves(mean, second, second - mean**2, {})


def simulated(models: dict, start: float, n_paths: int, n_steps: int, seed: int) -> dict[str, Curves]:
    """Moments of simulated models, each with random numbers of its own."""
    found = {}
    for place, (name, model) in enumerate(models.items()):
        run = simulate(model, start, n_paths=n_paths, n_steps=n_steps, seed=seed + place, keep="paths")
        found[name] = curves(run.paths[:, :, 0])
    return found


def exact(models: dict, start: float, n_steps: int) -> dict[str, Curves]:
    """Exact moments of what `simulated` samples: algorithms, and the Euler schemes of limits."""
    return {name: exact_curves(moments.of(model, start, n_steps)) for name, model in models.items()}


def draw_figure4(points: dict[float, dict[str, Curves]], known: dict[float, dict[str, Curves]], every: int = 30):
    """SME-F4: a column for each mu; exact curves, simulated points with bars of two standard errors.

    Returns
    -------
    fig, numbers
        The figure, and what it shows by name, for `plot.save`.
    """
    numbers = {}
    with plot.style():
        fig, axes = plt.subplots(2, len(known), figsize=(11, 6), sharex=True, sharey="row", squeeze=False)
        for column, mu in enumerate(known):
            for ax, name in zip(axes[:, column], ("mean", "second_moment"), strict=True):
                for place, (model, curve) in enumerate(known[mu].items()):
                    look = plot.line(model)
                    ax.plot(getattr(curve, name), **look)
                    sample = points[mu][model]
                    # Points of different models at different steps, so that none hides another.
                    steps = np.arange(place * every // len(known[mu]), len(sample.mean), every)
                    value, bar = getattr(sample, name)[steps], 2 * sample.error[name][steps]
                    marker = {"asgd": "o", "sme-asgd": "s", "sme-sgd": "^"}[model]
                    ax.errorbar(steps, value, bar, fmt=marker, ms=3.5, color=look["color"], capsize=2, elinewidth=1)
                    numbers |= {f"{model} {name} {mu}": getattr(curve, name), f"simulated {model} {name} {mu}": value}
            axes[0, column].set_title(rf"$\mu={mu}$")
            axes[1, column].set(yscale="log", xlabel="step k")
        axes[0, 0].set_ylabel(PANELS["mean"])
        axes[1, 0].set_ylabel(PANELS["second_moment"])
        layout.legend_below(fig, axes[0, 0], "lines: exact moments; points: simulated, with bars of two standard errors")
    return fig, numbers


def largest_errors(problem, eta: float, start: float, mus: Array, n_steps: int) -> dict[str, dict[str, Array]]:
    """Largest distance of the limits' exact moments from those of ASGD over steps 0 .. n_steps, for each mu.

    Returns
    -------
    dict
        "sme-asgd" (the equation), "euler" (its Euler scheme with one step for each step of ASGD) and "sme-sgd" (the
        equation); in each "mean" and "second_moment", arrays of the length of `mus`.
    """
    steps = np.arange(n_steps + 1)
    without_delay = MODELS["sme-sgd"](problem, eta, mus[0])
    still = exact_curves(moments.exact_limit(without_delay, start, steps * without_delay.dt))
    found = {model: {name: [] for name in ("mean", "second_moment")} for model in ("sme-asgd", "euler", "sme-sgd")}
    for mu in mus:
        models = compared(problem, eta, mu)
        truth = exact_curves(moments.of(models["asgd"], start, n_steps))
        limit = models["sme-asgd"]
        flow = exact_curves(moments.exact_limit(limit, start, steps * limit.dt))
        euler = exact_curves(moments.of(limit, start, n_steps))
        for model, curve in (("sme-asgd", flow), ("euler", euler), ("sme-sgd", still)):
            for name, worst in found[model].items():
                worst.append(np.abs(getattr(curve, name) - getattr(truth, name)).max())
    return {model: {name: np.array(worst) for name, worst in each.items()} for model, each in found.items()}


def draw_errors(mus: Array, errors: dict[str, dict[str, Array]], marked: dict[str, dict[str, Array]], marked_mus):
    """SME-F4-error: largest errors against mu, those of the paper's three panels marked."""
    looks = {
        "sme-asgd": {**plot.line("sme-asgd"), "label": "SME-ASGD, the equation"},
        "euler": {**plot.line("sme-msgd"), "label": "SME-ASGD, its Euler scheme"},
        "sme-sgd": {**plot.line("sme-sgd"), "label": "SME-SGD, the equation"},
    }
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True)
        for ax, name in zip(axes, ("mean", "second_moment"), strict=True):
            for model, look in looks.items():
                ax.plot(mus, errors[model][name], **look)
                ax.plot(marked_mus, marked[model][name], "o", color=look["color"])
            ax.set(yscale="log", ylabel=f"largest error of {PANELS[name]}")
            staleness_axis(ax, mus)
            ax.set_xticks(shown := [0.5, 0.8, 0.9, 0.95, 0.97, 0.99], [f"{mu:g}" for mu in shown])
        layout.legend_below(fig, axes[0])
    return fig, {f"{model} {name}": errors[model][name] for model in errors for name in errors[model]} | {"mu": mus}


def draw_figure5(columns: dict[str, dict[str, Curves]]):
    """SME-F5: a column for each objective; bands of two standard errors."""
    numbers = {}
    with plot.style():
        fig, axes = plt.subplots(3, len(columns), figsize=(9, 8), sharex="col", squeeze=False)
        for column, (title, models) in enumerate(columns.items()):
            for row, (name, label) in enumerate(PANELS.items()):
                ax = axes[row, column]
                for model, sample in models.items():
                    value = getattr(sample, name)
                    plot.band(ax, np.arange(len(value)), value, sample.error[name], model)
                    numbers[f"{title} {model} {name}"] = value
                ax.set_ylabel(label)
            axes[0, column].set_title(title)
            axes[2, column].set_xlabel("step k")
        layout.legend_below(fig, axes[0, 0], "simulated, with bands of two standard errors")
    return fig, numbers
