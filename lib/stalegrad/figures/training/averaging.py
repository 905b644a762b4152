r"""Figures of section 4.3.1: averages of SGD against Nesterov momentum, and averages that begin late.

On a quadratic the errors of all averages are exact: the one from step m on is the plain average of a run that begins at $x_m$, so that
$E z^2 = b_{n-m}^2\, E x_m^2 + v_{n-m}$, with $b_k$ the mean of the average after k steps from 1, and $v_k$ its second moment from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.averaged import averaged_sgd, moving_average_sgd
from stalegrad.figures.training.bands import Case
from stalegrad.nets.compare import Choice, choose_rate
from stalegrad.nets.experiments.averaging import LATE, MOVING
from stalegrad.nets.trace import Trace
from stalegrad.problems import noisy_quadratic

Array = np.ndarray
LOOKS = {
    "SGD": {"color": "#56B4E9", "linestyle": "-"},
    "ASGD": {"color": "#0072B2", "linestyle": "-"},
    "ASGD begun late": {"color": "#009E73", "linestyle": "--"},
    f"MVASGD {MOVING[0]}": {"color": "#D55E00", "linestyle": "-."},
    f"MVASGD {MOVING[1]}": {"color": "#E69F00", "linestyle": ":"},
    "MSGD": {"color": "#CC79A7", "linestyle": (0, (5, 1))},
}
CURVES = {
    "SGD": ("sgd", "x"),
    "ASGD": ("sgd", "average"),
    f"MVASGD {MOVING[0]}": ("sgd", "moving_average"),
    f"MVASGD {MOVING[1]}": (f"sgd, {MOVING[1]}", "moving_average"),
    "MSGD": ("msgd", "x"),
}
"""Method -> (its runs, the variable of it)."""


def exact_errors(eta: float, start: float, n_steps: int, begin: int, rate: float) -> dict[str, dict[str, Array]]:
    """Mean squared error and squared bias (n_steps + 1,) of SGD and its averages, curvature and noise 1.

    Parameters
    ----------
    eta, start : float
        Learning rate, and x_0.
    n_steps, begin : int
        Length, and the step from which the late average is taken; before it, NaN.
    rate : float
        Moving rate of MVASGD.
    """
    problem = noisy_quadratic()

    def exact(process, first: float, n: int):
        found = moments.of(process, first, n_steps=n)
        return found.mean[:, 0], found.second_moment[:, 0, 0]

    plain, moving = averaged_sgd(problem, eta), moving_average_sgd(problem, eta, rate)
    found = {}
    for name, process in {"SGD": averaged_sgd(problem, eta, observe="x"), "ASGD": plain, f"MVASGD {rate}": moving}.items():
        mean, square = exact(process, start, n_steps)
        found[name] = {"error": square, "bias": mean**2}
    mean, square = found["SGD"]["bias"][begin], found["SGD"]["error"][begin]
    shrinks, spreads = exact(plain, 1.0, n_steps - begin)[0] ** 2, exact(plain, 0.0, n_steps - begin)[1]
    late = {"error": shrinks * square + spreads, "bias": shrinks * mean}
    found["ASGD begun late"] = {kind: np.append(np.full(begin, np.nan), values) for kind, values in late.items()}
    return found


def draw_exact(errors: Mapping[str, Mapping[str, Array]]):
    """Left the mean squared errors, right the squared biases, over the steps."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.2), sharey=True)
        for ax, (kind, title) in zip(axes, (("error", "mean squared error"), ("bias", "squared bias")), strict=True):
            for name, values in errors.items():
                ax.plot(np.arange(len(values[kind]))[1:], values[kind][1:], label=name, **LOOKS[name])
                numbers[f"{kind}, {name}"] = values[kind]
            ax.set(xlabel="step", title=title, xscale="log", yscale="log", ylim=(1e-4, 20.0))
        axes[0].legend(fontsize=9)
    return fig, numbers


def chosen(traces: Mapping[str, Sequence[Trace]], measure: str = "test_error", by: str = "best") -> dict[str, tuple[Choice, Case]]:
    """Each method at its learning rate; by default chosen as in the thesis, for the smallest test error that it reaches."""
    found = {}
    for label, (runs, variable) in CURVES.items():
        choice = choose_rate(traces[runs], measure, by, variable)
        found[label] = choice, Case([trace for trace in traces[runs] if trace.spec.eta == choice.eta], LOOKS[label], variable)
    return found


def with_cuts(traces: Mapping[str, Sequence[Trace]]) -> dict[str, Case]:
    """The methods at a rate that is cut, and the average from the first cut on; `traces["sgd"]` have the curves of `LATE`."""
    curves = {**CURVES, "ASGD begun late": ("sgd", LATE)}
    return {label: Case(traces[curves[label][0]], LOOKS[label], curves[label][1]) for label in LOOKS}
