"""Figures of section B: rates of decay, the best staleness, stationary moments (SME-5.5, SME-best-mu, SME-stationary).

Time is counted in steps and the step size in units of the curvature, h = a eta: a rate depends on h and mu only.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.figures.sme.axes import staleness_axis
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.moments.discrete import Rule
from stalegrad.moments.quadratic import components, decay_per_step, geometric_memory
from stalegrad.moments.system import radius
from stalegrad.problems import quadratic
from stalegrad.theory import formula
from stalegrad.theory.sme.quadratic import critical_mu

Array = np.ndarray
RATES = {
    "constant": {**plot.line("sme-asgd"), "label": r"SME-ASGD, $\Sigma$ constant: $-\mathrm{Re}\,\lambda_+\Delta t$"},
    "whole": {**plot.line("sme-msgd"), "label": r"SME-ASGD, $\Sigma$ by (2.12)"},
    "asgd": {**plot.line("asgd"), "label": "ASGD, second moment"},
    "mean": {**plot.line("sme-sgd"), "label": "ASGD, square of the mean"},
}


def mean_decay(h: float, mus: Array) -> Array:
    """Decay per step of the squared mean of ASGD, from the exact one-step map of the mean."""
    maps = (Rule(components(1.0, 1.0), h, geometric_memory(mu)).system(np.zeros(1)).first_order() for mu in mus)
    return np.array([-2.0 * np.log(radius(matrix)) for matrix in maps])


def decay(h: float, mus: Array) -> dict[str, Array]:
    """Decay of E x^2 per step at step size h and staleness `mus`: by lambda_+, by the whole limit, and exactly."""
    limits = [sme_asgd(quadratic([[1.0], [-1.0]]), h, mu) for mu in mus]
    slowest = formula("SME-second-moment-eigenvalues").numeric(eta=h, mu=mus, a=1.0)["lambda_+"]
    return {
        "constant": -np.real(slowest) * np.sqrt(h * (1.0 - mus)),
        "whole": np.array([moments.decay_rate(limit) * limit.dt for limit in limits]),
        "asgd": decay_per_step(1.0, h, mus),
        "mean": mean_decay(h, mus),
    }


def draw_decay(curves: dict[float, tuple[Array, dict[str, Array]]]):
    """SME-best-mu-rates: decay per step against mu, a panel for each step size; the best staleness and (5.5) are marked.

    Parameters
    ----------
    curves : dict of h -> (mus, decay(h, mus))

    Returns
    -------
    fig, numbers
        The figure, and what it shows by name, for `plot.save`.
    """
    numbers = {}
    with plot.style():
        fig, axes = plt.subplots(1, len(curves), figsize=(10.0, 4.4))
        for ax, (h, (mus, panel)) in zip(axes, curves.items(), strict=True):
            numbers[f"mu, h = {h}"] = mus
            for name, look in RATES.items():
                ax.plot(mus, panel[name], **look)
                numbers[f"{name}, h = {h}"] = panel[name]
            best, rule = moments.best_mu(1.0, h), formula("SME-5.5").numeric(a=1.0, eta=h)
            ax.plot(best["mu"], best["rate"], "ko", label="best staleness for ASGD")
            ax.axvline(rule, color="grey", linewidth=1.0, label=r"$\mu_{opt}=1-4a\eta$, (5.5)")
            numbers |= {f"best, h = {h}": [best["mu"], best["rate"]], f"rule, h = {h}": [rule]}
            ax.set(title=rf"$a\eta={h}$", xlabel=r"staleness parameter $\mu$", ylabel="decay per step, $-\\log$ factor", ylim=(0, None))
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, numbers


def best_staleness(steps: Array) -> dict[str, Array]:
    """For each step size h: mu of (5.5), mu at which the mean of ASGD begins to oscillate, best mu; and two rates.

    `share` is the rate of ASGD at the mu of (5.5), `promise` that of SME-ASGD there, both over ASGD's best.
    """
    best = [moments.best_mu(1.0, h) for h in steps]
    rule = formula("SME-5.5").numeric(a=1.0, eta=steps)
    reached = np.array([decay_per_step(1.0, h, mu) for h, mu in zip(steps, rule, strict=True)])
    slowest = formula("SME-second-moment-eigenvalues").numeric(eta=steps, mu=rule, a=1.0)["lambda_+"]
    rate = np.array([found["rate"] for found in best])
    return {
        "rule": rule,
        "threshold": critical_mu(steps),
        "best": np.array([found["mu"] for found in best]),
        "share": reached / rate,
        "promise": -np.real(slowest) * np.sqrt(steps * (1.0 - rule)) / rate,
    }


def draw_best_staleness(steps: Array, found: dict[str, Array], panels: tuple[float, ...], h_panels: float):
    """SME-best-mu: the best staleness and both thresholds against h; beside it, what (5.5) costs. `panels`: mu of Figure 4."""
    looks = {"rule": RATES["constant"], "threshold": RATES["mean"], "best": RATES["asgd"]}
    labels = {
        "rule": r"$1-4a\eta$: (5.5), and where SME-ASGD begins to oscillate",
        "threshold": "where the mean of ASGD begins to oscillate",
        "best": "best for the second moment of ASGD",
    }
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.4))
        for name, look in looks.items():
            left.plot(steps, found[name], **{**look, "label": labels[name]})
        left.plot([h_panels] * len(panels), panels, "k^", markersize=5, label="panels of Figure 4")
        left.set(xlabel=r"step size $a\eta$", ylabel=r"staleness parameter $\mu$")
        right.plot(steps, 100 * found["share"], **{**RATES["asgd"], "label": "reached by ASGD"})
        right.plot(steps, 100 * found["promise"], **{**RATES["constant"], "label": r"promised by $\lambda_+$"})
        right.set(xlabel=r"step size $a\eta$", ylabel="decay at the rule (5.5), % of ASGD's best")
        right.legend()
        fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig, {"h": steps, **found, "panels": panels}


def stationary(h: float, mus: Array) -> dict[str, Array]:
    """Stationary E x^2 in units of s2 eta / (2 a): Sigma = s2 constant, Sigma by (2.12), and exact ASGD; inf where none exists."""
    unit = h / 2.0
    exists = 2.0 * mus * (1.0 - mus) > h**2
    closed = np.full(len(mus), np.inf)
    closed[exists] = formula("SME-self-consistent").numeric(eta=h, mu=mus[exists], a=1.0, s2=1.0)["x2"]
    exact = [moments.exact_moments(eta=h, mu=mu, a=1.0, s2=1.0, x0=0.0, k="inf")["second_moment"] for mu in mus]
    constant = formula("SME-stationary").numeric(Sigma=1.0, eta=h, mu=mus, a=1.0)["x2"]
    return {"constant": constant / unit, "whole": closed / unit, "asgd": np.array(exact) / unit}


def draw_stationary(mus: Array, levels: dict[str, Array]):
    """SME-stationary-levels: stationary second moments against mu, and the relative error of the two limits."""
    looks = {name: RATES[name] for name in levels}
    looks["constant"]["label"], looks["asgd"]["label"] = r"SME-ASGD, $\Sigma=s^2$", "ASGD, exact"
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.4))
        for name, look in looks.items():
            left.plot(mus, levels[name], **look)
            if name != "asgd":
                right.plot(mus, np.abs(levels[name] / levels["asgd"] - 1.0), **look)
        left.set(ylabel=r"stationary $E\,x^2$, in units of $s^2\eta/(2a)$", yscale="log")
        right.set(ylabel="relative error of the limit", yscale="log")
        for ax in (left, right):
            staleness_axis(ax, mus)
        fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, {"mu": mus, **levels}
