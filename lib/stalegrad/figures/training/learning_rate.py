"""Figure of section 4.3.2: EASGD and EAMSGD at several learning rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.elastic import eamsgd, easgd
from stalegrad.figures.training.bands import Case, draw_bands
from stalegrad.nets.compare import Difference, paired, score
from stalegrad.nets.trace import Trace
from stalegrad.problems import noisy_quadratic

Array = np.ndarray
SHADES = ("#009E73", "#56B4E9", "#0072B2", "#D55E00")
STYLES = (":", "-.", "--", "-")
ZOOM = {"train_loss": (0.3, 1.0), "test_error": (0.13, 0.36)}


def by_rate(traces: Sequence[Trace]) -> dict[float, list[Trace]]:
    """Runs by learning rate, in rising order; the seeds of each in rising order."""
    found: dict[float, list[Trace]] = {}
    for trace in sorted(traces, key=lambda trace: (trace.spec.eta, trace.spec.seed)):
        found.setdefault(trace.spec.eta, []).append(trace)
    return found


def draw_rates(methods: dict[str, Sequence[Trace]]):
    """EASGD-F4.12: a row for each method, training loss and test error of the centre; a curve for each rate."""
    numbers: dict[str, Array] = {}
    with plot.style():
        fig, axes = plt.subplots(len(methods), 2, figsize=(10.0, 3.6 * len(methods)), sharex=True, squeeze=False)
        for row, (method, traces) in zip(axes, methods.items(), strict=True):
            groups = zip(by_rate(traces).items(), SHADES, STYLES, strict=True)
            cases = {rf"$\eta={eta:g}$": Case(runs, {"color": colour, "linestyle": style}) for (eta, runs), colour, style in groups}
            for ax, (measure, limits) in zip(row, ZOOM.items(), strict=True):
                numbers |= {f"{method}, {name}": values for name, values in draw_bands(ax, cases, measure, limits).items()}
                ax.set(title=method, xlabel="")
            row[1].legend(fontsize=9)
        for ax in axes[-1]:
            ax.set(xlabel="virtual time [local steps]")
    return fig, numbers | {"time": traces[0].time}


class Trend(NamedTuple):
    """What a larger rate does to a measure."""

    rates: Array
    """(E,) in rising order."""
    means: Array
    """(E,) over the seeds."""
    largest: Difference
    """Largest rate minus smallest, paired over the seeds."""

    @property
    def best(self) -> float:
        """The rate with the smallest mean."""
        return float(self.rates[self.means.argmin()])

    @property
    def worst(self) -> float:
        """The rate with the largest mean."""
        return float(self.rates[self.means.argmax()])


def trend(traces: Sequence[Trace], measure: str, by: str = "best") -> Trend:
    """Mean scores by rate, and the two ends compared."""
    groups = by_rate(traces)
    means = [np.mean([score(trace, measure, by) for trace in runs]) for runs in groups.values()]
    rates = list(groups)
    return Trend(np.array(rates), np.array(means), paired(groups[rates[-1]], groups[rates[0]], measure, by))


def fluctuations(rates: Sequence[float], momentum: float, n_workers: int, alpha: float) -> Array:
    """Stationary variances (E, 2) of a worker and of the centre, curvature and noise 1: EASGD, or EAMSGD where momentum is not 0."""
    problem, found = noisy_quadratic(), []
    for eta in rates:
        common = {"alpha": alpha, "beta": n_workers * alpha, "n_workers": n_workers, "observe": ("local", "centre")}
        process = eamsgd(problem, eta, momentum=momentum, **common) if momentum else easgd(problem, eta, **common)
        found.append(np.diag(moments.stationary(process).second_moment))
    return np.array(found)
