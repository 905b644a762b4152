r"""A real run meets the theory: what is predicted from its log, and what was measured in it.

The problem has curvature 1 and uncorrelated gradient noise of variance $\sigma^2 = 1$ in every coordinate, so that one coordinate follows
$x_{k+1} = x_k - \eta (x_{k-\tau_k} - \xi_k)$, and all of them the same delays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.algorithms.downpour import mdownpour
from stalegrad.cluster.laws import Fits, fit
from stalegrad.cluster.log import Log, read_log
from stalegrad.figures.across.real_run_record import N_WORKERS, REPEATED, RUNS, files
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.problems import quadratic
from stalegrad.schedule import random
from stalegrad.staleness import Staleness, constant, empirical, geometric

Array = np.ndarray
BEGIN = 160
"""Updates before the level is measured: several times what the mean needs to decay."""
PIECES = 20
"""Of a long run, for the standard error of its level."""
LATE = 1000
"""Updates after which a limit is stationary."""
LAGS = 40
"""Delays shown."""


class Short(NamedTuple):
    """Short runs from x_0 = 1."""

    means: Array
    """(runs, updates + 1) average of x over the coordinates at the start and after each gradient."""
    law: Staleness
    """Of the delays in all of them."""


@dataclass(frozen=True, eq=False)
class Run:
    """A recorded run.

    Attributes
    ----------
    name : str
        A key of `real_run_record.RUNS`.
    eta : float
        Learning rate.
    log : Log
        Its updates.
    fits : Fits
        The laws fitted to its delays.
    squares : ndarray (n,)
        Average of x^2 over the coordinates after each update.
    short : Short or None
        Short runs with these settings.
    """

    name: str
    eta: float
    log: Log
    fits: Fits
    squares: Array
    short: Short | None


def load(folder) -> dict[str, Run]:
    """The recorded runs by name, from the folder that `real_run_record` has written."""
    runs = {}
    for name, options in RUNS.items():
        log_file, kept_file = files(Path(folder), name)
        log = read_log(log_file)
        with np.load(kept_file) as kept:
            short = Short(kept["means"].astype(float), empirical(kept["delays"])) if name in REPEATED else None
            runs[name] = Run(name, options["eta"], log, fit(log), kept["squares"].astype(float), short)
    return runs


def coordinate():
    """The problem that one coordinate of a recorded run has."""
    return quadratic([[1.0], [-1.0]])


def measured_level(run: Run) -> tuple[float, float]:
    """Average of x^2 over coordinates and time, while all workers are at work, and its standard error."""
    pieces = run.squares[_while_all_work(run.log)].reshape(PIECES, -1).mean(axis=1)
    return float(pieces.mean()), float(pieces.std(ddof=1) / np.sqrt(PIECES))


def level_given_delays(run: Run) -> float:
    r"""E x^2 over the same updates as `measured_level`, given the delays as they came.

    With $c(k, j) = E\,x_k x_j$ and r the version that update k reads, $c(k+1, j) = c(k, j) - \eta\, c(r, j)$ for j <= k, and
    $c(k+1, k+1) = c(k, k) - 2 \eta\, c(k, r) + \eta^2 (c(r, r) + \sigma^2)$. A worker's first push is empty and changes nothing.
    """
    n, eta = len(run.log), run.eta
    window = int(run.log.tau.max()) + 2
    c = np.ones((window, window))  # entry (a mod window, b mod window) for the last versions a, b
    second = np.empty(n)
    for k, (read, first) in enumerate(zip(run.log.read.tolist(), run.log.first.tolist(), strict=True)):
        rate, old, new, at = 0.0 if first else eta, k % window, (k + 1) % window, read % window
        row = c[old] - rate * c[at]
        row[new] = c[old, old] - 2.0 * rate * c[old, at] + rate**2 * (c[at, at] + 1.0)
        c[new], c[:, new] = row, row
        second[k] = row[new]
    return float(second[_while_all_work(run.log)].mean())


def _while_all_work(log: Log) -> slice:
    """Updates whose level is measured: after `BEGIN`, up to the end of the first worker, a multiple of `PIECES`."""
    end = int(min(np.flatnonzero(log.worker == worker)[-1] for worker in log.workers))
    return slice(end - (end - BEGIN) // PIECES * PIECES, end)


def level_of_law(law: Staleness, eta: float) -> float:
    r"""Stationary E x^2 of ASGD with independent delays of this law, exactly, for a stable eta.

    The autocovariance R solves $R(j) = R(j-1) - \eta \sum_l p_l R(|l - j + 1|)$ for j >= 1 and, from the step itself,
    $2 \sum_l p_l R(l) = \eta (R(0) + \sigma^2)$.
    """
    n = law.max + 1
    matrix, right = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    matrix[0, :n] += 2.0 * law.table
    matrix[0, 0] -= eta
    right[0] = eta
    for j in range(1, n + 1):
        matrix[j, j] += 1.0
        matrix[j, j - 1] -= 1.0
        np.add.at(matrix[j], np.abs(np.arange(n) - j + 1), eta * law.table)
    found = np.linalg.solve(matrix, right)[0]
    return float(found)


def levels(run: Run) -> dict[str, float]:
    """Predictions of the level: from the delays as they came; from laws of independent delays; from SME-ASGD."""
    mu = 1.0 - 1.0 / N_WORKERS
    limit = sme_asgd(coordinate(), run.eta, mu)
    return {
        "as they came": level_given_delays(run),
        "observed law": level_of_law(run.fits.empirical, run.eta),
        "geometric law": level_of_law(geometric(mu), run.eta),
        "SME-ASGD": float(moments.exact_limit(limit, 1.0, [LATE * limit.dt]).second_moment[-1].item()),
    }


def memoryless(eta: float, n_steps: int) -> tuple[moments.Moments, moments.Moments]:
    """Exact moments of the queue of memoryless workers, and of ASGD with independent delays of the same law, geometric."""
    queue = mdownpour(coordinate(), eta, 0.0, N_WORKERS, random())
    independent = asgd(coordinate(), eta, geometric(1.0 - 1.0 / N_WORKERS))
    return moments.of(queue, 1.0, n_steps), moments.of(independent, 1.0, n_steps)


def trajectories(run: Run) -> dict[str, Array]:
    """Mean after each update of the short runs: measured, its standard error, and predictions (updates + 1,)."""
    means, law = run.short
    steps = np.arange(means.shape[1])
    mu = 1.0 - 1.0 / N_WORKERS
    other = constant(N_WORKERS - 1) if run.name == "exponential" else geometric(mu)
    limit = sme_asgd(coordinate(), run.eta, mu)
    return {
        "update": steps,
        "measured": means.mean(axis=0),
        "standard error": means.std(axis=0, ddof=1) / np.sqrt(len(means)),
        "observed law": moments.of(asgd(coordinate(), run.eta, law), 1.0, steps[-1]).mean[:, 0],
        "other law": moments.of(asgd(coordinate(), run.eta, other), 1.0, steps[-1]).mean[:, 0],
        "SME-ASGD": moments.exact_limit(limit, 1.0, steps * limit.dt).mean[:, 0],
    }


def shown(p_value: float) -> str:
    """A p-value for a table; what is below 1e-6 is not told apart.

    >>> shown(0.031), shown(1e-30)
    ('0.031', '< 1e-6')
    """
    return "< 1e-6" if p_value < 1e-6 else f"{p_value:.2g}"


def best(fits: Fits) -> str:
    """Name of the law with the smallest AIC."""
    return fits.best.name + (", each worker" if len(fits.best.laws) > 1 else "")


def misfit(curves: dict[str, Array], law: str) -> float:
    """Root mean square distance of a prediction from the measured mean, in standard errors; about 1 if it is right."""
    distance = (curves["measured"] - curves[law])[1:] / curves["standard error"][1:]
    return float(np.sqrt(np.mean(distance**2)))


def draw_laws(runs: dict[str, Run], expected: dict[str, Staleness]):
    """real-run-laws: observed shares of the delays, the geometric law of the same mean, and the law of an ideal queue where there is one.

    Returns
    -------
    fig, numbers
    """
    lags = np.arange(LAGS)
    numbers = {"delay": lags, "geometric": geometric(1.0 - 1.0 / N_WORKERS).pmf(lags)}
    with plot.style():
        fig, axes = plt.subplots(2, 2, figsize=(10.0, 6.4), sharex=True)
        for ax, (name, run) in zip(axes.flat, runs.items(), strict=True):
            numbers[f"{name}, observed"] = run.fits.empirical.pmf(lags)
            ax.bar(lags, numbers[f"{name}, observed"], width=1.0, color="#c6dbef", edgecolor="#6baed6", linewidth=0.5, label="observed")
            if name in expected:
                numbers[f"{name}, queue"] = expected[name].pmf(lags)
                ax.plot(lags, numbers[f"{name}, queue"], "o", color="black", markersize=3.0, label="ideal queue")
            ax.plot(lags, numbers["geometric"], **{**plot.line("sme-asgd"), "label": r"geometric, $\mu=1-1/M$"})
            ax.set(title=name, xlim=(-0.7, LAGS - 0.5), ylim=(0.0, None))
        for ax in axes[-1]:
            ax.set(xlabel=r"delay $\tau$ (updates by others)")
        for ax in axes[:, 0]:
            ax.set(ylabel="share of the updates")
        fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig, numbers


def draw_trajectories(found: dict[str, dict[str, Array]]):
    """real-run-trajectory: measured mean with two standard errors, and the predictions; a panel for each kind of service.

    Returns
    -------
    fig, numbers
    """
    other = {"exponential": "ASGD, constant delay", "constant": "ASGD, geometric delay"}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.8))
        for ax, (name, curves) in zip(axes, found.items(), strict=True):
            t, m, error = curves["update"], curves["measured"], curves["standard error"]
            ax.fill_between(t, m - 2.0 * error, m + 2.0 * error, color="#9ecae1", label="measured, ± 2 standard errors")
            ax.plot(t, curves["observed law"], **{**plot.line("exact"), "label": "ASGD, observed law"})
            ax.plot(t, curves["SME-ASGD"], **{**plot.line("sme-asgd"), "label": r"SME-ASGD, $\mu=1-1/M$"})
            ax.plot(t, curves["other law"], color="0.45", linestyle=":", linewidth=1.4, label=other[name])
            ax.set(title=f"{name} services", xlabel="update", ylabel="mean of $x$")
            ax.set(ylim=(-1.2, 1.2))
            ax.legend(fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return fig, {f"{name}, {what}": curve for name, curves in found.items() for what, curve in curves.items()}
