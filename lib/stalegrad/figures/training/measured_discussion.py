"""The sentences of sections 4.3.1 to 4.3.3 of the thesis, and of section 4.2 of Liu et al., put to the runs of one profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from stalegrad.figures.training import bands, learning_rate
from stalegrad.figures.training import momentum_and_workers as workers
from stalegrad.figures.training.measured import LOSS, Outcome, counted, fact, judged, within
from stalegrad.nets import compare
from stalegrad.nets.compare import Difference
from stalegrad.nets.experiments import momentum_and_workers as worker_runs
from stalegrad.nets.experiments import period as period_runs
from stalegrad.nets.trace import Trace

Runs = Mapping[tuple[str, bool, int], Sequence[Trace]]
"""(method, whether the rate decays, period) -> runs."""
EARLY = 200.0
"""Local steps after which averaged SGD is set beside momentum: a look of both profiles."""
CLOSE = 0.015
"""How far apart two test errors may be that are called close."""
ALIKE = 0.02
"""The same for training losses at different periods."""


def averages(cases: Mapping[str, bands.Case], cut_cases: Mapping[str, bands.Case]) -> Iterator[Outcome]:
    """Of one worker: SGD and its averages beside momentum, and with cuts of the rate."""

    def lead(first: str, second: str, some=cases, measure: str = "test_error", by: str = "best") -> Difference:
        pair = some[first], some[second]
        return compare.paired(*(case.traces for case in pair), measure, by, tuple(case.variable for case in pair))

    found = {"": bands.difference_at(cases["ASGD"], cases["MSGD"], "test_error", EARLY)}
    yield judged("EASGD-F4.10", f"after {EARLY:.0f} steps ASGD is ahead of MSGD [points]", found, -1)
    yield within(
        "EASGD-F4.10", "ASGD and MSGD come to within 1.5 points of each other [points]", {"ASGD less MSGD": lead("ASGD", "MSGD")}, CLOSE, (100.0, 1)
    )
    found = {f"less {name}:": lead("MSGD", name) for name in cases if name != "MSGD"}
    yield judged("EASGD-F4.10", "MSGD comes lower than SGD and its averages [points]", found, -1)
    pairs = {"from the start": "ASGD", "from the first cut": "ASGD begun late"}
    for words, name in pairs.items():
        found = {"": lead(name, "SGD", cut_cases, by="last")}
        yield judged("EASGD-F4.11", f"rates cut: an average {words} ends higher than SGD [points]", found, 1)
    found = {f"less {name}:": lead("ASGD", name, cut_cases, "train_loss", "last") for name in cut_cases if name.startswith("MVASGD")}
    yield judged("EASGD-F4.11", "rates cut: the plain average ends at a larger training loss than the moving ones", found, 1, LOSS)


def rates(runs: Mapping[str, Sequence[Trace]]) -> Iterator[Outcome]:
    """Of EASGD and EAMSGD at several learning rates."""
    for method, words, sign in (("eamsgd", "EAMSGD comes lower", -1), ("easgd", "EASGD comes higher", 1)):
        found = {"": learning_rate.trend(runs[method], "test_error").largest}
        yield judged("EASGD-F4.12", f"{words} at the largest rate than at the smallest [points]", found, sign)
    ends = {
        method: [learning_rate.trend(traces, "train_loss").best, learning_rate.trend(traces, "test_error").worst] for method, traces in runs.items()
    }
    words = "; ".join(f"{method.upper()} best in training {best:g}, worst in testing {worst:g}" for method, (best, worst) in ends.items())
    yield fact("EASGD-F4.12", "the rate that trains best tests worst", all(best == worst for best, worst in ends.values()), words)


def periods(runs: Runs, springs: Mapping[str, Sequence[Trace]], tails: Mapping[str, Sequence[Trace]]) -> Iterator[Outcome]:
    """Of EASGD and EAMSGD at several communication periods."""

    def gap(method: str, period: int, decays: bool = False) -> Difference:
        return compare.paired(runs[method, decays, period], runs[method, decays, 1], "train_loss")

    def climb(traces: Sequence[Trace]) -> Difference:
        return compare.interval([trace["train_loss"][-1] - np.nanmin(trace["train_loss"]) for trace in traces])

    unit = (1.0, 3)
    for some in ((10, 100), (1000,)):
        found = {f"{period:,} less 1:": gap("easgd", period) for period in some}
        words = f"EASGD ends alike at period {' and '.join(f'{period:,}' for period in some)} (training loss within {ALIKE})"
        yield within("EASGD-period-robust", words, found, ALIKE, unit)
    found = {"100 less 1:": gap("eamsgd", 100)}
    yield judged("EASGD-period-robust", "EAMSGD ends worse at 100 (training loss)", found, 1, LOSS)
    found = {"": climb(runs["eamsgd", False, 100])}
    yield judged("EASGD-period-robust", "at 100 EAMSGD climbs: training loss at the end less its smallest", found, 1, LOSS)
    found = {f"{period:,}:": compare.paired(runs["eamsgd", True, period], runs["eamsgd", False, period], "train_loss") for period in (100, 1000)}
    yield judged("EASGD-F4.13", "a decaying rate makes EAMSGD's loss smaller, at 100 and 1,000", found, -1, LOSS)
    printed = runs["eamsgd", False, period_runs.LONG]
    for name, traces in springs.items():
        found = {"": compare.paired(traces, printed, "train_loss")}
        yield judged("EASGD-F4.13", f"ours: so does, at 100, {name}", found, -1, LOSS)
    found = {f"{method.upper()}:": compare.paired(traces, runs[method, False, 10], "train_loss") for method, traces in tails.items()}
    yield judged("EASGD-F4.13", "the loss ends larger if most workers stop", found, 1, unit)


def momenta(printed: Mapping[tuple[int, float], Sequence[Trace]], effective: Mapping[tuple[int, float, float], Sequence[Trace]]) -> Iterator[Outcome]:
    """Of Liu et al.: momentum against workers, at one step and at one effective step."""
    of = {p: {mu: traces for (q, mu), traces in printed.items() if q == p} for p in worker_runs.WORKERS}
    few, many = of[worker_runs.WORKERS[0]], of[worker_runs.WORKERS[-1]]
    found = {f"{mu}:": _error(few, 0.9, mu) for mu in worker_runs.MOMENTA[:-1]}
    yield counted("PCA-fig2-tau1", "one worker: momentum 0.9 ends lower than every other [points]", found, -1)
    found = {f"{mu}:": _error(many, 0.9, mu) for mu in worker_runs.MOMENTA[:-1]}
    yield counted("PCA-fig2-tau8", "eight workers: momentum 0.9 ends higher than every other [points]", found, 1)
    best = {p: workers.best(runs) for p, runs in of.items()}
    last = best[worker_runs.WORKERS[-1]]
    words = f"{last.momentum:g}; not shown worse: {', '.join(f'{mu:g}' for mu in last.set)}"
    yield fact("PCA-fig2-tau8", "eight workers: momentum 0.5 has the smallest mean error", last.momentum == 0.5, words)
    path = [found.momentum for found in best.values()]
    falls = path[-1] < path[0] and path == sorted(path, reverse=True)
    yield fact("PCA-F2", "the best momentum falls as workers are added: 1, 2, 4, 8", falls, ", ".join(f"{mu:g}" for mu in path))
    smallest = min(step for _, step, _ in effective)
    for p in (1, 8):
        runs = {mu: traces for (q, step, mu), traces in effective.items() if (q, step) == (p, smallest)}
        found = {f"{mu} less 0.1:": _error(runs, mu, 0.1) for mu in worker_runs.MOMENTA[1:]}
        words = f"ours, {p} worker{'s' * (p > 1)}: at one small effective step no momentum is a point from 0.1 [points]"
        yield within("PCA-F2", words, found, 0.01, (100.0, 1))


def _error(runs: Mapping[float, Sequence[Trace]], mu: float, other: float) -> Difference:
    """Last test error with one momentum less that with another."""
    return compare.paired(runs[mu], runs[other], by="last", diverged=workers.GUESSING)
