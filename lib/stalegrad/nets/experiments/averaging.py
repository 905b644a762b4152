r"""Runs of section 4.3.1: one worker, SGD with its averages against Nesterov momentum; and averages begun at the first cut of the rate.

The moving rate 0.001 of MVASGD remembers 1,000 steps: nothing in the thesis' runs, most of ours. So 0.01 is tried beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stalegrad.nets.experiments.discussion import length
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock
from stalegrad.nets.trace import Trace

RATES = {"sgd": (0.05, 0.1, 0.2, 0.4, 0.8), "msgd": (0.0005, 0.001, 0.002, 0.004)}
"""0.8 was added when 0.4 turned out to be best for MVASGD."""
MOMENTUM = 0.99
SEEDS = 5
MOVING = (0.001, 0.01)
"""Moving rates of MVASGD: as printed, and as far as the length of the run goes."""
CUT_RATES = {"sgd": 0.2, "msgd": 0.002}
"""Rates of the runs with cuts: a hundredth for MSGD, as in Table 4.3."""
CUTS = ((1 / 2, 1 / 5), (3 / 4, 1 / 2))
"""(share of the run, factor): by 5, then by 2, as in the thesis; when is ours."""
LOOKS = 24
"""Of a run with cuts: two of them at the cuts."""
LATE = "late_average"


def specs(profile: str, seed: int = 0) -> dict[str, list[Spec]]:
    """ "sgd", "msgd" and, with the other moving rate, "sgd, 0.01": runs at all rates and seeds.

    >>> {name: len(runs) for name, runs in specs("quick").items()}
    {'sgd': 25, 'sgd, 0.01': 25, 'msgd': 20}
    """
    fields = length(profile)
    bases = {"sgd": Spec("sgd", eta=1.0, moving=MOVING[0], **fields)}
    bases |= {f"sgd, {MOVING[1]}": bases["sgd"].at(moving=MOVING[1]), "msgd": Spec("msgd", eta=1.0, momentum=MOMENTUM, **fields)}
    return {name: [base.at(eta=eta, seed=seed + s) for eta in RATES[base.method] for s in range(SEEDS)] for name, base in bases.items()}


def cut_specs(profile: str, seed: int = 0) -> dict[str, list[Spec]]:
    """The same names, at one rate that is cut twice. Services are constant, so that the looks know how many steps were made.

    >>> cut_specs("quick")["msgd"][0].cuts
    ((750, 0.2), (1125, 0.5))
    """
    n_steps = length(profile)["n_steps"]
    cuts = tuple((round(share * n_steps), factor) for share, factor in CUTS)
    steady = {"clock": Clock(shape=math.inf), "evaluations": LOOKS, "cuts": cuts}
    return {name: [runs[s].at(eta=CUT_RATES[runs[0].method], **steady) for s in range(SEEDS)] for name, runs in specs(profile, seed).items()}


def with_late_average(traces: Sequence[Trace], begin: int) -> list[Trace]:
    r"""Traces of SGD with the curves of one more variable, `LATE`: the average of the iterates from step `begin` on.

    With $z_n$ the average of $x_0, \dots, x_{n-1}$, that of $x_m, \dots, x_{n-1}$ is $(n z_n - m z_m) / (n - m)$; at step m it is $x_m$, before it
    there is none (NaN). The runs are made again, as parameters are not stored.

    Raises
    ------
    ValueError
        If a run was not looked at after exactly `begin` steps, or before it diverged.
    """
    from stalegrad.nets.driver import start, together
    from stalegrad.nets.objectives import build

    for trace in traces:
        if begin not in trace.steps or trace.diverged < float("inf"):
            raise ValueError(f"step {begin} is not among the steps {trace.steps.tolist()} at which the run was looked at: average from one of them")
    of_spec = {trace.spec: trace for trace in traces}
    objective = build(traces[0].spec.objective, traces[0].spec.options)
    found = {}
    for spec, path in together(objective, ((spec, start(spec, objective)) for spec in of_spec)):
        late = late_average(path.snapshots, of_spec[spec].steps, begin)
        before = np.full(len(of_spec[spec].steps) - len(late), np.nan)
        curves = {(measure, LATE): np.append(before, values.double().cpu().numpy()) for measure, values in objective.evaluate(late).items()}
        found[spec] = replace(of_spec[spec], curves=of_spec[spec].curves | curves)
    return [found[trace.spec] for trace in traces]


def late_average(snapshots, steps, begin: int):
    """Average from step `begin` on, at the looks from then on, from the "average" from step 0 and "x" (looks, D) at the steps (looks,)."""
    first = int((steps == begin).argmax())
    late, average = snapshots["x"][first:].clone(), snapshots["average"][first:]
    for look in range(1, len(late)):
        share = begin / (int(steps[first + look]) - begin)
        late[look] = average[look] + share * (average[look] - average[0])
    return late
