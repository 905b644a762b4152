"""The sentences of section 6.1.2 of the thesis, put to the runs of one profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy import stats

from stalegrad.figures.training import trees as figure
from stalegrad.figures.training.measured import LOSS, NO, OPEN, YES, Outcome, fact, judged
from stalegrad.nets import compare
from stalegrad.nets.compare import Difference
from stalegrad.nets.experiments import trees as experiment
from stalegrad.nets.trace import Trace

FIRST, SECOND = experiment.SCHEMES
NAMES = {FIRST: "scheme 1", SECOND: "scheme 2"}
Trained = Callable[[Callable], Mapping]
"""Traces of a plan of `experiments.trees`, by its keys."""


def outcomes(trained: Trained, scale: experiment.Scale) -> Iterator[Outcome]:
    """Of the schemes, their breakdowns, momentum, other methods, traffic."""
    yield from _schemes(trained)
    yield from _breakdowns(trained)
    yield from _momentum(trained)
    yield from _chosen(trained)
    yield from _traffic(trained, scale)


def _error(first: Sequence[Trace], second: Sequence[Trace], by: str = "best") -> Difference:
    return compare.paired(first, second, "test_error", by)


def _schemes(trained: Trained) -> Iterator[Outcome]:
    first, second = trained(experiment.schemes).values()
    found = {"": compare.paired(first, second, "train_loss", "last")}
    yield judged("EASGD-tree-schemes", "single images: scheme 1 ends at a smaller training loss than scheme 2", found, -1, LOSS)
    found = {"": _error(first, second)}
    yield judged("EASGD-tree-schemes", "single images: scheme 2 comes to a lower test error [points, 1 less 2]", found, 1)
    momenta = trained(experiment.momenta)
    for delta, claim in ((0.0, "EASGD-F6.8"), (0.9, "EASGD-F6.9"), (0.99, "EASGD-F6.10")):
        found = {"": _error(momenta[FIRST, delta], momenta[SECOND, delta])}
        yield judged(claim, f"batches of 16, momentum {delta:g}: scheme 2 comes lower [points, 1 less 2]", found, 1)


def _breakdowns(trained: Trained) -> Iterator[Outcome]:
    broken = [figure.share(runs) for runs in trained(experiment.schemes).values()]
    words = f"{broken[0].k} and {broken[1].k} of {broken[0].n} (5 and 1 printed)"
    yield fact("EASGD-F6.3", "at the rate of the figure more runs break down with scheme 1 than with 2", broken[0].k > broken[1].k, words)
    scan = trained(experiment.scan)
    found = {"": figure.edge_gap(scan[FIRST], scan[SECOND])}
    yield judged("EASGD-tree-schemes", "scheme 1 breaks down at smaller rates [octaves of the rate, 1 less 2]", found, -1, LOSS)
    plain = figure.share(trained(experiment.momenta)[FIRST, 0.0])
    yield fact(
        "EASGD-F6.5",
        "batches, no momentum, scheme 1: some runs break down at the rate of the figure",
        plain.k > 0,
        f"{plain.k} of {plain.n} (3 printed)",
    )


def _momentum(trained: Trained) -> Iterator[Outcome]:
    doubled, momenta, small = (trained(plan) for plan in (experiment.doubled, experiment.momenta, experiment.small_rate))
    shares = {scheme: [figure.share(doubled[scheme, delta]) for delta in (0.0, 0.9)] for scheme in experiment.SCHEMES}
    steadier = all(figure.share_difference(*pair).low > 0.0 for pair in shares.values())
    words = "; ".join(f"{NAMES[scheme]} {plain.k} and {fast.k} of {plain.n}" for scheme, (plain, fast) in shares.items())
    said = "at twice the rates more runs break down without momentum than with 0.9 (Newcombe)"
    yield Outcome("EASGD-tree-momentum", said, YES if steadier else OPEN, words)
    for words, other in {"ten times the rate": {key[0]: runs for key, runs in momenta.items() if not key[1]}, "the same small rate": small}.items():
        found = {f"{NAMES[scheme]}:": _error(momenta[scheme, 0.9], other[scheme], "last") for scheme in experiment.SCHEMES}
        yield judged("EASGD-tree-momentum", f"momentum 0.9 ends lower than none at {words} [points]", found, -1)
    variances = [np.var([trace["train_loss"][-1] for trace in momenta[FIRST, delta]], ddof=1) for delta in (0.99, 0.9)]
    freedom = [len(momenta[FIRST, delta]) - 1 for delta in (0.99, 0.9)]
    ratio = float(variances[0] / variances[1])
    low, high = ratio / stats.f.ppf([0.975, 0.025], *freedom)
    verdict = YES if low > 1.0 else NO if high < 1.0 else OPEN
    said = "scheme 1: momentum 0.99 spreads the last training losses more than 0.9 (ratio of variances)"
    yield Outcome("EASGD-F6.7", said, verdict, f"{ratio:.1f} [{low:.1f}, {high:.1f}]")


def _chosen(trained: Trained) -> Iterator[Outcome]:
    chosen = {key: compare.score(figure.best(runs)) for key, runs in trained(experiment.momenta).items()}
    by_scheme = max(abs(chosen[FIRST, delta] - chosen[SECOND, delta]) for delta in experiment.MOMENTA)
    by_momentum = max(np.ptp([chosen[scheme, delta] for delta in experiment.MOMENTA]) for scheme in experiment.SCHEMES)
    words = f"largest gap between schemes {100 * by_scheme:.1f}, between momenta {100 * by_momentum:.1f}"
    yield fact("EASGD-F6.11", "among chosen runs the scheme decides more than the momentum [points]", bool(by_scheme > by_momentum), words)
    best = {}
    for method, traces in trained(experiment.best_of_methods).items():
        best[method] = figure.by_rate(traces)[compare.choose_rate(traces, "test_error", "best").eta]
    for by in compare.WAYS:
        found = {f"less {NAMES.get(other, other.upper())}:": _error(best["downpour"], best[other], by) for other in ("easgd", FIRST, SECOND)}
        words = "comes" if by == "best" else "ends"
        yield judged("EASGD-F6.12", f"ours: DOWNPOUR with 16 workers {words} lower than EASGD and the trees [points]", found, -1)


def _traffic(trained: Trained, scale: experiment.Scale) -> Iterator[Outcome]:
    steady = trained(experiment.momenta)[SECOND, 0.99]
    slowed = trained(experiment.traffic)
    parts = {factor: figure.episode(runs, steady, *experiment.episode(scale)) for factor, runs in slowed.items()}
    found = {f"{factor:g} times:": found["during"] for factor, found in parts.items()}
    yield judged("EASGD-F6.10", "ours: slower messages cost training loss (mean log ratio during the episode)", found, 1, LOSS)
    others = {trace.spec.seed: trace for trace in steady}
    climbs = {
        f"{factor:g} times:": compare.interval([figure.rise(trace) - figure.rise(others[trace.spec.seed]) for trace in runs])
        for factor, runs in slowed.items()
    }
    yield judged("EASGD-F6.10", "slow traffic makes a peak: the training loss climbs more than with a steady network", climbs, 1, LOSS)
