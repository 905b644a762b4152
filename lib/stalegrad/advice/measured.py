"""From the log of a real run to the law of its staleness, with a look at whether one law describes it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import nnls

from stalegrad.advice.situation import Situation
from stalegrad.staleness import Staleness, from_samples, mixture

Array = np.ndarray
LEAST = 200
"""Updates that a law needs: fewer leave the mean uncertain by several percent, the tail by more."""
DRIFT = 5.0
"""Standard errors by which the mean staleness of the two halves may differ."""
BLOCKS = 10
"""Blocks of each half whose means give its standard error: neighbours in a queue are dependent, blocks hardly."""

SHORT = 24
"""Lags up to which the observed law itself is used; for longer ones moments are fast only for mixtures of geometric laws."""
MUS = (0.0, 0.2, 0.4, 0.55, 0.67, 0.75, 0.8, 0.85, 0.89, 0.92, 0.94, 0.96, 0.975, 0.985)
"""The geometric laws of which a mixture may be made."""
CLOSE = 0.03
"""Largest difference of the distribution functions at which a mixture stands for the observed law."""


def of_log(situation: Situation, path) -> Situation:
    """The situation with the staleness, and the number of workers, of a logged run (`stalegrad.cluster.log`).

    As in `stalegrad staleness`, updates count while all workers are at work: at the start all of them read version 0, and once the first has
    ended the delays of the others are shorter.

    Raises
    ------
    ValueError
        For a file that is no log, or one whose delays have no one law, see `measured_law`.
    """
    from stalegrad.cluster.laws import WARM_UP, under_way
    from stalegrad.cluster.log import read_log

    log = read_log(path)
    if len(log) < LEAST:
        raise ValueError(f"{path} has {len(log)} updates: a law needs {LEAST} or more; record a longer run")
    settled = under_way(log, WARM_UP)
    if len(settled) < LEAST:
        raise ValueError(
            f"{path} has {len(settled)} updates while all {len(log.workers)} workers are at work, of {len(log)}: a law needs {LEAST} or more; "
            "record a longer run, or give the part of the log that is like the run to come"
        )
    law, notes = measured_law(settled.tau)
    notes = tuple(note for note in (log.note, *notes) if note)
    return replace(situation, staleness=law, n_workers=len(log.workers), notes=(*situation.notes, *notes))


def measured_law(lags) -> tuple[Staleness, tuple[str, ...]]:
    """The law of observed delays in their order, and what is to be known about it.

    Parameters
    ----------
    lags : sequence of int
        Staleness of each update, in the order of the updates.

    Returns
    -------
    law : Staleness
        Each observed delay equally likely; for more than 24 lags the nearest mixture of geometric laws, which a queue of memoryless workers
        has (SME-embedding), if its distribution function is within 0.03 of the observed one.
    notes : tuple of str
        Mean and spread, and how dependent successive delays are: advice takes them for independent (SME-A1).

    Raises
    ------
    ValueError
        For fewer than 200 delays, or a mean that drifts during the run: then there is no one law to advise by.

    Examples
    --------
    >>> law, notes = measured_law([0, 1, 2, 1] * 100)
    >>> law.mean
    1.0
    """
    lags = np.asarray(lags)
    law = from_samples(lags)
    if len(lags) < LEAST:
        raise ValueError(f"{len(lags)} delays are too few: a law needs {LEAST} or more; record a longer run")
    halves = [_mean_and_error(half) for half in np.array_split(lags.astype(float), 2)]
    (first, first_error), (second, second_error) = halves
    if abs(first - second) > DRIFT * math.hypot(first_error, second_error) + 1e-9:
        raise ValueError(
            f"the mean delay drifts from {first:.3g} in the first half of the log to {second:.3g} in the second: no one law describes the run. "
            "Give the part that is like the run to come, or find what changed (a worker that slowed down or joined)"
        )
    centred = lags - lags.mean()
    spread = float(centred @ centred)
    dependence = float(centred[1:] @ centred[:-1]) / spread if spread else 0.0
    note = (
        f"measured staleness: mean {law.mean:.3g}, standard deviation {lags.std():.3g}, largest {lags.max()}; "
        f"correlation of successive delays {dependence:.2f}"
    )
    fitted, distance = nearest_mixture(law)
    if law.max < SHORT or distance > CLOSE:
        return law, (note,)
    return fitted, (note, f"for it stands a mixture of geometric laws of mean {fitted.mean:.3g}, at most {distance:.3f} away in probability")


def nearest_mixture(law: Staleness) -> tuple[Staleness, float]:
    """The mixture of geometric laws nearest to P(tau >= l) in least squares, and the largest difference of these tails.

    >>> from stalegrad.staleness import empirical
    >>> fitted, distance = nearest_mixture(empirical([0.5 * 0.8**l for l in range(200)]))
    >>> round(fitted.mean, 2), distance < 1e-3
    (4.0, True)
    """
    lags = np.arange(law.max + 2)
    tails, observed = np.power.outer(np.array(MUS), lags).T, law.tail(lags)
    heavy = 1e3  # weights sum to 1
    weights, _ = nnls(np.vstack([tails, heavy * np.ones(len(MUS))]), np.append(observed, heavy))
    kept = weights > 1e-6 * weights.sum()
    fitted = mixture(weights[kept] / weights[kept].sum(), np.array(MUS)[kept])
    return fitted, float(np.abs(fitted.tail(lags) - observed).max())


def _mean_and_error(values: Array) -> tuple[float, float]:
    means = np.array([block.mean() for block in np.array_split(values, BLOCKS)])
    return float(values.mean()), float(means.std(ddof=1) / math.sqrt(BLOCKS))
