"""What the bound of Theorem 2 can tell apart (SME-T2, SME-3.1, SME-strong-order), from exact moments."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.staleness import geometric
from stalegrad.theory import formula

Array = np.ndarray
LOOKS = {
    "SME-ASGD, noise of its own": plot.line("sme-asgd"),
    "SME-ASGD without noise": {"color": "#CC79A7", "linestyle": ":"},
    "stays at the start": {"color": "#000000", "linestyle": "-."},
}


def distances(problem, etas: Array, mu: float, start: float, time: float) -> dict[str, Array]:
    r"""Largest root mean square distance from ASGD up to SME time `time`, for each eta.

    The noise of SME-ASGD is independent of the algorithm's, so
    :math:`E|X-x|^2=(E X-E x)^2+\mathrm{Var}X+\mathrm{Var}x`; without noise :math:`\mathrm{Var}X` is 0 (the equation is
    linear here, so its mean is the same); for the constant process :math:`E|x_0-x|^2=(x_0-E x)^2+\mathrm{Var}x`.

    Returns
    -------
    dict
        An array of the length of `etas` for each of the three processes, "dt", and "bound": what (3.1) allows when
        the root mean square of a gradient read is at most that at the start.
    """
    found = {name: [] for name in (*LOOKS, "dt", "bound")}
    size = float(np.sqrt(problem.second_moment([start])[0, 0]))
    for eta in etas:
        limit = sme_asgd(problem, eta, mu)
        n_steps = round(time / limit.dt)
        x, spread = _mean_and_variance(asgd(problem, eta, geometric(mu)), start, n_steps)
        X, noise = _mean_and_variance(limit, start, n_steps)
        squares = ((X - x) ** 2 + spread + noise, (X - x) ** 2 + spread, (start - x) ** 2 + spread)
        for name, square in zip(LOOKS, squares, strict=True):
            found[name].append(np.sqrt(square.max()))
        found["dt"].append(limit.dt)
        found["bound"].append(formula("SME-3.1").numeric(slope=size, T=time, eta=eta, mu=mu))
    return {name: np.array(values) for name, values in found.items()}


def merits(problem, etas: Array, mu: float, start: float) -> dict[str, Array]:
    """Relative errors of SME-ASGD after round(1/eta) steps: of the mean (over the distance travelled), of the variance."""
    found = {"mean": [], "variance": []}
    for eta in etas:
        n_steps = round(1 / eta)
        x, spread = _mean_and_variance(asgd(problem, eta, geometric(mu)), start, n_steps)
        X, noise = _mean_and_variance(sme_asgd(problem, eta, mu), start, n_steps)
        found["mean"].append(abs(X[-1] - x[-1]) / abs(start - x[-1]))
        found["variance"].append(abs(noise[-1] - spread[-1]) / spread[-1])
    return {name: np.array(values) for name, values in found.items()}


def draw_content(etas: Array, near: dict[str, Array], far: dict[str, Array]):
    """SME-T2-content: distances that the theorem bounds, and errors of moments that it does not mention."""
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.4))
        left.plot(near["dt"], near["bound"], color="#999999", linestyle="-", label="bound (3.1)")
        for name, look in LOOKS.items():
            left.plot(near["dt"], near[name], "o", ms=4, **{**look, "label": name})
        left.set(xscale="log", yscale="log", xlabel=r"$\Delta t=\sqrt{\eta(1-\mu)}$", ylabel="largest rms distance from ASGD up to T")
        left.legend()
        right.plot(etas, far["mean"], "o", color="#D55E00", linestyle="--", ms=4, label="SME-ASGD, mean")
        right.plot(etas, far["variance"], "s", color="#0072B2", linestyle="-", ms=4, label="SME-ASGD, variance")
        right.axhline(1.0, color="#000000", linestyle="-.", label="stays at the start (both); no noise (variance)")
        right.set(xscale="log", yscale="log", xlabel=r"$\eta$", ylabel=r"relative error after $1/\eta$ steps")
        right.set_ylim(top=30.0)
        right.legend(loc="upper left")
    return fig, {**{f"distance {name}": values for name, values in near.items()}, **{f"error {k}": v for k, v in far.items()}, "eta": etas}


def _mean_and_variance(model, start: float, n_steps: int) -> tuple[Array, Array]:
    known = moments.of(model, start, n_steps)
    mean = known.mean[:, 0]
    return mean, known.second_moment[:, 0, 0] - mean**2
