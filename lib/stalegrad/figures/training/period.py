r"""Figures of section 4.3.3: communication periods, with two workers in two wells first.

Between two exchanges a worker in a well of $f(u) = \frac14 (1-u^2)^2$ moves by $-\eta f'$ each of $\tau$ steps, and momentum $\delta$ makes
that $\eta / (1 - \delta)$ in the long run; once in $\tau$ steps it gives up the share $\alpha$ of its distance to the centre. So for small steps
the two feel a spring of penalty $\rho = \alpha (1 - \delta) / (\eta \tau)$, and by EASGD-5.39 and EASGD-F5.20 they stay apart, at
$\pm\sqrt{1-\rho}$, if $\rho < \frac23$.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.algorithms.asynchronous import async_eamsgd, async_eamsgd_step
from stalegrad.engine.streams import Tape
from stalegrad.figures.easgd.nonconvex import EDGE, noisy_wells
from stalegrad.figures.layout import legend_below
from stalegrad.figures.training.bands import Case, draw_bands
from stalegrad.nets.trace import Trace
from stalegrad.schedule import round_robin

Array = np.ndarray
LOOKS = {
    1: {"color": "#000000", "linestyle": "-"},
    10: {"color": "#0072B2", "linestyle": "--"},
    100: {"color": "#D55E00", "linestyle": "-."},
    1000: {"color": "#CC79A7", "linestyle": ":"},
}
RATE_LAWS = {False: "constant rate", True: "decaying rate"}
ZOOM = {
    "easgd": {"train_loss": (0.3, 1.2), "test_error": (0.13, 0.35)},
    "eamsgd": {"train_loss": (0.2, 2.2), "test_error": (0.1, 0.8)},
}
"""What is shown of the vertical axes; EAMSGD's reach up to where its centre is trapped."""


def penalty(eta, alpha, period, momentum=0.0):
    """The spring that two workers feel, rho = alpha (1 - delta) / (eta tau).

    >>> penalty(eta=0.01, alpha=0.1, period=5)
    2.0
    """
    return alpha * (1.0 - momentum) / (eta * period)


def apart(eta: Array, alpha: float, period: Array, momentum: Array, n_steps: int) -> Array:
    """Half the distance of two workers (cases,) that begin in different wells, after `n_steps` local steps each, without noise.

    All cases are stepped at once, as paths of EAMSGD in round robin; without momentum it is EASGD.
    """
    problem, n = noisy_wells(0.0), len(eta)
    process = async_eamsgd(problem, 0.1, alpha, 0.0, 2, schedule=round_robin())
    tape, state = Tape(0, np.arange(n, dtype=np.uint64)), process.init(np.zeros((1, n)))
    state = state._replace(local=np.stack([np.ones((1, n)), -np.ones((1, n))]))
    for k in range(2 * n_steps):
        state = async_eamsgd_step(problem, eta, alpha, momentum, period, state, process.draw(tape, k))
    return np.abs(state.local[0, 0] - state.local[1, 0]) / 2.0


def draw_wells(cases: Mapping[str, tuple[float, float, Sequence[int]]], alpha: float, n_steps: int):
    """Where two workers end, against the period and against the penalty that it comes to; `cases`: name -> (eta, momentum, periods)."""
    eta, momentum, period, name = (
        np.array(column) for column in zip(*((e, m, t, label) for label, (e, m, periods) in cases.items() for t in periods))
    )
    ends, rho = apart(eta, alpha, period, momentum, n_steps), penalty(eta, alpha, period, momentum)
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.0), sharey=True)
        for label, marker, colour in zip(cases, "osD^", ("#0072B2", "#56B4E9", "#D55E00", "#E69F00"), strict=False):
            mine = name == label
            look = {"marker": marker, "color": colour, "label": label}
            left.plot(period[mine], ends[mine], linestyle=":", linewidth=0.8, **look)
            right.plot(rho[mine], ends[mine], linestyle="none", **look)
            numbers[label] = np.array([period[mine], rho[mine], ends[mine]])
        curve = np.linspace(0.0, EDGE, 101)
        right.plot(curve, np.sqrt(1.0 - curve), color="black", linewidth=1.0, label=r"split point $\sqrt{1-\rho}$")
        right.plot([EDGE, EDGE, 1.6], [np.sqrt(1.0 - EDGE), 0.0, 0.0], color="black", linewidth=1.0)
        left.set(xlabel=r"period $\tau$", ylabel="half the distance of the workers", xscale="log")
        right.set(xlabel=r"penalty $\rho=\alpha(1-\delta)/(\eta\tau)$", xlim=(0.0, 1.6))
        right.legend(fontsize=9)
    return fig, numbers


def draw_periods(traces: Mapping[tuple[str, bool, int], Sequence[Trace]], method: str):
    """EASGD-F4.13, one method: training loss and test error of the centre, with constant and with decaying rate, a curve a period."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(2, 2, figsize=(10.0, 7.2), sharex=True)
        for row, (decays, law) in zip(axes, RATE_LAWS.items(), strict=True):
            cases = {rf"$\tau={period}$": Case(traces[method, decays, period], look) for period, look in LOOKS.items()}
            for ax, (measure, limits) in zip(row, ZOOM[method].items(), strict=True):
                numbers |= {f"{law}, {label}": values for label, values in draw_bands(ax, cases, measure, limits).items()}
                ax.set(title=law)
        axes[0, 1].legend(fontsize=9)
        for ax in axes[0]:
            ax.set(xlabel="")
    return fig, numbers | {"time": traces[method, False, 1][0].time}


def draw_springs(cases: Mapping[str, Sequence[Trace]]):
    """Training loss and test error of EAMSGD at one period with different springs; name -> runs."""
    looks = ({"color": "#D55E00", "linestyle": "-."}, {"color": "#0072B2", "linestyle": "-"}, {"color": "#E69F00", "linestyle": "--"})
    drawn = {name: Case(runs, look) for (name, runs), look in zip(cases.items(), looks, strict=True)}
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.4))
        for ax, measure, limits in zip(axes, ("train_loss", "test_error"), ((0.3, 1.8), (0.13, 0.7)), strict=True):
            numbers |= draw_bands(ax, drawn, measure, limits)
        legend_below(fig, axes[0])
    return fig, numbers


def draw_tails(with_all: Mapping[str, Sequence[Trace]], with_few: Mapping[str, Sequence[Trace]], stop: float):
    """Training loss and test error of the centre where most workers stop at a time, and where none does; name -> runs."""
    colours = ("#0072B2", "#D55E00")
    cases = {f"{name}, all go on": Case(runs, {"color": c, "linestyle": "-"}) for (name, runs), c in zip(with_all.items(), colours)}
    cases |= {f"{name}, most stop": Case(runs, {"color": c, "linestyle": "--"}) for (name, runs), c in zip(with_few.items(), colours)}
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.0))
        for ax, measure, limits in zip(axes, ("train_loss", "test_error"), ((0.28, 0.7), (0.12, 0.25)), strict=True):
            numbers |= draw_bands(ax, cases, measure, limits)
            ax.axvline(stop, color="grey", linewidth=0.8)
        axes[0].legend(fontsize=9)
    return fig, numbers
