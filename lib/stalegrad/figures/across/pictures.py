"""All models of a delayed quadratic in one picture, and maps of where each describes the algorithm."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.algorithms.momentum import msgd
from stalegrad.figures.across.validity import LAWS, TOLERANCE, first_departure, momentum_of
from stalegrad.figures.maps import UNSTABLE
from stalegrad.limits.sdde import sdde
from stalegrad.limits.sme import sme_sgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.moments import delay
from stalegrad.moments.system import Moments
from stalegrad.problems import quadratic
from stalegrad.staleness import geometric

Array = np.ndarray
CURVATURE, SIGMA2 = 2.0, 4.0
"""Of `square`."""
LOOKS = {
    "exact": {**plot.line("exact"), "label": "ASGD, exact"},
    "sme-asgd": {**plot.line("sme-asgd"), "label": r"SME-ASGD, $\mu=l/(1+l)$"},
    "sdde": {**plot.line("asgd"), "linestyle": (0, (7, 2)), "label": r"SDDE, $\tau=l\eta$"},
    "msgd": {**plot.line("msgd"), "label": r"momentum SGD, $\mu=l/(1+l)$"},
    "sme-sgd": {**plot.line("sme-sgd"), "label": "SME-SGD, no delay"},
}
TITLES = {"sme-asgd": "SME-ASGD", "sdde": "SDDE", "msgd": "momentum SGD", "sme-sgd": "SME-SGD"}
BOUNDS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
LARGE = 1e9
"""Stands for an infinite error, which a mesh would leave blank."""
MODEL_UNSTABLE = "#404040"
COLOURS = ("#08519c", "#4292c6", "#9ecae1", "#fdd0a2", "#f16913", "#8c2d04", MODEL_UNSTABLE)
"""Blue within `TOLERANCE`, orange beyond; the last but one is for an error above 1."""
DASH = {"color": "black", "linestyle": "--", "linewidth": 1.3}
OWN = {"geometric": "sme-asgd", "constant": "sdde"}
"""The law that a model was made for."""


def square():
    """x^2 + const as in Figure 4 of An, Lu and Ying: gradients 2 x + 2 and 2 x - 2."""
    return quadratic([[1.0], [-1.0]], curvature=CURVATURE)


def paths(eta: float, lag: int, n_steps: int, every: int) -> dict[str, Moments]:
    """Exact moments from x_0 = 1 at iterations 0, every, .., n_steps: of ASGD under each law of `LAWS`, and of each model.

    Time t of a limit is iteration t / dt. Momentum SGD runs with rate eta (1 - mu).
    """
    problem, mu = square(), momentum_of(lag)
    steps = np.arange(0, n_steps + 1, every)
    mean, variance = delay.constant_delay(CURVATURE, eta, lag, SIGMA2, 1.0, n_steps)
    found = {"constant": _at(Moments(mean[:, None], (variance + mean**2)[:, None, None]), steps)}
    for name, process in {"geometric": asgd(problem, eta, geometric(mu)), "msgd": msgd(problem, eta * (1.0 - mu), mu)}.items():
        found[name] = _at(moments.of(process, 1.0, n_steps), steps)
    for name, limit in {"sme-asgd": sme_asgd(problem, eta, mu), "sdde": sdde(problem, eta, lag), "sme-sgd": sme_sgd(problem, eta)}.items():
        found[name] = moments.exact_limit(limit, 1.0, steps * limit.dt)
    return found


def draw_paths(found: dict[str, Moments], steps: Array, title: str):
    """across-moments: mean and second moment under the two laws, each with the four models.

    Returns
    -------
    fig, numbers
    """
    with plot.style():
        fig, axes = plt.subplots(2, 2, figsize=(10.0, 6.8), sharex=True, sharey="row")
        for law, (top, bottom) in zip(LAWS, axes.T, strict=True):
            for name, look in LOOKS.items():
                shown = found[law if name == "exact" else name]
                width = 2.6 if name == "exact" else 1.5
                top.plot(steps, shown.mean[:, 0], **{**look, "linewidth": width})
                bottom.plot(steps, shown.second_moment[:, 0, 0], **{**look, "linewidth": width})
            top.set(title=f"{law} delay")
            bottom.set(xlabel="iteration", yscale="log")
        axes[0, 0].set(ylabel="mean")
        axes[1, 0].set(ylabel="second moment")
        fig.suptitle(title)
        fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, {"iteration": steps} | {
        f"{name}, {kind}": getattr(shown, kind).reshape(len(steps)) for name, shown in found.items() for kind in ("mean", "second_moment")
    }


def rule_of_thumb(quantity: str, law: str, model: str) -> tuple[str, float] | None:
    """Where the error should pass `TOLERANCE` ("level" or "rate"): ("x", value of h l) or ("h", value); None where no simple rule is known.

    A model that was made for another law leaves this one at a value of h l. One that was made for it has the level right but for half an
    iteration of delay, an error of h / 2. Momentum SGD has no level of its own, but the rate of the geometric law's mean.
    """
    if OWN[law] == model:
        return ("h", 2.0 * TOLERANCE) if quantity == "level" else None
    like = {own: law for law, own in OWN.items()} | ({"msgd": "geometric"} if quantity == "rate" else {})
    if (other := like.get(model, "no delay")) == law:
        return None
    return "x", first_departure(quantity, law, other)


def draw_maps(h: Array, mean: Array, errors: dict[tuple[str, str], Array], quantity: str, label: str):
    """across-validity, across-rates: a map of |relative error| for each law (row) and model (column), with the rule of thumb dashed."""
    norm, colours = BoundaryNorm((*BOUNDS, LARGE), len(COLOURS), extend="max"), ListedColormap(COLOURS)
    with plot.style():
        fig, axes = plt.subplots(2, 4, figsize=(13.0, 6.6), sharex=True, sharey=True)
        for row, law in zip(axes, LAWS, strict=True):
            for ax, (model, title) in zip(row, TITLES.items(), strict=True):
                error = np.abs(errors[law, model])
                mesh = ax.pcolormesh(h, mean, np.where(np.isinf(error), 2.0 * LARGE, error), cmap=colours, norm=norm, rasterized=True)
                if rule := rule_of_thumb(quantity, law, model):
                    _dash(ax, *rule, h, mean)
                ax.set(xscale="log", yscale="log", xlim=(h[0], h[-1]), ylim=(mean[0], mean[-1]), facecolor=UNSTABLE)
                ax.set_title(f"{title}, {law} delay", fontsize=10.5)
                ax.grid(False)
                ax.minorticks_off()
        for ax in axes[-1]:
            ax.set(xlabel=r"step $h=a\eta$")
            ax.set_xticks(shown := [tick for tick in (0.01, 0.1, 1.0) if h[0] <= tick <= h[-1]], [f"{tick:g}" for tick in shown])
        for ax in axes[:, 0]:
            ax.set(ylabel=r"mean delay $l$")
            ax.set_yticks(shown := [tick for tick in (1, 3, 10, 30) if tick <= mean[-1]], [str(tick) for tick in shown])
        fig.colorbar(mesh, ax=axes, label=label, ticks=BOUNDS, format=lambda value, _: f"{value:.0%}", shrink=0.9, extend="neither")
        fig.legend(
            handles=[
                Patch(color=UNSTABLE, label="the algorithm is unstable"),
                Patch(color=MODEL_UNSTABLE, label="only the model is unstable"),
                plt.Line2D([], [], **DASH, label=f"rule of thumb for {TOLERANCE:.0%}"),
            ],
            loc="outside lower center",
            ncols=3,
        )
    return fig, {"h": h, "mean delay": mean} | {f"{model}, {law}": errors[law, model] for law in LAWS for model in TITLES}


def _dash(ax, kind: str, value: float, h: Array, mean: Array) -> None:
    """The line h = value, or h l = value."""
    ax.plot(*((h, value / h) if kind == "x" else ([value, value], mean[[0, -1]])), **DASH)


def _at(found: Moments, steps: Array) -> Moments:
    return Moments(found.mean[steps], found.second_moment[steps])
