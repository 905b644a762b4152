r"""The protocol of Figures 4.8 and 4.9: the learning rate is cut by 5, then by 2, when the loss stagnates.

The data are not those of the thesis: ImageNet cannot be had.

What the thesis does by hand is a rule here: the loss stagnates at a look if its mean over the last three looks is less than 2 % below its mean over
the three before, all six of them later than the last cut. The loss is that of the training images; it stands for the online predictive loss,
that of a batch before it is learnt from, which it equals while no image has been seen twice. A run is made without
cuts, then again with the first, then with both: up to a cut it is the same run.

One setting a method, fixed before looking, as in Table 4.3: rates that are large for our network, so that there is something to cut; DOWNPOUR halves
its rate for p = 8. Periods: 10 for EASGD and EAMSGD, 1 for the DOWNPOUR methods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stalegrad.nets.experiments.comparison import COMMUNICATION, Scale
from stalegrad.nets.experiments.profiles import chosen
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock
from stalegrad.nets.trace import Trace

FACTORS = (1.0 / 5.0, 1.0 / 2.0)
WINDOW = 3
LEAST = 0.02
WORKERS = (4, 8)
PROFILES = {"quick": Scale(600, 3, 0, 20), "paper": Scale(6_000, 5, 0, 60)}


class Method(NamedTuple):
    """A setting: method, momentum, period, and the first rate for each p."""

    method: str
    momentum: float
    period: int
    rates: dict[int, float]
    variable: str


METHODS = {
    "EASGD": Method("easgd", 0.0, 10, {4: 0.5, 8: 0.5}, "centre"),
    "EAMSGD": Method("eamsgd", 0.99, 10, {4: 0.01, 8: 0.01}, "centre"),
    "DOWNPOUR": Method("downpour", 0.0, 1, {4: 0.1, 8: 0.05}, "centre"),
    "MDOWNPOUR": Method("mdownpour", 0.99, 1, {4: 0.0005, 8: 0.0005}, "centre"),
    "SGD": Method("sgd", 0.0, 0, {1: 0.5}, "x"),
    "MSGD": Method("msgd", 0.99, 0, {1: 0.01}, "x"),
}


class CutRun(NamedTuple):
    """A run and the looks after which its rate was cut."""

    trace: Trace
    looks: tuple[int, ...]
    """At most two."""
    uncut: Trace
    """The same run without cuts."""


def stagnates(loss: Sequence[float], after: int = 0, window: int = WINDOW, least: float = LEAST) -> int | None:
    """The first look but the last at which the loss stagnates, using looks later than `after` only; None if it never does.

    >>> stagnates([2.0, 1.0, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4])
    8
    >>> stagnates([2.0**-k for k in range(10)]) is None
    True
    """
    loss = np.asarray(loss, dtype=float)
    for look in range(after + 2 * window, len(loss) - 1):
        late, early = (loss[end - window : end].mean() for end in (look + 1, look + 1 - window))
        if late > (1.0 - least) * early:
            return look
    return None


def specs(profile: str, seed: int, objective: str) -> dict[tuple[str, int], list[Spec]]:
    """The runs without cuts, by method and number of workers, one a seed.

    >>> sorted(specs("quick", 0, "mlp"))[:2]
    [('DOWNPOUR', 4), ('DOWNPOUR', 8)]
    """
    scale, found = chosen(profile, PROFILES), {}
    for name, one in METHODS.items():
        for p, eta in one.rates.items():
            free = {"momentum": one.momentum} if one.momentum else {}
            free |= {"n_workers": p} if p > 1 else {}
            free |= {"period": one.period} if one.period > 1 else {}
            clock = Clock(communication=COMMUNICATION[p])
            spec = Spec(one.method, eta, objective=objective, n_steps=scale.n_steps, evaluations=scale.evaluations, clock=clock, **free)
            found[name, p] = [spec.at(seed=seed + k) for k in range(scale.seeds)]
    return found


def clock_at(trace: Trace, look: int) -> int:
    """The clock t of who applies the rate: local steps of a worker on average, or updates of the master."""
    return int(trace.updates[look]) if trace.spec.method == "mdownpour" else math.ceil(trace.steps[look] / trace.spec.leaves)


def cut(run: CutRun, factor: float) -> tuple[Spec, int] | None:
    """The spec with one cut more, and the look after which; None where the loss does not stagnate."""
    look = stagnates(run.trace["train_loss"], run.looks[-1] if run.looks else 0)
    if look is None:
        return None
    return run.trace.spec.at(cuts=(*run.trace.spec.cuts, (clock_at(run.trace, look), factor))), look


def run(profile: str = "quick", seed: int = 0, objective: str = "mlp") -> dict[tuple[str, int], list[CutRun]]:
    """The experiment: every method with its cuts, by name and number of workers.

    Raises
    ------
    ValueError
        For an unknown profile.
    """
    asked = specs(profile, seed, objective)
    from stalegrad.nets.run import run_all

    where = [key for key, of_key in asked.items() for _ in of_key]
    state = [CutRun(trace, (), trace) for trace in run_all([spec for of_key in asked.values() for spec in of_key])]
    for factor in FACTORS:
        due = {i: found for i, one in enumerate(state) if (found := cut(one, factor)) is not None}
        for (i, (_, look)), trace in zip(due.items(), run_all([spec for spec, _ in due.values()]), strict=True):
            state[i] = CutRun(trace, (*state[i].looks, look), state[i].uncut)
    return {key: [one for place, one in zip(where, state, strict=True) if place == key] for key in asked}
