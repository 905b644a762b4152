"""Figures of section 3.2: the recursion of Theorem 3.2.1 beside exact errors, and an objective on which workers stop helping.

The kinked parabola has the slope mu x to the left of its minimum 0 and L x to the right. It is strongly convex and smooth, it
reaches the sharp constant of the proof, and its stationary law leans to the left.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

from stalegrad import plot
from stalegrad.theory import formula
from stalegrad.theory.easgd import strongly_convex as sc
from stalegrad.theory.easgd.symbols import L, alpha, beta, eta, h, mu, p, sigma

Array = np.ndarray
LOOKS = {
    "printed": {"color": "#D55E00", "linestyle": "--", "label": "bound as printed"},
    "sharp": {"color": "#009E73", "linestyle": "-.", "label": r"bound with the sharp $\gamma_2$"},
    "quadratic": {"color": "#0072B2", "linestyle": "-", "label": "exact, quadratic"},
    "kinked": {"color": "#CC79A7", "linestyle": (0, (5, 1)), "label": "kinked parabola, computed law"},
}
_sharp = sp.lambdify((mu, L, eta, alpha, p, sigma), sc.SHARP_STATIONARY["c"].subs(sc.RATES))
_sharp_gamma2 = sp.lambdify((mu, L, eta), sc.SHARP_GAMMA2)
_one_step = sp.lambdify((h, eta, alpha, beta, p, sigma), sc.errors_on_a_quadratic(h))


def sharp_level(at: dict) -> float:
    """The bound on the stationary error of average and centre with the sharp gamma_2."""
    return _sharp(*(at[name] for name in ("mu", "L", "eta", "alpha", "p", "sigma")))


def printed_level(at: dict) -> float:
    """The same as printed."""
    return formula("EASGD-3.2-stationary").numeric(**at)["c"]


def bounds(at: dict, start: Array, n_steps: int) -> dict[str, Array]:
    """(a, b, c) by the recursion from `start`, (n_steps + 1, 3): as printed, and with the sharp gamma_2."""
    system = formula("EASGD-T3.2.1").numeric(**at)
    change = _sharp_gamma2(at["mu"], at["L"], at["eta"]) - system["matrix"][0, 1]
    sharp = system["matrix"] + change * np.outer([1.0, 0.0, 0.0], [-1.0, 1.0, 0.0])
    return {"printed": _iterated(system["matrix"], system["constant"], start, n_steps), "sharp": _iterated(sharp, system["constant"], start, n_steps)}


def quadratic_errors(at: dict, start: Array, n_steps: int) -> Array:
    """Exact (a, b, c) (n_steps + 1, 3) on the quadratic with curvatures mu and L, half of the noise in each direction.

    All variables start at the same point, at `start` (2,) in the two directions.
    """
    total = np.zeros((n_steps + 1, 3))
    for curvature, first in zip((at["mu"], at["L"]), start, strict=True):
        noise = at["sigma"] / np.sqrt(2.0)
        matrix, constant = _one_step(curvature, at["eta"], at["alpha"], at["beta"], at["p"], noise)
        y2, _, x2 = _iterated(matrix, constant, np.full(3, first**2), n_steps).T
        shrink, gain = (1 - at["eta"] * curvature - at["alpha"]) ** 2, (at["eta"] * noise) ** 2 * (1 - 1 / at["p"])
        spread = gain * (1 - shrink ** np.arange(n_steps + 1)) / (1 - shrink)
        total += np.stack([y2, y2 + spread, x2], axis=1)
    return total


def _iterated(matrix, constant, start, n_steps: int) -> Array:
    rows = [np.asarray(start, dtype=float)]
    for _ in range(n_steps):
        rows.append(matrix @ rows[-1] + np.ravel(constant))
    return np.array(rows)


def quadratic_level(at: dict, curvature: float) -> float:
    """Exact stationary error of the centre in one direction of a quadratic that has all the noise."""
    matrix, constant = _one_step(curvature, *(at[name] for name in ("eta", "alpha", "beta", "p", "sigma")))
    return float(np.linalg.solve(np.eye(3) - matrix, constant)[2, 0])


def kinked_slope(x: Array, mu: float, L: float) -> Array:
    """Slope of the kinked parabola."""
    return np.where(x < 0, mu * x, L * x)


def kinked_law(at: dict, centre: float) -> tuple[Array, Array]:
    """Stationary law of one worker on the kinked parabola under Gaussian noise, its centre held fixed.

    The one-step kernel on a grid with a node at the kink, so that sums are off by the square of the distance of nodes; that is
    a quarter of the noise of a step.

    Returns
    -------
    x : array (n,)
    weight : array (n,)
        Probabilities.
    """
    step = at["eta"] * at["sigma"]
    narrow = at["sigma"] * np.sqrt(at["eta"] / (at["mu"] + at["alpha"] / at["eta"]))
    first, last = centre - 7 * narrow - 5 * step, max(centre, 0.0) + 5 * narrow + 5 * step
    x = np.arange(np.floor(4 * first / step), np.ceil(4 * last / step) + 1) * step / 4
    after = x - at["eta"] * kinked_slope(x, at["mu"], at["L"]) - at["alpha"] * (x - centre)
    kernel = np.exp(-0.5 * ((x[None, :] - after[:, None]) / step) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    equations = np.vstack([(kernel.T - np.eye(len(x)))[:-1], np.ones(len(x))])
    return x, np.linalg.solve(equations, np.append(np.zeros(len(x) - 1), 1.0))


def kinked_levels(at: dict, workers: Array) -> Array:
    """Exact stationary error of the spatial average on the kinked parabola without coupling: squared mean plus variance over p."""
    x, weight = kinked_law({**at, "alpha": 0.0}, 0.0)
    mean = weight @ x
    return mean**2 + (weight @ (x - mean) ** 2) / np.asarray(workers)


def kinked_floor(at: dict) -> float:
    """Stationary error of the centre on the kinked parabola for p to infinity: the centre stands still where the workers' mean is."""
    from scipy.optimize import brentq  # slow to import

    if at["alpha"] == 0:
        return float(kinked_levels(at, np.inf))

    def gap(centre: float) -> float:
        x, weight = kinked_law(at, centre)
        return weight @ x - centre

    spread = at["sigma"] * np.sqrt(at["eta"] / at["mu"])
    return brentq(gap, -spread, 0.0, xtol=1e-9) ** 2


def against_workers(at: dict, workers: Array) -> dict[str, Array]:
    """Stationary errors over p, without coupling: both bounds, a quadratic of curvature mu, and the kinked parabola."""
    points = [{**at, "alpha": 0.0, "p": int(n)} for n in workers]
    return {
        "p": workers,
        "printed": np.array([printed_level(point) for point in points]),
        "sharp": np.array([sharp_level(point) for point in points]),
        "quadratic": kinked_levels({**at, "L": at["mu"]}, workers),
        "kinked": kinked_levels(at, workers),
    }


def against_coupling(at: dict, rates: Array) -> dict[str, Array]:
    """What is left for p to infinity, over the moving rate alpha, at the same eta."""
    points = [{**at, "alpha": float(rate), "p": 1e12} for rate in rates]
    return {
        "alpha": rates,
        "printed": np.array([printed_level(point) for point in points]),
        "sharp": np.array([sharp_level(point) for point in points]),
        "kinked": np.array([kinked_floor(point) for point in points]),
    }


def draw_recursion(at: dict, curves: dict[str, Array]):
    """EASGD-T3.2.1: a, b, c at up to 120 steps, both bounds and the exact errors on a quadratic. `curves`: name -> (n_steps + 1, 3)."""
    steps = np.unique(np.geomspace(1, len(next(iter(curves.values()))) - 1, 120).astype(int))
    titles = ("$a_t$: spatial average", "$b_t$: local variables", r"$c_t$: centre")
    with plot.style():
        fig, axes = plt.subplots(1, 3, figsize=(11.0, 4.2), sharey=True)
        for column, (ax, title) in enumerate(zip(axes, titles, strict=True)):
            for name, rows in curves.items():
                ax.loglog(steps, rows[steps, column], **LOOKS[name])
            ax.set(title=title, xlabel="step $t$")
        axes[0].set_ylabel("mean squared error")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, {"t": steps} | {name: rows[steps] for name, rows in curves.items()}


def draw_levels(workers: dict[str, Array], coupling: dict[str, Array]):
    """EASGD-3.2-stationary: stationary errors over p without coupling; and for p to infinity over alpha."""
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.6))
        for name, look in LOOKS.items():
            left.loglog(workers["p"], workers[name], **look)
            if name in coupling:
                right.semilogy(coupling["alpha"], coupling[name], marker="o", markersize=4, **look)
        left.set(xlabel="number of workers $p$", ylabel="stationary mean squared error", title=r"average, $\alpha=0$")
        right.set(xlabel=r"moving rate $\alpha$", title=r"centre, $p\to\infty$ (quadratic: 0)")
        fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    numbers = {f"workers, {name}": values for name, values in workers.items()}
    return fig, numbers | {f"coupling, {name}": values for name, values in coupling.items()}
