r"""Figures 5.3 and 5.7: runs of EASGD beside the exact second moment of the centre, and what is round-off in them.

With :math:`e=1-\alpha-\eta_h` of modulus above 1 the differences between workers grow like :math:`|e|^t`. In exact arithmetic they cancel in the
spatial average and never reach the centre. In floating point the average of p large numbers is off by the unit round-off times their
size, and this error does reach it: it shows when :math:`|e|^t` has grown to the inverse of the unit round-off, whatever the noise.
"""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import mpmath
import numpy as np

import stalegrad as sg
from stalegrad import plot
from stalegrad.algorithms.elastic import easgd_step
from stalegrad.engine.streams import BufferedTape
from stalegrad.moments.additive_noise import BETA, NOISE, WORKERS, centre_second_moments, spread

Array = np.ndarray
RUNS = 3
DIGITS = 100
"""Decimal digits of the run that stands for exact arithmetic."""
PRECISIONS = {
    "float32": {"color": "#D55E00", "linestyle": "--", "label": "single precision"},
    "float64": {"color": "#0072B2", "linestyle": "-.", "label": "double precision"},
    "exact": {"color": "#000000", "linestyle": "-", "label": f"{DIGITS} digits"},
}


def process(alpha: float, eta: float):
    """EASGD in the setting of the two figures."""
    return sg.easgd(sg.problems.noisy_quadratic(h=1.0, sigma=NOISE), eta, alpha, BETA, WORKERS)


def three_runs(alpha: float, eta: float, n_steps: int, seed: int) -> Array:
    """Squared centre of three independent runs (n_steps + 1, 3), in double precision, from 1."""
    run = sg.simulate(process(alpha, eta), 1.0, n_paths=RUNS, n_steps=n_steps, seed=seed, keep="paths")
    return run.paths[:, :, 0].T ** 2


def in_precision(kind: str, alpha: float, eta: float, n_steps: int, seed: int, digits: int = DIGITS) -> Array:
    """Centre of the first of these runs at steps 0, ..., n_steps, computed in one of `PRECISIONS` from the same noise.

    The readable step of the library runs on whatever numbers it is given: here single or double floats, or floats of `digits` digits.
    """
    rule, tape = process(alpha, eta), BufferedTape(seed, np.zeros(1, dtype=np.uint64))
    number = np.vectorize(mpmath.mpf, otypes=[object]) if kind == "exact" else np.dtype(kind).type
    state = rule.init(np.ones((1, 1)))
    state = state._replace(**{name: number(getattr(state, name)) for name in ("local", "centre", "double_average")})
    centres = [1.0]
    with mpmath.workdps(digits):
        for k in range(n_steps):
            draw = SimpleNamespace(z=number(rule.draw(tape, k).z))
            state = easgd_step(rule.problem, eta, alpha, BETA, state, draw)
            centres.append(float(state.centre[0, 0]))
    return np.array(centres)


def visible_from(growth: float, unit: float) -> float:
    """Steps after which differences that grow by the factor `growth` a step are 1/`unit` times as large as at first."""
    return float(np.log(1.0 / unit) / np.log(growth))


def repeatable(kind: str, alpha: float, eta: float, n_steps: int) -> int:
    """Number of points of a run that are the same on every machine: up to 40 steps before round-off shows.

    The tail is rounding alone, and changes altogether if one processor rounds one draw otherwise; it is drawn, and left out of `numbers`.
    """
    growth = abs(1.0 - alpha - eta)
    if growth <= 1.0 or kind == "exact":
        return n_steps + 1
    return min(n_steps + 1, int(visible_from(growth, np.finfo(kind).eps / 2)) - 40)


def draw_runs(figure: str, eta: float, pulls: dict[str, float], n_steps: int, seed: int):
    """F5.3 or F5.7: for each rate alpha, by its label, a panel with three runs and the exact E centre^2.

    Returns
    -------
    fig, numbers
    """
    time, numbers = np.arange(n_steps + 1), {"t": np.arange(n_steps + 1)}
    with plot.style():
        fig, axes = plt.subplots(1, len(pulls), figsize=(3.0 + 2.4 * len(pulls), 4.2), sharey=True)
        for ax, (label, alpha) in zip(axes, pulls.items(), strict=True):
            runs, exact = three_runs(alpha, eta, n_steps, seed), centre_second_moments(alpha, n_steps, eta)
            for column, run in enumerate(runs.T):
                ax.plot(time, run, color="#0072B2", linewidth=0.8, alpha=0.7, label="three runs, double precision" if column == 0 else None)
            ax.plot(time, exact, **{**plot.line("exact"), "label": r"exact $\mathbb{E}\tilde x_t^2$", "linewidth": 2.0})
            ax.set(title=rf"{label}, $\alpha={alpha:.4g}$", xlabel="step $t$", yscale="log")
            numbers |= {f"runs, {label}": runs[: repeatable("float64", alpha, eta, n_steps)], f"exact, {label}": exact}
        axes[0].set(ylabel=r"$\tilde x_t^2$")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        fig.suptitle(rf"Figure {figure}: $\eta={eta}$, $\beta={BETA}$, $p={WORKERS}$, $\sigma={NOISE}$")
    return fig, numbers


def draw_precision(alpha: float, eta: float, n_steps: int, seed: int):
    """F5.3-precision: one run in three precisions from the same noise, the exact spread of the workers, and when round-off should show."""
    growth, time = abs(1.0 - alpha - eta), np.arange(n_steps + 1)
    centres = {kind: np.abs(in_precision(kind, alpha, eta, n_steps, seed)) for kind in PRECISIONS}
    apart = spread(alpha, n_steps, eta)
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.0, 4.6))
        for kind, look in PRECISIONS.items():
            ax.plot(time, centres[kind], **look)
        ax.plot(time[1:], apart[1:], color="#009E73", linestyle=":", label="spread of the workers (exact)")
        for kind in ("float32", "float64"):
            expected = "round-off expected from here" if kind == "float64" else None
            ax.axvline(visible_from(growth, np.finfo(kind).eps / 2), color=PRECISIONS[kind]["color"], linewidth=0.8, alpha=0.7, label=expected)
        ax.set(xlabel="step $t$", ylabel=r"$|\tilde x_t|$", yscale="log", ylim=(1e-7, 1e12))
        fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    steady = {kind: path[: repeatable(kind, alpha, eta, n_steps)] for kind, path in centres.items()}
    return fig, {"t": time, **steady, "spread": apart}
