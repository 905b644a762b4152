"""Comparison of runs: one number a run, the choice of a learning rate, bands over seeds, paired differences, time to a threshold.

A run has two numbers for each measure: its "best" value on the way, which is how the thesis compares ("smallest achievable test error"),
and its "last". Taking the best over the looks at the test set, and the learning rate by it, flatters a method: it is chosen on the data that
it is judged by. `Choice.honest` says whether a rate was chosen otherwise. Seeds differ in batches and clocks alone: intervals say nothing
about another start of the network or another test set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from stalegrad.nets.trace import Trace

WAYS = ("best", "last")


class Choice(NamedTuple):
    """A learning rate and how it was chosen."""

    eta: float
    etas: np.ndarray
    """(E,) rates tried, in rising order."""
    scores: np.ndarray
    """(E,) means over the seeds; infinite where a run diverged."""
    by: str
    """Such as "best test_error"."""
    honest: bool
    """Whether the test data had no part in it."""
    at_edge: bool
    """Whether it is the smallest or largest rate tried, so that a better one may lie outside."""


class Band(NamedTuple):
    """A mean over runs and its pointwise interval."""

    time: np.ndarray
    """(T,) virtual seconds."""
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray
    """(T,) runs that had not diverged."""


class Difference(NamedTuple):
    """Mean of paired differences, first minus second, with a t-interval and the two-sided p-value of no difference."""

    mean: float
    low: float
    high: float
    p: float
    n: int


def score(trace: Trace, measure: str = "test_error", by: str = "best", variable: str | None = None, diverged: float = math.inf) -> float:
    """The best or the last value of a curve; `diverged` stands for the last value of a run that diverged.

    Parameters
    ----------
    trace : Trace
        A run.
    measure : str
        "test_error", "validation_error", "train_loss", ...: all are better when smaller.
    by : {"best", "last"}
        Smallest value of all looks, or the value at the end.
    variable : str, optional
        One of `trace.spec.observed`; by default the main one.
    diverged : float
        Such as the error of guessing.

    Raises
    ------
    ValueError
        For another way, or what was not seen.
    """
    if by not in WAYS:
        raise ValueError(f"by={by!r} is unknown: give one of {', '.join(WAYS)}")
    curve = _curve(trace, measure, variable)
    value = float(np.nanmin(curve) if by == "best" else curve[-1])
    return value if math.isfinite(value) else diverged


def choose_rate(traces: Sequence[Trace], measure: str = "validation_error", by: str = "last", variable: str | None = None) -> Choice:
    """The learning rate with the smallest mean score over the seeds; of equal ones the smallest.

    The thesis' way is ``measure="test_error", by="best"``.

    Parameters
    ----------
    traces : sequence of Trace
        Runs that differ in learning rate and seed only, each rate with the same seeds.
    measure, by, variable
        As in `score`.

    Raises
    ------
    ValueError
        If runs differ otherwise, or rates have different seeds; if every rate diverges.
    """
    if len({trace.spec.at(eta=1.0, seed=0) for trace in traces}) != 1:
        raise ValueError(f"{len(traces)} runs differ in more than learning rate and seed: choose for one setting at a time")
    scores: dict[float, dict[int, float]] = {}
    for trace in traces:
        scores.setdefault(trace.spec.eta, {})[trace.spec.seed] = score(trace, measure, by, variable)
    if len({tuple(sorted(of_seed)) for of_seed in scores.values()}) != 1:
        raise ValueError(f"the rates {sorted(scores)} have different seeds: run each of them with the same")
    etas = np.array(sorted(scores))
    means = np.array([np.mean(list(scores[eta].values())) for eta in etas])
    if not np.isfinite(means).any():
        raise ValueError(f"at each of the rates {etas.tolist()} a run diverged: try smaller ones")
    best = int(means.argmin())
    return Choice(float(etas[best]), etas, means, f"{by} {measure}", not measure.startswith("test"), best in (0, len(etas) - 1))


def band(traces: Sequence[Trace], measure: str, variable: str | None = None, level: float = 0.95) -> Band:
    """Mean curve of runs that were looked at at the same times, with a t-interval at each.

    Raises
    ------
    ValueError
        For no runs, or different times.
    """
    if not traces or any(not np.array_equal(trace.time, traces[0].time) for trace in traces):
        raise ValueError(f"{len(traces)} runs have no common times: give at least one, all with the same n_steps and evaluations")
    curves = np.array([_curve(trace, measure, variable) for trace in traces])
    there = np.isfinite(curves)
    n = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, curves, 0.0).sum(axis=0) / np.where(n, n, np.nan)
        spread = np.sqrt(np.where(there, (curves - mean) ** 2, 0.0).sum(axis=0) / np.where(n > 1, n - 1, np.nan))
        half = stats.t.ppf(0.5 + level / 2.0, np.maximum(n - 1, 1)) * spread / np.sqrt(n)
    return Band(traces[0].time, mean, mean - half, mean + half, n)


def interval(values: Sequence[float], level: float = 0.95) -> Difference:
    """Mean of independent values, with its t-interval and the p-value of mean 0.

    >>> interval([1.0, 2.0, 3.0]).mean
    2.0
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"{len(values)} values, {np.isfinite(values).sum()} of them finite, have no interval: give two finite ones at least")
    n, mean, error = len(values), float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    half = float(stats.t.ppf(0.5 + level / 2.0, n - 1)) * error
    p = 2.0 * float(stats.t.sf(abs(mean) / error, n - 1)) if error else float(mean == 0.0)
    return Difference(mean, mean - half, mean + half, p, n)


def paired(
    first: Sequence[Trace],
    second: Sequence[Trace],
    measure: str = "test_error",
    by: str = "last",
    variables: tuple[str | None, str | None] = (None, None),
    diverged: float = math.inf,
    level: float = 0.95,
) -> Difference:
    """Difference of two methods over common seeds: score of the first minus score of the second, seed by seed.

    Parameters
    ----------
    first, second : sequence of Trace
        One run a seed, the same seeds in both.
    measure, by, diverged
        As in `score`.
    variables : pair of str or None
        What is compared in the first and in the second; by default the main variables.
    level : float
        Of the interval.

    Raises
    ------
    ValueError
        For different or repeated seeds, fewer than two, or a run that diverged while `diverged` is infinite.
    """
    scores = []
    for traces, variable in zip((first, second), variables, strict=True):
        of_seed = {trace.spec.seed: score(trace, measure, by, variable, diverged) for trace in traces}
        if len(of_seed) != len(traces):
            raise ValueError(f"{len(traces)} runs have {len(of_seed)} different seeds: give one run a seed")
        scores.append(of_seed)
    if scores[0].keys() != scores[1].keys():
        raise ValueError(f"seeds {sorted(scores[0])} and {sorted(scores[1])} are not the same: pairs need common seeds")
    return interval([scores[0][seed] - scores[1][seed] for seed in sorted(scores[0])], level)


def time_to(trace: Trace, measure: str, threshold: float, variable: str | None = None) -> float:
    """Virtual time at which a curve first comes down to `threshold`, by linear interpolation between looks; NaN if it never does."""
    curve = _curve(trace, measure, variable)
    below = np.flatnonzero(curve <= threshold)
    if len(below) == 0:
        return math.nan
    k = int(below[0])
    if k == 0:
        return float(trace.time[0])
    share = (curve[k - 1] - threshold) / (curve[k - 1] - curve[k]) if math.isfinite(curve[k - 1]) else 1.0
    return float(trace.time[k - 1] + share * (trace.time[k] - trace.time[k - 1]))


def _curve(trace: Trace, measure: str, variable: str | None) -> np.ndarray:
    return trace[measure if variable is None else (measure, variable)]
