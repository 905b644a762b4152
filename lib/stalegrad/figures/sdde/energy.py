r"""The energy of Theorem 4.2 along the equation with :math:`\eta_k=1/(\mu k)`, and its bounds (SDDE-T4.2, SDDE-C4.3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.engine.simulate import simulate
from stalegrad.limits.sdde import sdde
from stalegrad.problems import quadratic
from stalegrad.staleness import constant
from stalegrad.theory import formula
from stalegrad.theory.sdde import energy

Array = np.ndarray
LOOKS = {
    0.0: {"color": "#0072B2", "linestyle": "-"},
    1.0: {"color": "#D55E00", "linestyle": (0, (5, 1))},
    3.0: {"color": "#009E73", "linestyle": (0, (3, 1, 1, 1))},
}


def equation(curvature: float, mu: float, lag: int, trace: float, delta: float):
    """Equation (6) for F = curvature x^2/2 from t = 1 on: iteration 1/delta is the first, with step size 1/(mu k)."""
    first = round(1 / delta)
    shift = np.sqrt(trace) / curvature
    problem = quadratic([[shift], [-shift]], curvature=curvature)
    return sdde(problem, 1.0 / mu, lag, rates=lambda k: 1.0 / (k + first - 1), delta=delta)


def mean_square(curvature: float, mu: float, tau: float, trace: float, delta: float, start: float, end: float) -> tuple[Array, Array]:
    """Times from 1 to `end` and the exact E|X - x*|^2 of the Euler scheme with step delta."""
    n_steps = round((end - 1) / delta)
    known = moments.of(equation(curvature, mu, round(tau / delta), trace, delta), start, n_steps)
    return 1.0 + delta * np.arange(n_steps + 1), known.second_moment[:, 0, 0]


def sample_energies(curvature, mu, tau, trace, delta, start, end, level: float, n_paths: int, seed: int) -> Array:
    """Energy along single paths, (times, n_paths)."""
    n_steps = round((end - 1) / delta)
    run = simulate(equation(curvature, mu, round(tau / delta), trace, delta), start, n_paths=n_paths, n_steps=n_steps, seed=seed, keep="paths")
    times = 1.0 + delta * np.arange(n_steps + 1)
    return energy_of(times[:, None], run.paths[:, :, 0].T ** 2, level)


def energy_of(times, squares, level: float):
    r"""The energy :math:`\frac{t-1}2\|X-x^*\|^2-C\ln t`.

    Examples
    --------
    >>> float(energy_of(1.0, 5.0, 2.0))
    0.0
    """
    return (times - 1.0) / 2.0 * squares - level * np.log(times)


def printed_level(**numbers) -> float:
    """C of the printed energy: half of the factor of ln t/(t - 1) in the printed bound."""
    return formula("SDDE-T4.2").numeric_printed(t=np.e, **numbers) * (np.e - 1.0) / 2.0


def bounds(times: Array, numbers: dict, start: float) -> dict[str, Array]:
    """Printed and corrected bound, and without delay the one that has no logarithm, at times above 1."""
    law = formula("SDDE-T4.2")
    free = energy.NO_LOGARITHM.subs(
        {energy.start: start**2, energy.delta: numbers["delta"], energy.trace: numbers["trace"], energy.mu: numbers["mu"]}
    )
    return {
        "printed": law.numeric_printed(t=times, **numbers),
        "corrected": law.numeric(t=times, **numbers),
        "no logarithm": np.array([float(free.subs(energy.t, time)) for time in times]),
    }


def falling_steps(lag: int, trace: float, mu: float, start: float, n_steps: int) -> Array:
    """Exact E x_k^2 of ASGD on F = mu x^2/2 with step 1/(mu k) from k = 1 on."""
    shift = np.sqrt(trace) / mu
    process = asgd(quadratic([[shift], [-shift]], curvature=mu), 1.0 / mu, constant(lag), rates=lambda k: 1.0 / k)
    return moments.of(process, start, n_steps).second_moment[:, 0, 0]


def draw(curves: dict[float, tuple[Array, Array]], limits: dict[str, Array], levels: dict[float, float], paths: Array, tau_paths: float):
    """SDDE-T4.2: mean square distance with its bounds; the energy, of the mean and along paths; and how much of C ln t is used."""
    times = next(iter(curves.values()))[0]
    later = times[1:]
    with plot.style():
        fig, (left, middle, right) = plt.subplots(1, 3, figsize=(14.0, 4.8))
        for tau, (_, squares) in curves.items():
            look = {**LOOKS[tau], "label": rf"$\tau={tau:g}$"}
            left.plot(times, squares, **look)
            middle.plot(times, energy_of(times, squares, levels[tau]), **look)
            right.plot(later, used(later, squares[1:], levels[tau]), **look)
        for name, style in (("printed", "--"), ("corrected", "-."), ("no logarithm", ":")):
            tag = r"$\tau=0$" if name == "no logarithm" else rf"$\tau={tau_paths:g}$"
            left.plot(later, limits[name], color="#000000", linestyle=style, label=f"bound, {name}, {tag}")
        middle.plot(times, paths, color="#000000", lw=0.5, alpha=0.6)
        right.axhline(1.0, color="#000000", linestyle="--", label="what the bound allows")
        left.set(xscale="log", yscale="log", xlabel="time $t$", ylabel=r"$E\|X(t)-x^*\|^2$")
        middle.set(xscale="log", xlabel="time $t$", ylabel=rf"energy; thin: single paths, $\tau={tau_paths:g}$")
        right.set(xscale="log", yscale="log", xlabel="time $t$", ylabel=r"$\frac{t-1}{2}E\|X-x^*\|^2$ over $C\,\ln t$")
        for ax in (left, middle):
            ax.legend(fontsize=8.5)
        right.legend(fontsize=8.5, loc="upper right", bbox_to_anchor=(1.0, 0.93))
    numbers = {f"square {tau:g}": squares for tau, (_, squares) in curves.items()}
    return fig, {"times": times, **numbers, **limits, "paths": paths, "levels": list(levels.values())}


def used(times, squares, level: float):
    r"""Share of the allowance :math:`C\ln t` that :math:`\frac{t-1}2\|X-x^*\|^2` takes; the bound says at most 1."""
    return (times - 1.0) / 2.0 * squares / (level * np.log(times))
