"""Runs of EASGD Tree, compared: which break down, at which rate, how steadily they fall (EASGD-F6.3 to EASGD-F6.12)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from stalegrad.nets import compare
from stalegrad.nets.trace import Trace

Array = np.ndarray
LOST = 0.5
"""Test error at the end from which a run counts as broken down; guessing has 0.9, sound runs stay below 0.4."""


class Share(NamedTuple):
    """How many of n runs broke down, with Wilson's interval for the probability."""

    k: int
    n: int
    low: float
    high: float


class ShareDifference(NamedTuple):
    """Difference of two probabilities, first minus second, with Newcombe's interval."""

    difference: float
    low: float
    high: float


def broken(trace: Trace) -> bool:
    """Whether a run is not finite at the end, or has a test error of `LOST` or more there."""
    return not trace["test_error"][-1] < LOST


def share(traces: Sequence[Trace], level: float = 0.95) -> Share:
    """How many of some runs broke down.

    Raises
    ------
    ValueError
        For no runs.
    """
    if not traces:
        raise ValueError("traces holds 0 runs, whose share of breakdowns means nothing: give at least one")
    return share_of(sum(map(broken, traces)), len(traces), level)


def share_of(k: int, n: int, level: float = 0.95) -> Share:
    """Wilson's interval for k of n.

    >>> share_of(0, 6)
    Share(k=0, n=6, low=0.0, high=0.3903...)
    """
    low, high = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    return Share(k, n, float(low), float(high))


def share_difference(first: Share, second: Share) -> ShareDifference:
    """Newcombe's interval, from Wilson's of the two samples.

    >>> share_difference(share_of(5, 6), share_of(1, 6)).low > 0.0
    True
    """
    p, q = first.k / first.n, second.k / second.n
    low = p - q - math.hypot(p - first.low, second.high - q)
    high = p - q + math.hypot(first.high - p, q - second.low)
    return ShareDifference(p - q, low, high)


def by_rate(traces: Sequence[Trace]) -> dict[float, list[Trace]]:
    """Runs by learning rate, in rising order."""
    return {eta: [trace for trace in traces if trace.spec.eta == eta] for eta in sorted({trace.spec.eta for trace in traces})}


def edges(traces: Sequence[Trace]) -> dict[int, float]:
    """For each seed, log2 of the smallest rate at which its run breaks down; where none does, one step of the grid beyond the last rate.

    Raises
    ------
    ValueError
        For fewer than two rates.
    """
    rates = sorted({trace.spec.eta for trace in traces})
    if len(rates) < 2:
        raise ValueError(f"{len(rates)} learning rate shows no edge: give runs at two rates at least")
    beyond = 2.0 * math.log2(rates[-1]) - math.log2(rates[-2])
    found = {trace.spec.seed: beyond for trace in traces}
    for trace in traces:
        if broken(trace):
            found[trace.spec.seed] = min(found[trace.spec.seed], math.log2(trace.spec.eta))
    return found


def edge_gap(first: Sequence[Trace], second: Sequence[Trace]) -> compare.Difference:
    """Octaves by which the edge of the first lies above that of the second, seed by seed.

    Raises
    ------
    ValueError
        For different seeds.
    """
    one, other = edges(first), edges(second)
    if one.keys() != other.keys():
        raise ValueError(f"seeds {sorted(one)} and {sorted(other)} are not the same: pairs need common seeds")
    return compare.interval([one[seed] - other[seed] for seed in sorted(one)])


def rise(trace: Trace, measure: str = "train_loss") -> float:
    """Largest climb of a curve above what it had reached before; 0 for a curve that only falls, infinite where the run diverged."""
    curve = trace[measure]
    climb = float((curve - np.minimum.accumulate(curve)).max())
    return climb if math.isfinite(climb) else math.inf


def best(traces: Sequence[Trace]) -> Trace:
    """The run with the smallest test error of all looks: the thesis' choice, which flatters."""
    return min(traces, key=compare.score)


def episode(
    with_traffic: Sequence[Trace], without: Sequence[Trace], begin: float, end: float, measure: str = "train_loss"
) -> dict[str, compare.Difference]:
    """Mean of log(curve with traffic / curve without) "before", "during" and "after" an episode, paired by seed.

    Before the episode both runs are the same, so that part is 0.
    """
    others = {trace.spec.seed: trace for trace in without}
    time = with_traffic[0].time
    parts = {"before": time <= begin, "during": (time > begin) & (time <= end), "after": time > end}
    ratios = [np.log(trace[measure] / others[trace.spec.seed][measure]) for trace in with_traffic]
    return {name: compare.interval([float(ratio[part].mean()) for ratio in ratios]) for name, part in parts.items()}


def bars(shares: Mapping[float, Share]) -> tuple[Array, Array, Array, Array]:
    """Rates, shares, and the lengths of their bars downwards and upwards."""
    rates, values = np.array(list(shares)), np.array([found.k / found.n for found in shares.values()])
    down = values - np.array([found.low for found in shares.values()])
    up = np.array([found.high for found in shares.values()]) - values
    return rates, values, np.maximum(down, 0.0), np.maximum(up, 0.0)
