r"""Runs of the thesis' Section 4.2, scaled: which methods, rates, periods and numbers of workers, and in which order they are asked for.

Scaled are the data (Fashion-MNIST, 14 x 14), the network (196-64-10, batches of 32) and the length. The rates are those of Tables 4.1 and 4.2 times
a factor, the only thing that was fitted: it was found on short runs with another seed and communication for nothing, so that the best
of six rates in steps of two lies inside the grid. Rates are added where the thesis' grid has a gap of five, where DOWNPOUR at large periods
needs less, and, the one thing done after looking, one rate beyond the edge where a best rate with p = 4 was at the edge.
An exchange keeps a worker waiting for as long, in local steps, as in the left half of Table 4.4 with tau = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from stalegrad.nets import compare
from stalegrad.nets.experiments import profiles
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock
from stalegrad.nets.trace import Trace

PERIODS = (1, 4, 16, 64)
LARGER = (8, 16)
"""Numbers of workers beside 4."""
COMMUNICATION = {1: 0.0, 4: 3.0 / 11.0, 8: 5.0 / 11.0, 16: 9.0 / 11.0}
"""Seconds that an exchange costs with p workers, where a local step takes one: parameter communication by computation in Table 4.4."""


class Scale(NamedTuple):
    """How long and how often."""

    n_steps: int
    """Virtual seconds, mean local steps of a worker that never waits."""
    seeds: int
    """Runs of every rate of a grid; the thesis has 3."""
    more: int
    """Further seeds at the rate that was chosen."""
    evaluations: int


NETWORKS = {"mlp": "MLP", "conv": "convolutional"}
"""Objectives of the experiment, and how figures call them."""
PROFILES = {"quick": Scale(800, 3, 2, 20), "paper": Scale(6_000, 3, 2, 60)}
CONVOLUTIONAL = Scale(1_500, 3, 2, 20)
"""Of the paper profile for the convolutional network, a gradient of which costs as much as twenty of the other's."""


class Family(NamedTuple):
    """Runs that are trained once, and the curves that are looked at in them."""

    method: str
    momentum: float
    printed: tuple[float, ...]
    """Learning rates of Table 4.1."""
    factor: float
    added: tuple[float, ...]
    periods: tuple[int, ...]
    """Communication periods tried; (1,) where there is no choice."""
    curves: dict[str, str]
    """Names of the methods as the thesis has them, and the variable of each."""

    @property
    def rates(self) -> tuple[float, ...]:
        """Learning rates tried, in falling order."""
        return tuple(sorted({round(rate * self.factor, 9) for rate in self.printed} | set(self.added), reverse=True))

    @property
    def alone(self) -> bool:
        """Whether there is one worker only."""
        return self.method in ("sgd", "msgd")


PLAIN, PULLED, PUSHED = (0.05, 0.01, 0.005), (0.01, 0.005, 0.001), (0.005, 0.001, 0.0005)
MASTER, NESTEROV = (0.00005, 0.00001, 0.000005), (0.001, 0.0005, 0.0001)
DOWNPOURS = {"DOWNPOUR": "centre", "ADOWNPOUR": "average", "MVADOWNPOUR": "moving_average"}
FAMILIES = {
    "EASGD": Family("easgd", 0.0, PLAIN, 20.0, (), PERIODS, {"EASGD": "centre"}),
    "EAMSGD": Family("eamsgd", 0.99, PULLED, 2.0, (0.005,), PERIODS, {"EAMSGD": "centre"}),
    "DOWNPOUR": Family("downpour", 0.0, PUSHED, 20.0, (0.2, 0.002, 0.0005), PERIODS, DOWNPOURS),
    "MDOWNPOUR": Family("mdownpour", 0.99, MASTER, 20.0, (0.002,), (1,), {"MDOWNPOUR": "centre"}),
    "SGD": Family("sgd", 0.0, PLAIN, 20.0, (), (1,), {"SGD": "x", "ASGD": "average", "MVASGD": "moving_average"}),
    "MSGD": Family("msgd", 0.99, NESTEROV, 20.0, (0.005, 0.001), (1,), {"MSGD": "x"}),
    "EAMSGD 0.9": Family("eamsgd", 0.9, PULLED, 20.0, (0.05,), (4, 64), {"EAMSGD 0.9": "centre"}),
    "MDOWNPOUR 0.9": Family("mdownpour", 0.9, MASTER, 200.0, (0.02,), (1,), {"MDOWNPOUR 0.9": "centre"}),
    "MSGD 0.9": Family("msgd", 0.9, NESTEROV, 200.0, (0.05, 0.01), (1,), {"MSGD 0.9": "x"}),
}
"""Momentum 0.99 as in the thesis; with 0.9 a second time, at ten times the rate, as much shorter runs may want it."""
THESIS = tuple(name for name in FAMILIES if "0.9" not in name)
"""Families with the thesis' momentum, or none."""
MAIN = ("EASGD", "EAMSGD", "DOWNPOUR", "MDOWNPOUR")
"""Families that are also run with 8 and 16 workers, as in Table 4.2."""
CURVES = {curve: (name, variable) for name, family in FAMILIES.items() for curve, variable in family.curves.items()}


class Setting(NamedTuple):
    """A curve of the figures."""

    curve: str
    n_workers: int
    period: int


def base(family: Family, n_workers: int, period: int, scale: Scale, objective: str) -> Spec:
    """The spec of a family, but for rate and seed."""
    free = {} if family.alone else {"n_workers": n_workers}
    free |= {"period": period} if len(family.periods) > 1 else {}
    free |= {"momentum": family.momentum} if family.momentum else {}
    clock = Clock(communication=0.0 if family.alone else COMMUNICATION[n_workers])
    return Spec(family.method, eta=1.0, objective=objective, n_steps=scale.n_steps, evaluations=scale.evaluations, clock=clock, **free)


def grid(name: str, n_workers: int, period: int, scale: Scale, seed: int, objective: str) -> list[Spec]:
    """All rates of a family, each with the same seeds.

    >>> len(grid("EASGD", 4, 16, PROFILES["quick"], 0, "mlp"))
    9
    """
    spec = base(FAMILIES[name], n_workers, period, scale, objective)
    return [spec.at(eta=eta, seed=seed + k) for eta in FAMILIES[name].rates for k in range(scale.seeds)]


def four_workers(scale: Scale, seed: int, objective: str) -> list[Spec]:
    """Grids of all families with p = 4, or alone, at every period."""
    cases = ((name, 1 if family.alone else 4, period) for name, family in FAMILIES.items() for period in family.periods)
    return [spec for case in cases for spec in grid(*case, scale, seed, objective)]


class Runs:
    """Traces of the experiment, picked out by setting.

    Parameters
    ----------
    traces : iterable of Trace
        Grids, with or without further seeds at the chosen rates.
    seeds : int
        How many seeds a grid has: choices use these only.
    seed : int
        The first of them.
    """

    def __init__(self, traces: Iterable[Trace], seeds: int, seed: int = 0):
        self.grid_seeds = range(seed, seed + seeds)
        self.traces: dict[tuple, list[Trace]] = {}
        for trace in traces:
            spec = trace.spec
            self.traces.setdefault((spec.method, spec.momentum, spec.n_workers, spec.period), []).append(trace)

    def of(self, at: Setting) -> list[Trace]:
        """All runs of a setting.

        Raises
        ------
        ValueError
            If there are none.
        """
        family = FAMILIES[CURVES[at.curve][0]]
        key = family.method, family.momentum, 1 if family.alone else at.n_workers, at.period if len(family.periods) > 1 else 1
        if key not in self.traces:
            raise ValueError(f"{at} was not run: give one of {sorted(self.traces)}, as (method, momentum, workers, period)")
        return self.traces[key]

    def choice(self, at: Setting, measure: str = "test_error", by: str = "best") -> compare.Choice:
        """The learning rate; by default chosen as in the thesis, for the smallest test error that is reached."""
        of_grid = [trace for trace in self.of(at) if trace.spec.seed in self.grid_seeds]
        return compare.choose_rate(of_grid, measure, by, CURVES[at.curve][1])

    def chosen(self, at: Setting) -> list[Trace]:
        """The runs at that rate, by seed."""
        eta = self.choice(at).eta
        return sorted((trace for trace in self.of(at) if trace.spec.eta == eta), key=lambda trace: trace.spec.seed)

    def scores(self, at: Setting, measure: str = "test_error", by: str = "best") -> list[float]:
        """A number a seed, at that rate."""
        return [compare.score(trace, measure, by, CURVES[at.curve][1]) for trace in self.chosen(at)]

    def best_period(self, curve: str, n_workers: int = 4) -> int:
        """The period at which the chosen rate has the smallest mean score on the seeds of the grid."""
        periods = FAMILIES[CURVES[curve][0]].periods
        return min(periods, key=lambda period: float(self.choice(Setting(curve, n_workers, period)).scores.min()))


def settings(names: Sequence[str], n_workers: int, periods: Callable[[str], Sequence[int]]) -> list[Setting]:
    """Every curve of some families, at the periods of each."""
    return [Setting(curve, n_workers, period) for name in names for curve in FAMILIES[name].curves for period in periods(name)]


def beside(period: int) -> Callable[[str], Sequence[int]]:
    """The periods of a family that belong into a figure of one period: that one, or the only one that it has.

    >>> beside(64)("EASGD"), beside(64)("SGD"), beside(16)("EAMSGD 0.9")
    ((64,), (1,), ())
    """
    return lambda name: tuple(one for one in FAMILIES[name].periods if one == period or FAMILIES[name].periods == (1,))


def further(runs: Runs, at: Iterable[Setting], scale: Scale) -> list[Spec]:
    """The chosen runs once more, with new seeds."""
    first = runs.grid_seeds[-1] + 1
    new = (runs.chosen(setting)[0].spec.at(seed=first + k) for setting in at for k in range(scale.more))
    return list(dict.fromkeys(new))


def beyond(runs: Runs, at: Setting) -> list[Spec]:
    """The seeds of the grid at one rate more, for a best rate at an edge: half the smallest, or twice the largest."""
    choice = runs.choice(at)
    eta = choice.eta * (0.5 if choice.eta == choice.etas[0] else 2.0)
    return [runs.chosen(at)[0].spec.at(eta=eta, seed=seed) for seed in runs.grid_seeds]


def deaf(runs: Runs) -> list[Spec]:
    """A planted fault, for the seeds of the grid: EASGD at period 16 with a centre that listens a hundred times too little."""
    first = [trace.spec for trace in runs.chosen(Setting("EASGD", 4, 16)) if trace.spec.seed in runs.grid_seeds]
    return [spec.at(alpha=spec.moving_rate / 100) for spec in first]


def searched(best: Callable[[str], Sequence[int]]) -> list[Setting]:
    """The curves of the thesis whose rates are searched: with 4 workers at all periods, with more at the `best` one of each family."""
    four = [at for period in PERIODS for at in settings(THESIS, 4, beside(period))]
    return list(dict.fromkeys(four + [at for p in LARGER for at in settings(MAIN, p, best)]))


def checks(runs: Runs) -> list[Spec]:
    """Runs that no figure shows: beyond the edges, and the planted fault."""
    edges = [at for at in searched(lambda name: (runs.best_period(name),)) if runs.choice(at).at_edge]
    return [*deaf(runs), *(spec for at in edges for spec in beyond(runs, at))]


def scale_of(profile: str, objective: str) -> Scale:
    """How long and how often an objective is trained in a profile.

    Raises
    ------
    ValueError
        For an unknown profile.
    """
    return CONVOLUTIONAL if (profile, objective) == ("paper", "conv") else profiles.chosen(profile, PROFILES)


def run(profile: str = "quick", seed: int = 0, objective: str = "mlp") -> Runs:
    """The whole experiment: p = 4 at all periods; p = 8 and 16 at the period that was best for 4; more seeds at the chosen rates.

    Raises
    ------
    ValueError
        For an unknown profile.
    """
    scale = scale_of(profile, objective)
    from stalegrad.nets.run import run_all

    traces = run_all(four_workers(scale, seed, objective))
    four = Runs(traces, scale.seeds, seed)
    best = {name: (four.best_period(name),) for name in MAIN}
    traces += run_all([spec for p in LARGER for name in MAIN for spec in grid(name, p, *best[name], scale, seed, objective)])
    drawn = settings(tuple(FAMILIES), 4, lambda name: FAMILIES[name].periods)
    drawn += [at for p in LARGER for at in settings(MAIN, p, best.__getitem__)]
    everything = Runs(traces, scale.seeds, seed)
    return Runs(traces + run_all(further(everything, drawn, scale)), scale.seeds, seed)
