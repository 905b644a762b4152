"""The sentences of sections 4.2 and 4.3.5 of the thesis, put to the runs of one profile and network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from stalegrad.figures.training import comparison_claims as claims
from stalegrad.figures.training import time_to_error as timing
from stalegrad.figures.training.measured import LOSS, OPEN, YES, Outcome, counted, fact, judged
from stalegrad.figures.training.trees import share_difference, share_of
from stalegrad.nets import compare
from stalegrad.nets.experiments import comparison, cut_rates
from stalegrad.nets.experiments.comparison import CURVES, LARGER, MAIN, PERIODS, THESIS, Runs, Setting

SGD = Setting("SGD", 1, 1)
AVERAGES = ("ADOWNPOUR", "MVADOWNPOUR")


def outcomes(runs: Runs) -> Iterator[Outcome]:
    """Of the comparison: four workers, large periods, EAMSGD against the rest, more workers, rates, time to an error."""
    best = {name: (runs.best_period(name),) for name in MAIN}
    yield from _four_workers(runs)
    yield from _large_periods(runs)
    yield from _against_the_rest(runs)
    yield from _more_workers(runs, best)
    yield from _rates(runs, best)
    yield from _soonest(runs, best)


def _four_workers(runs: Runs) -> Iterator[Outcome]:
    for number, period in enumerate(PERIODS, 1):
        pairs = {"EAMSGD less EASGD": ("EAMSGD", "EASGD"), "EASGD less SGD": ("EASGD", "SGD")}
        found = {words: claims.lead(runs, *(Setting(name, 4, period) for name in pair)) for words, pair in pairs.items()}
        yield judged(f"EASGD-F4.{number}", f"period {period}: EAMSGD comes lower than EASGD, EASGD lower than SGD [points]", found, -1)


def _large_periods(runs: Runs) -> Iterator[Outcome]:
    at = {curve: {period: Setting(curve, 4, period) for period in PERIODS} for curve in ("DOWNPOUR", *AVERAGES)}
    found = {f"{a} less {b}:": claims.lead(runs, at["DOWNPOUR"][a], at["DOWNPOUR"][b]) for a, b in zip(PERIODS, PERIODS[1:])}
    yield judged("EASGD-downpour-tau", "DOWNPOUR's smallest error grows with the period: 1, 4, 16, 64 [points]", found, -1)
    for curve in AVERAGES:
        found = {f"{a} less {b}:": claims.lead(runs, at[curve][a], at[curve][b]) for a, b in ((1, 4), (4, 16), (4, 64))}
        yield judged("EASGD-downpour-tau", f"{curve}'s is smallest at 1, and at 4 smaller than at 16 and 64 [points]", found, -1)
    counts = [claims.stability(runs, one, float(np.mean(runs.scores(SGD)))) for one in at["DOWNPOUR"].values()]
    shares = [share_of(one.unstable, one.runs) for one in counts]
    more = [share_difference(large, shares[0]).low > 0.0 for large in shares[2:]]
    numbers = f"{', '.join(str(one.unstable) for one in counts)} of {counts[0].runs}"
    yield Outcome(
        "EASGD-downpour-tau", "more runs of DOWNPOUR are unstable at 16 and at 64 than at 1 (Newcombe)", YES if all(more) else OPEN, numbers
    )
    numbers = f"{', '.join(str(one.runs - one.never) for one in counts)} of {counts[0].runs}"
    far = [one.never == one.runs for one in counts] == [False, False, True, True]
    yield fact("EASGD-downpour-tau", "some runs of DOWNPOUR come to SGD's level at 1 and 4, none at 16 and 64", far, numbers)


def _against_the_rest(runs: Runs) -> Iterator[Outcome]:
    others = {period: [at for at in comparison.settings(THESIS, 4, comparison.beside(period)) if at.curve != "EAMSGD"] for period in PERIODS}
    each = 1.0 - 0.05 / sum(map(len, others.values()))
    faster = {}
    for period, some in others.items():
        first = Setting("EAMSGD", 4, period)
        found = {at.curve: claims.lead(runs, first, at, level=each) for at in some}
        yield counted("EASGD-eamsgd-best", f"period {period}: EAMSGD comes lower than all others (family-wise level) [points]", found, -1)
        faster |= {f"{at.curve} at {period}": claims.lead(runs, first, at, "area") for at in some}
    yield counted("EASGD-eamsgd-best", "EAMSGD is faster than all others at all periods: mean error over the run [points]", faster, -1)
    found = {"": _honest(runs, Setting("EAMSGD", 4, 1), Setting("MVADOWNPOUR", 4, 1))}
    yield judged("EASGD-eamsgd-best", "period 1, rates by validation: EAMSGD ends lower than MVADOWNPOUR [points]", found, -1)


def _honest(runs: Runs, first: Setting, second: Setting) -> compare.Difference:
    """Last test errors at the rates with the smallest last validation error, on the seeds of the grids."""
    etas = {at: runs.choice(at, "validation_error", "last").eta for at in (first, second)}
    traces = ([one for one in runs.of(at) if one.spec.eta == etas[at] and one.spec.seed in runs.grid_seeds] for at in (first, second))
    return compare.paired(*traces, "test_error", "last", (CURVES[first.curve][1], CURVES[second.curve][1]))


def _more_workers(runs: Runs, best: Mapping[str, tuple[int]]) -> Iterator[Outcome]:
    for number, p in zip((5, 6, 7), (4, *LARGER), strict=True):
        others = [at for at in comparison.settings(MAIN, p, best.__getitem__) if at.curve != "EAMSGD"] + [SGD, Setting("MSGD", 1, 1)]
        found = {at.curve: claims.lead(runs, Setting("EAMSGD", p, *best["EAMSGD"]), at) for at in others}
        yield counted(f"EASGD-F4.{number}", f"{p} workers, each method at its best period: EAMSGD comes lowest [points]", found, -1)
    numbers = {curve: claims.more_workers(runs, curve, *best[curve]) for curve in ("EASGD", "EAMSGD")}
    for kind, words in {"seconds": "equal time", "gradients": "equally many gradients"}.items():
        found = {curve: compare.interval(getattr(one, kind)[-1] - getattr(one, kind)[0]) for curve, one in numbers.items()}
        yield judged("EASGD-more-workers", f"16 workers come lower than 4 in {words} [points]", found, -1)


def _rates(runs: Runs, best: Mapping[str, tuple[int]]) -> Iterator[Outcome]:
    from stalegrad.nets.run import run_all

    searched = comparison.searched(best.__getitem__)
    edges = [at for at in searched if runs.choice(at).at_edge]
    for claim, few in {"EASGD-TAB4.1": True, "EASGD-TAB4.2": False}.items():
        asked = [at for at in searched if (at.n_workers not in LARGER) == few]
        names = "; ".join(words(at) for at in edges if at in asked)
        numbers = f"{sum(at in asked for at in edges)} of {len(asked)}" + (f": {names}" if names else "")
        yield fact(claim, "protocol: no best rate is at an edge of its grid", not names, numbers)
    found = {}
    for at in edges:
        of_grid = [trace for trace in runs.chosen(at) if trace.spec.seed in runs.grid_seeds]
        variable = CURVES[at.curve][1]
        found[f"{words(at)}:"] = compare.paired(run_all(comparison.beyond(runs, at)), of_grid, by="best", variables=(variable, variable))
    said = "ours: half the rate at a lower edge, twice that at an upper one, come lower still [points]"
    yield judged("EASGD-TAB4.1", said, found, -1)
    heard = [trace for trace in runs.chosen(Setting("EASGD", 4, 16)) if trace.spec.seed in runs.grid_seeds]
    found = {"": compare.paired(run_all(comparison.deaf(runs)), heard, by="best")}
    yield judged("EASGD-F4.3", "ours, a planted fault: EASGD comes higher if the centre listens a hundred times too little [points]", found, 1)


def words(at: Setting) -> str:
    """A setting, for a cell of the table."""
    return f"{at.curve}, {at.n_workers} workers, period {at.period}"


def _soonest(runs: Runs, best: Mapping[str, tuple[int]]) -> Iterator[Outcome]:
    settings = [SGD, Setting("MSGD", 1, 1), *(Setting(name, p, *best[name]) for p in (4, *LARGER) for name in MAIN)]
    variables = {at.curve: CURVES[at.curve][1] for at in settings}
    times = timing.times({(at.curve, at.n_workers): runs.chosen(at) for at in settings}, variables)
    rest = {p: [key for key in times.times if key[0] != "EAMSGD" and key[1] in (1, p)] for p in (4, *LARGER)}
    gains = {p: timing.speedup(times, ("EAMSGD", p), 0, others) for p, others in rest.items()}
    found = {f"p = {p}:" if gain is None else f"p = {p}, {gain.against[0]}:": gain and gain.ratio for p, gain in gains.items()}
    yield judged("EASGD-F4.14", "EAMSGD is sooner at SGD's level than the best other (factor; 11.1 printed)", found, 1, LOSS, 1.0)
    found = {f"p = {p}:": factor(times, ("EASGD", p), ("DOWNPOUR", p)) for p in (4, *LARGER)}
    yield judged("EASGD-F4.14", "EASGD is sooner there than DOWNPOUR (factor)", found, 1, LOSS, 1.0)
    found = {"": factor(times, ("EAMSGD", 16), ("EAMSGD", 4))}
    yield judged("EASGD-F4.14", "EAMSGD with 16 workers is later there than with 4 (factor)", found, -1, LOSS, 1.0)
    rates = {name: [runs.choice(Setting(name, p, *best[name])).eta for p in (4, LARGER[-1])] for name in MAIN}
    words = "; ".join(f"{name} {few:g}, {many:g}" for name, (few, many) in rates.items())
    yield fact("EASGD-F4.14", "smaller rates are chosen for 16 workers than for 4", all(many < few for few, many in rates.values()), words)


def factor(times: timing.Times, method: tuple[str, int], other: tuple[str, int]) -> compare.Difference | None:
    """How many times sooner a method is at the highest level than another; None where a run never gets there."""
    found = timing.speedup(times, method, 0, [other])
    return found and found.ratio


def with_cuts(found: Mapping[tuple[str, int], Sequence[cut_rates.CutRun]]) -> Iterator[Outcome]:
    """Of the runs whose rate is cut when the loss stagnates."""
    runs = [one for some in found.values() for one in some]
    cut = [one for one in runs if one.looks and one.looks[0] <= len(one.trace.time) - 3]
    lower = sum(one.trace["train_loss"][-1] < one.uncut["train_loss"][-1] for one in cut)
    words = f"{lower} of {len(cut)}"
    yield fact("EASGD-F4.9", "protocol: a cut lowers the last training loss (in three quarters of the runs)", lower >= 0.75 * len(cut), words)
    traces = {key: [one.trace for one in some] for key, some in found.items()}
    variables = {name: one.variable for name, one in cut_rates.METHODS.items()}
    times = timing.times(traces, variables)
    ratios = {f"p = {p}:": factor(times, ("EAMSGD", p), ("DOWNPOUR", p)) for p in cut_rates.WORKERS}
    yield judged("EASGD-F4.15", "rates cut: EAMSGD is sooner at SGD's level than DOWNPOUR (factor; 1.8 printed for p = 8)", ratios, 1, LOSS, 1.0)
    ahead = {
        f"{name} with {p}": compare.paired(traces[name, p], traces["MSGD", 1], "test_error", "best", (variables[name], "x"))
        for name in MAIN
        for p in cut_rates.WORKERS
    }
    yield counted("EASGD-F4.15", "rates cut: all methods come lower than MSGD [points]", ahead, -1)
