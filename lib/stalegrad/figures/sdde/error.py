r"""How far the delay equation is from ASGD at time 1, beside the bounds of section 3.2 (SDDE-T3.2, SDDE-T3.4, SDDE-sharp-error).

All distances are root mean squares on a quadratic of curvature a with additive noise of variance `s2` for one component, from
exact moments; by Jensen's inequality they bound the mean distance of the theorems.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binom, norm

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import minibatch_asgd
from stalegrad.engine.simulate import simulate
from stalegrad.limits.sdde import sdde
from stalegrad.moments import delay
from stalegrad.theory import formula

Array = np.ndarray
LOOKS = {
    "independent": {**plot.line("asgd"), "label": "equation, noise of its own"},
    "coupled": {"color": "#D55E00", "linestyle": "--", "label": "equation, noise by quantiles"},
    "flow": {"color": "#CC79A7", "linestyle": ":", "label": "gradient flow: no noise, no delay"},
    "theorem 3.2": {"color": "#999999", "linestyle": "-", "label": "Theorem 3.2, second term"},
    "theorem 3.4": {"color": "#999999", "linestyle": "-.", "label": "Theorem 3.4, second term"},
    "sharp": {"color": "#000000", "linestyle": "-", "label": r"sharper bound, $\propto1/\sqrt{Kb}$"},
}


def distances(K: int, b: int, lag: int, a: float = 1.0, s2: float = 1.0, start: float = 1.0) -> dict[str, float]:
    r"""Root mean square distances from ASGD (constant delay `lag`, :math:`\eta=1/K`) at time 1, and the bounds.

    "independent": equation (6) with a noise of its own; "coupled": with normals that have the quantiles of the batch
    noise; "flow": gradient flow without delay and noise.
    """
    rate = 1.0 / K
    mean, spread = (values[-1] for values in delay.constant_delay(a, rate, lag, s2 / b, start, K))
    equation = float(delay.mean_path(a, lag * rate, start, 1.0))
    noise = float(delay.variance(a, lag * rate, rate * s2 / b, 1.0))
    numbers = {"L": a, "b": b, "s2": s2}
    return {
        "independent": float(np.sqrt((mean - equation) ** 2 + spread + noise)),
        "coupled": float(np.sqrt((mean - equation) ** 2 + quantile_gap(b) * spread)),
        "flow": float(np.sqrt((mean - start * np.exp(-a)) ** 2 + spread)),
        "theorem 3.2": formula("SDDE-T3.2").numeric(l=lag, **numbers),
        "theorem 3.4": formula("SDDE-T3.4").numeric(K=K, **numbers),
        "sharp": formula("SDDE-sharp-error").numeric(K=K, **numbers)["martingale"],
        "mean": abs(mean - equation),
    }


def quantile_gap(b: int) -> float:
    r"""Mean square distance between the standardised sum of `b` fair signs and the normal variable of the same quantile.

    :math:`2-2E[Sz]`, and :math:`E[z;\ z_{j-1}<z\le z_j]=\varphi(z_{j-1})-\varphi(z_j)`.

    Examples
    --------
    >>> round(quantile_gap(1), 6)  # 2 - 2 sqrt(2/pi)
    0.404231
    """
    heads = np.arange(b + 1)
    edges = norm.pdf(norm.ppf(np.r_[0.0, binom.cdf(heads, b, 0.5)[:-1], 1.0]))
    return float(2.0 - 2.0 * ((2 * heads - b) / np.sqrt(b)) @ (edges[:-1] - edges[1:]))


def random_delay(K: int, b: int, law, problem, start: float = 1.0) -> float:
    """Distance "independent" where the delay is random: the equation runs with draws of its own, as its Euler scheme, to time 1."""
    known = moments.of(minibatch_asgd(problem, 1.0 / K, law, b), start, K)
    spread = known.second_moment[-1, 0, 0] - known.mean[-1, 0] ** 2
    return float(np.sqrt(2.0 * spread))


def scheme_error(problem, K: int, lag: int, n_paths: int, seed: int, start: float = 1.0, refine: int = 16) -> float:
    """Mean distance at time 1 of the Euler scheme with K steps from that with `refine` K steps, on the same Brownian paths."""
    models = (sdde(problem, 1.0 / K, lag, substeps=parts, grid=refine) for parts in (1, refine))
    coarse, fine = (
        simulate(model, start, n_paths=n_paths, n_steps=round(K * model.dt / model.discretised().dt), seed=seed, keep="final").final
        for model in models
    )
    return float(np.abs(coarse - fine).mean())


def sweep(name: str, values, fixed: dict) -> dict[str, Array]:
    """`distances` over one of K, b and lag."""
    rows = [distances(**{**fixed, name: int(value)}) for value in values]
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def draw(sweeps: dict[str, tuple[Array, dict[str, Array]]], fixed: dict):
    """SDDE-sharp-error: distances and bounds against K, b and the delay."""
    labels = {"K": "iterations $K$ (time 1)", "b": "batch size $b$", "lag": "delay $l$ in iterations"}
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(13.0, 4.8), sharey=True)
        for ax, (name, (values, found)) in zip(axes, sweeps.items(), strict=True):
            shown = {**found, "theorem 3.2": np.where(found["theorem 3.2"] < 1e6, found["theorem 3.2"], np.nan)}
            for key, look in LOOKS.items():
                ax.plot(values, shown[key], **look)
            held = ", ".join(f"${'l' if key == 'lag' else key}={value}$" for key, value in fixed.items() if key != name)
            ax.set(xscale="symlog" if name == "lag" else "log", yscale="log", xlabel=labels[name], title=held)
        axes[0].set(ylabel="rms distance from ASGD at time 1", ylim=(1e-4, 1e5))
        handles, texts = axes[0].get_legend_handles_labels()
        fig.legend(handles, texts, loc="outside lower center", ncols=3)
    numbers = {f"{name} {key}": values for name, (_, found) in sweeps.items() for key, values in found.items() if key != "theorem 3.2"}
    return fig, {**numbers, **{f"{name} values": values for name, (values, _) in sweeps.items()}, **_bounds(sweeps)}


def _bounds(sweeps) -> dict[str, Array]:
    return {f"{name} log10 theorem 3.2": np.log10(found["theorem 3.2"]) for name, (_, found) in sweeps.items()}
