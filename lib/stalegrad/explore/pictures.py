"""The explorers drawn with matplotlib, at any setting: what the widgets show.

The trajectories and delays come from the library's own functions, not from the forms that are printed for the pages.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import expm

from stalegrad import moments, plot, problems
from stalegrad.algorithms.asgd import asgd
from stalegrad.engine.checks import whole
from stalegrad.explore import settings
from stalegrad.explore.forms import forms
from stalegrad.figures import maps
from stalegrad.limits.sme import sme_sgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.staleness import geometric
from stalegrad.theory import formula
from stalegrad.theory.pca import stability

Array = np.ndarray
CURVES = {
    "asgd": {**plot.line("asgd"), "label": "ASGD, exact"},
    "whole": {**plot.line("sme-asgd"), "label": r"SME-ASGD, $\Sigma$ by (2.12)"},
    "constant": {**plot.line("msgd"), "label": r"SME-ASGD, $\Sigma$ constant"},
    "sgd": {**plot.line("sme-sgd"), "label": "SME-SGD"},
}
"""Look of each curve of the trajectories."""
MOMENTA = 32
"""Columns of the map of delays."""


def check(quantities, values: dict[str, float]) -> dict[str, float]:
    """`values` filled up with where the sliders start; ValueError for an unknown name or a value that its slider does not reach."""
    known = {quantity.name: quantity for quantity in quantities}
    if unknown := sorted(set(values) - set(known)):
        raise ValueError(f"there is no slider {unknown[0]!r} here; the sliders are {', '.join(known)}")
    for name, value in values.items():
        quantity = known[name]
        if not quantity.low <= value <= quantity.high:
            raise ValueError(f"{name} = {value} must be between {quantity.low} and {quantity.high}, the ends of its slider")
    return {name: quantity.value for name, quantity in known.items()} | values


def sliders_of(name: str) -> tuple[settings.Quantity, ...]:
    """Sliders of a map, its axes first; ValueError lists the maps if there is none of that name."""
    if name not in settings.MAPS:
        raise ValueError(f"there is no map {name!r}; the maps are {', '.join(settings.MAPS)}")
    entry = settings.MAPS[name]
    return entry.x, entry.y, *entry.sliders


def radius(name: str, **values) -> Array:
    """Spectral radius of a map's matrix; arguments are those of its form, and broadcast.

    Examples
    --------
    >>> radius("additive_momentum", step=0.25, delta=0.0).round(6).item()
    0.5625
    """
    form = forms()[name]
    return spectral_radius_of(form.numeric(**{argument: values[argument] for argument in form.arguments}))


def draw_map(name: str, **values: float):
    """A map with the point that the sliders choose and the lowest cell.

    Parameters
    ----------
    name : str
        One of `settings.MAPS`.
    **values : float
        Positions of its sliders, the axes included; those left out stay where they start.

    Returns
    -------
    fig, numbers
        The figure and what it shows, as for `plot.save`.
    """
    given = check(sliders_of(name), values)
    entry = settings.MAPS[name]
    x, y = (maps.grid(axis.low, axis.high, settings.CELLS) for axis in (entry.x, entry.y))
    found = radius(name, **{**given, entry.x.name: x[None, :], entry.y.name: y[:, None]})
    here = float(radius(name, **given))
    with plot.style():
        fig, ax = plt.subplots(figsize=(6.4, 4.8))
        mesh = maps.radius_map(ax, x, y, found)
        maps.mark(ax, *maps.lowest(x, y, found)[:2], "optimum")
        ax.plot(given[entry.x.name], given[entry.y.name], "o", color="white", markeredgecolor="black", markersize=9)
        verdict = "stable" if here < 1.0 else "unstable"
        ax.set(xlabel=entry.x.label, ylabel=entry.y.label, title=f"{entry.title}\nradius {here:.4f} at the point: {verdict}")
        maps.colour_bar(fig, mesh, ax)
    return fig, {entry.x.name: x, entry.y.name: y, "radius": found, "point": [given[entry.x.name], given[entry.y.name], here]}


def trajectories(values: dict[str, float], n_steps: int) -> dict[str, dict[str, Array]]:
    """Mean and second moment at steps 0 .. n_steps of ASGD and its limits, on one quadratic mode: "mean" and "second" of each curve."""
    eta, mu, a, s2, x0 = (values[name] for name in ("eta", "mu", "a", "s2", "x0"))
    shift = np.sqrt(s2) / a
    problem, k = problems.quadratic(centres=[[shift], [-shift]], curvature=a), np.arange(n_steps + 1)
    limit, fresh = sme_asgd(problem, eta=eta, mu=mu), sme_sgd(problem, eta=eta)
    found = {
        "asgd": moments.of(asgd(problem, eta=eta, staleness=geometric(mu)), x0, n_steps=n_steps),
        "whole": moments.exact_limit(limit, x0, k * limit.dt),
        "sgd": moments.exact_limit(fresh, x0, k * fresh.dt),
    }
    curves = {name: {"mean": run.mean[:, 0], "second": run.second_moment[:, 0, 0]} for name, run in found.items()}
    curves["constant"] = {"mean": curves["whole"]["mean"], "second": _constant_noise(values, limit.dt, n_steps)}
    return curves


def _constant_noise(values: dict[str, float], dt: float, n_steps: int) -> Array:
    """E X^2 of (5.4) with Sigma at the sampling variance, from a past frozen at x0."""
    eta, mu, a, s2, x0 = (values[name] for name in ("eta", "mu", "a", "s2", "x0"))
    system = formula("SME-5.4").numeric(Sigma=s2, eta=eta, mu=mu, a=a)
    velocity = -np.sqrt(eta / (1.0 - mu)) * a * x0
    augmented = np.block([[system["matrix"], system["constant"]], [np.zeros((1, 4))]])
    step, path = expm(dt * augmented), [np.array([x0**2, velocity**2, x0 * velocity, 1.0])]
    for _ in range(n_steps):
        path.append(step @ path[-1])
    return np.array(path)[:, 0]


def draw_trajectories(**values: float):
    """Mean and second moment of ASGD and three limits; `values` as in `draw_map`, of `settings.TRAJECTORIES`."""
    given = check(settings.TRAJECTORIES, values)
    k = whole(given["k"], "k", 0)
    n_steps = int(settings.TRAJECTORIES[-1].high)
    curves = trajectories(given, n_steps)
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.2))
        for ax, which in zip(axes, ("mean", "second"), strict=True):
            for name, look in CURVES.items():
                ax.plot(curves[name][which], **look)
            ax.axvline(k, color="grey", lw=1.0)
            ax.set_xlabel("step k")
        axes[0].set(ylabel=r"mean $E\,x_k$", title=f"step {k}: ASGD {curves['asgd']['mean'][k]:.5g}, limit {curves['whole']['mean'][k]:.5g}")
        axes[1].set(
            ylabel=r"second moment $E\,x_k^2$", title=f"step {k}: ASGD {curves['asgd']['second'][k]:.5g}, limit {curves['whole']['second'][k]:.5g}"
        )
        if given["s2"] > 0.0 or given["x0"] > 0.0:
            axes[1].set_yscale("log")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig, {f"{name} {which}": curve for name, pair in curves.items() for which, curve in pair.items()}


def draw_delays(**values: float):
    """Radius over momentum and delay with the edge in closed form, and the roots at the chosen point; `values` of `settings.DELAYS`."""
    given = check(settings.DELAYS, values)
    h, mu, tau = given["h"], given["mu"], whole(given["tau"], "tau", 0)
    _, momentum, delay = settings.DELAYS
    momenta, delays = maps.grid(momentum.low, momentum.high, MOMENTA), np.arange(int(delay.high) + 1)
    found = np.array([[stability.radius(h, m, np.eye(lag + 1)[lag]) for m in momenta] for lag in delays])
    edge = stability.critical(h, momenta)
    roots = np.linalg.eigvals(stability.recursion(h, mu, np.eye(tau + 1)[tau]))
    here = np.abs(roots).max()
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.6), width_ratios=(1.3, 1.0))
        mesh = maps.radius_map(left, momenta, delays, found, smallest=0.5)
        left.plot(momenta, edge, color="#D55E00", label=r"critical delay, closed form")
        left.plot(mu, tau, "o", color="white", markeredgecolor="black", markersize=9)
        last = stability.last_stable(h, mu)
        left.set(xlabel=momentum.label, ylabel=delay.label, ylim=(-0.5, delay.high + 0.5), title=f"radius {here:.5g}; largest stable delay {last}")
        left.legend(loc="upper right", facecolor="0.8", frameon=True)
        maps.colour_bar(fig, mesh, left)
        right.add_patch(plt.Circle((0.0, 0.0), 1.0, fill=False, color="grey"))
        right.plot(roots.real, roots.imag, "o", color="#0072B2", markersize=5)
        right.set(aspect="equal", xlabel="real part", ylabel="imaginary part", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), title="roots, and the unit circle")
    return fig, {"momenta": momenta, "delays": delays, "radius": found, "edge": edge, "roots": np.stack([roots.real, roots.imag])}
