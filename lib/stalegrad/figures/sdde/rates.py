"""Iterations to a given error against the delay, every model in the same unit (SDDE-rate-comparison)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.moments import delay
from stalegrad.theory import formula
from stalegrad.theory.sdde import rates

Array = np.ndarray
LOOKS = {
    "printed": {"color": "#D55E00", "linestyle": ":", "label": "Theorem 4.1 as compared in print (a time)"},
    "SDDE": {"color": "#D55E00", "linestyle": "--", "label": "Theorem 4.1 in iterations"},
    "Recht": {"color": "#009E73", "linestyle": "-.", "label": r"$l^2\ln(1/\epsilon)/\epsilon$"},
    "Zheng": {"color": "#CC79A7", "linestyle": (0, (3, 1, 1, 1)), "label": r"$l/\epsilon$"},
}


def first_below(eps: float, eta: float, lag: int, sigma2: float = 1.0, a: float = 1.0, start: float = 1.0) -> int:
    r"""First step from which on :math:`E x_k^2\le\epsilon` for exact ASGD with a constant delay.

    Raises
    ------
    ValueError
        If the stationary level of the equation is above `eps`: then there is no such step.
    """
    level = formula("SDDE-stationary-variance").numeric(a=a, tau=lag * eta, sigma2=eta * sigma2)
    if level >= eps:
        raise ValueError(f"eta = {eta} leaves a stationary error of {level:.3g}, above eps = {eps}; take a smaller step")
    slowest = -formula("SDDE-T4.1").numeric(a=a, tau=lag * eta)
    n_steps = int(np.ceil((np.log(start**2 / (eps - level)) / (2 * slowest) + 3 * lag * eta + 1 / a) / eta))
    mean, spread = delay.constant_delay(a, eta, lag, sigma2, start, n_steps)
    above = np.flatnonzero(mean**2 + spread > eps)
    return int(above[-1]) + 1


def compare(eps: float, lags) -> dict[str, Array]:
    """Iterations by the four rules, and of exact ASGD at eta = eps/l^2 ("exact") and at the step the equation advises ("advised")."""
    lags = np.asarray(lags)
    found = formula("SDDE-rate-comparison").numeric(eps=eps, l=lags, lam=1.0)
    printed = formula("SDDE-rate-comparison").numeric_printed(eps=eps, l=lags, lam=1.0)["SDDE"]
    exact = [first_below(eps, eps / lag**2, int(lag)) for lag in lags]
    advised = [first_below(eps, advised_step(eps, int(lag)), int(lag)) for lag in lags]
    return {**found, "printed": printed, "exact": np.array(exact, float), "advised": np.array(advised, float)}


def advised_step(eps: float, lag: int, a: float = 1.0, sigma2: float = 1.0) -> float:
    r""":math:`\min(a\epsilon/\sigma^2,\ 1/(eal))`.

    Examples
    --------
    >>> advised_step(0.01, 1)
    0.01
    """
    return float(rates.advised_step(a, sigma2).subs({rates.eps: eps, rates.l: lag}))


def draw(lags: Array, found: dict[str, Array], eps: float):
    """SDDE-rate-comparison."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.6, 4.6))
        for name, look in LOOKS.items():
            ax.plot(lags, found[name], **look)
        ax.plot(lags, found["exact"], "o", color="#000000", ms=5, label=r"exact ASGD, $\eta=\epsilon/l^2$")
        ax.plot(lags, found["advised"], "s", color="#0072B2", ms=5, label=r"exact ASGD, $\eta=\min(a\epsilon/\sigma^2,1/(eal))$")
        ax.set(xscale="log", yscale="log", xlabel="delay $l$ in iterations", ylabel="iterations", title=rf"error $\epsilon={eps:g}$")
        plot.legend_outside(ax)
    return fig, {"lags": lags, **found}
