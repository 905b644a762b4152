"""Figures of section 4: the optimal batch size (SME-4.10, SME-4.11, SME-F6)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import minibatch_asgd
from stalegrad.control import BatchProblem, extra_samples_full, minimise_directly
from stalegrad.engine.simulate import simulate
from stalegrad.figures import layout
from stalegrad.figures.sme.axes import staleness_axis
from stalegrad.problems import quadratic
from stalegrad.staleness import geometric
from stalegrad.theory import formula

Array = np.ndarray
ETA, START, CONSTANT, TRANSITION, LAST = 0.02, 1.0, 5, 699, 42
"""Printed with Figure 6: step size, start, batch of the comparison, step of the transition, batch at T."""

CENTRES = -0.5 + np.arange(1, 101) / 200
MINIMISER = float(CENTRES.mean())
SAMPLING_VARIANCE = float(CENTRES.var())

LOOKS = {
    "printed schedule": {"color": "#D55E00", "linestyle": "-"},
    "constant 5": {"color": "#0072B2", "linestyle": "--"},
    "right time unit,\nsame total": {"color": "#009E73", "linestyle": "-."},
    "optimum of (4.3),\nsame total": {"color": "#CC79A7", "linestyle": ":"},
}


def components():
    """The hundred components of Figure 6, with x measured from the minimiser: E x^2 is then the squared error."""
    return quadratic((CENTRES - MINIMISER)[:, None])


def algorithm(mu: float, sizes, rule=minibatch_asgd):
    """`rule` on these components with batch size `sizes`, a number, or one for each step; (4.1) shares one staleness a batch."""
    return rule(components(), ETA, geometric(mu), sizes)


def error(mu: float, sizes: Array, rule=minibatch_asgd) -> Array:
    """Exact l2 error, the root of E|x_k - x*|^2, at steps 0 .. len(sizes)."""
    known = moments.of(algorithm(mu, sizes, rule), START - MINIMISER, len(sizes))
    return np.sqrt(known.second_moment[:, 0, 0])


def mixed(mu: float, gamma: float, Sigma: float) -> BatchProblem:
    """Section 4 as Figure 6 seems to use it: the rate at curvature 1, the level (4.4) as printed, at curvature 2.

    The level at curvature 2 is the one at curvature 1 for a smaller Sigma.
    """
    level = {a: formula("SME-4.4").numeric(Sigma=1.0, eta=ETA, mu=mu, u=0.0, a=a) for a in (1.0, 2.0)}
    return BatchProblem(ETA, mu, Sigma * level[2.0] / level[1.0], gamma, a=1.0)


def family(problem: BatchProblem) -> tuple[float, float]:
    """(T / eta, gamma) for which the printed formulas give transition 699 and final batch 42; its own price does not enter."""
    gamma = problem.critical_gamma / LAST**2
    before_end = np.log(gamma / problem.critical_gamma) / problem.rate
    return TRANSITION + before_end / problem.eta, gamma


def round_settings() -> dict[str, Array]:
    """Printed transition and final batch on a grid of round numbers: one array each, one entry a setting.

    Thirteen values of mu, horizons of 700, 800, ..., 3000 steps of eta, gamma a power of ten, Sigma 1 or that of the data,
    curvature 1 or 2 in the rate and in the level.
    """
    mus = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.95, 0.96, 0.97, 0.98, 0.99)
    axes = (mus, range(700, 3001, 100), 10.0 ** np.arange(-10, 0), (1.0, SAMPLING_VARIANCE), (1.0, 2.0), (1.0, 2.0))
    mu, steps, gamma, Sigma, rate_a, level_a = (each.ravel() for each in np.meshgrid(*axes, indexing="ij"))
    rate = np.real(formula("SME-second-moment-eigenvalues").numeric(eta=ETA, mu=mu, a=rate_a)["lambda_+"])
    level = formula("SME-4.4").numeric(Sigma=Sigma, eta=ETA, mu=mu, u=0.0, a=level_a)
    ratio = np.maximum(-rate * level * ETA / gamma, 1.0)
    found = {"mu": mu, "steps": steps, "gamma": gamma, "Sigma": Sigma, "a in the rate": rate_a, "a in the level": level_a}
    return found | {"transition": steps + np.log(ratio) / rate / ETA, "batch": np.sqrt(ratio)}


def matches(settings: dict[str, Array], transition: int, last: int) -> Array:
    """Places of the settings that give these two whole numbers, rounded up, down or to the nearest."""
    near = (np.abs(settings["transition"] - transition) < 1) & (np.abs(settings["batch"] - last) < 1)
    return np.flatnonzero(near)


def scaled(shape: Array, total: int) -> Array:
    """Whole batch sizes max(1, c shape), rounded up, with c as large as `total` gradients allow."""
    low, high = 0.0, total / shape.max()
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _sizes(middle * shape).sum() <= total else (low, middle)
    return _sizes(low * shape)


def _sizes(wanted: Array) -> Array:
    return np.maximum(np.ceil(wanted), 1.0).astype(np.int64)


def shapes(problem: BatchProblem, n_steps: int) -> dict[str, Array]:
    """Growth of the batch, up to a factor, with one step lasting dt: by the slow eigenvalue, and under all of (4.3)."""
    T = n_steps * problem.dt
    times = problem.dt * np.arange(n_steps)
    never_one = BatchProblem(problem.eta, problem.mu, problem.Sigma, problem.critical_gamma * 1e-30, problem.a)
    return {
        "right time unit,\nsame total": np.exp(problem.rate * (T - times) / 2),
        "optimum of (4.3),\nsame total": 1 + extra_samples_full(never_one, times, T),
    }


def sampled_error(mu: float, sizes: Array, n_paths: int, seed: int) -> tuple[Array, Array]:
    """Simulated l2 error at every step, and its standard error, by the delta method."""
    sizes = np.asarray(sizes)
    run = simulate(algorithm(mu, sizes), START - MINIMISER, n_paths=n_paths, n_steps=len(sizes), seed=seed)
    value = np.sqrt(run.second_moment[:, 0, 0])
    return value, run.second_moment_standard_error[:, 0] / (2 * value)


def cost(error_at_end: float, sizes: Array, price: float) -> float:
    """The objective (4.5), of the algorithm itself: squared error at the end, and `price` for each extra gradient."""
    return float(error_at_end**2 + price * (np.asarray(sizes) - 1).sum())


def draw_value(times: Array, printed: Array, corrected: Array, at: Array, direct: Array, switch: float):
    """SME-4.10-value: the value at z = 0, printed, corrected, and by direct minimisation."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.5, 4))
        ax.plot(times, 1e4 * corrected, color="#0072B2", linestyle="-", label="corrected (4.10)")
        ax.plot(times, 1e4 * printed, color="#D55E00", linestyle="--", label="printed (4.10)")
        ax.plot(at, 1e4 * direct, "o", color="#000000", ms=5, label="direct minimisation of (4.5)")
        ax.axvline(switch, color="#999999", linestyle=":", label="$T-t^*$")
        ax.axhline(0.0, color="#999999", linewidth=0.8)
        ax.set(xlabel="time t (SME time)", ylabel=r"value $V(0,t)\times10^4$")
        plot.legend_outside(ax)
    # A minimiser stops at a tolerance: digits beyond the fourth differ from one processor to another.
    shown = np.array([float(f"{each:.4g}") for each in direct])
    return fig, {"t": times, "printed": printed, "corrected": corrected, "direct at": at, "direct": shown}


def draw_family(mus: Array, members: dict[str, Array], chosen: tuple[float, float, float]):
    """SME-F6-family: horizon and price against mu that give 699 and 42; `chosen` is (mu, T / eta, gamma)."""
    looks = ({"color": "#0072B2", "linestyle": "-"}, {"color": "#D55E00", "linestyle": "--"}, {"color": "#009E73", "linestyle": ":"})
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharex=True)
        for (name, member), look in zip(members.items(), looks, strict=True):
            for ax, values in zip(axes, member, strict=True):
                ax.plot(mus, values, label=name, **look)
        for ax, value in zip(axes, chosen[1:], strict=True):
            ax.plot(chosen[0], value, "ko", ms=6, label="round numbers")
            staleness_axis(ax, mus)
        axes[0].set_ylabel(r"horizon $T/\eta$")
        axes[1].set(yscale="log", ylabel=r"price over noise, $\gamma/\Sigma$")
        layout.legend_below(fig, axes[0])
    return fig, {"mu": mus} | {f"{name} {what}": values for name, pair in members.items() for what, values in zip(("T", "gamma"), pair, strict=True)}


def draw_figure6(sizes: dict[str, Array], errors: dict[str, Array], sampled: dict[str, tuple[Array, Array]], costs: dict[str, tuple[float, float]]):
    """SME-F6: error by steps and by gradients, batch sizes, and the objective at two prices over the printed schedule's.

    Returns
    -------
    fig, numbers
    """
    numbers = {}
    with plot.style():
        fig, ((by_step, by_gradient), (batches, objective)) = plt.subplots(2, 2, figsize=(11, 8))
        for name, look in LOOKS.items():
            spent = np.append(0, np.cumsum(sizes[name]))
            by_step.plot(errors[name], label=name, **look)
            by_gradient.plot(spent, errors[name], **look)
            batches.plot(sizes[name], drawstyle="steps-post", **look)
            numbers |= {f"error {name}": errors[name], f"sizes {name}": sizes[name]}
        for name, (value, standard_error) in sampled.items():
            steps = np.arange(0, len(value), 50)
            by_step.errorbar(steps, value[steps], 2 * standard_error[steps], fmt="o", ms=3, capsize=2, color=LOOKS[name]["color"])
            numbers[f"simulated {name}"] = value[steps]
        error_label = r"$\ell^2$ error $(E|x_k-x_*|^2)^{1/2}$"
        by_step.set(yscale="log", xlabel="step k", ylabel=error_label)
        by_gradient.set(yscale="log", xlabel="gradients spent", ylabel=error_label)
        batches.set(yscale="log", xlabel="step k", ylabel="batch size $1+u_k$")
        batches.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
        _draw_costs(objective, costs)
        layout.legend_below(fig, by_step, "lines: exact; points: simulated, with bars of two standard errors")
    return fig, numbers | {f"objective {name}": np.array(pair) for name, pair in costs.items()}


def _draw_costs(ax, costs: dict[str, tuple[float, float]]) -> None:
    rows = np.arange(len(costs))
    reference = np.array(costs["printed schedule"])
    ratios = np.array(list(costs.values())) / reference
    ax.plot(ratios[:, 0], rows, "s", color="#E69F00", label=r"$\gamma=10^{-7}$ ($\Sigma=1$)")
    ax.plot(ratios[:, 1], rows, "o", color="#56B4E9", label=r"$\gamma=10^{-7}\,\mathrm{Var}\,c$ ($\Sigma$ of the data)")
    ax.axvline(1.0, color="#999999", linewidth=0.8)
    ax.set(xscale="log", xlabel="objective / that of the printed schedule")
    ax.set_yticks(rows, list(costs))
    ax.set_ylim(len(costs) - 0.5, -0.5)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=9)


def direct_values(problem: BatchProblem, times: Array, T: float) -> Array:
    """V(0, t) by direct minimisation of (4.5) from each time on."""
    return np.array([minimise_directly(problem, 0.0, T - t, n=300).cost for t in times])
