"""Steps in which some workers act and the others wait: what the asynchronous algorithms share.

Their readable rules are functions ``step(problem, ..., state, draw)`` of arithmetic alone. `draw.worker` says who acts;
with several workers in one step each reads the state before the step, and what they send to the master is added up.
A step traced with sympy symbols is given ``worker`` as whole numbers, one column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from stalegrad.algorithms import elastic_state
from stalegrad.engine.checks import objective
from stalegrad.engine.process import Process
from stalegrad.engine.streams import Tape
from stalegrad.schedule import Schedule, Synchronous, checked, random


class Turn(NamedTuple):
    """What is random in one step."""

    worker: np.ndarray
    """(active, paths) who acts; one worker, or with the synchronous schedule all of them."""
    z: np.ndarray
    """(active, m, paths) their data rows."""


@dataclass(frozen=True)
class Turns:
    """How a step reads the tape: who acts, from the stream of schedules; then one data row for each of them."""

    law: Any
    schedule: Schedule
    n_workers: int

    def draw(self, tape: Tape, k: int) -> Turn:
        """The draws of step k."""
        worker = self.schedule.workers(tape, k, self.n_workers)
        return Turn(worker, self.law.rows(tape, k * len(worker), len(worker)))

    @property
    def local_steps(self) -> float:
        """Local steps that a worker makes in one step, on average over the workers."""
        return 1.0 if isinstance(self.schedule, Synchronous) else 1.0 / self.n_workers


def by_turns(name: str, problem, parameters: dict, schedule, n_workers, *, init, step, observe, known, unit: float, **more) -> Process:
    """A process whose steps are turns of workers.

    `init` is told their number; `known` names what can be observed; `unit` is the time that a local step stands for, so that a
    step stands for unit / p, and for unit with the synchronous schedule. Without a schedule it is `random`.
    """
    schedule = random() if schedule is None else schedule
    schedule, n_workers = checked(schedule, n_workers)
    observed = elastic_state.observed_names(observe, known)
    turns = Turns(objective(problem).law, schedule, n_workers)
    return Process(
        name=name,
        problem=problem,
        parameters=parameters | {"n_workers": n_workers, "schedule": schedule, "observe": observed},
        dt=unit * turns.local_steps,
        init=partial(init, n_workers),
        draw=turns.draw,
        step=step,
        observe=partial(elastic_state.observe, observed, known=known),
        observed=observed,
        **more,
    )


def centre(state) -> np.ndarray:
    """The variable of the master (d, paths)."""
    return state.centre


def spatial_average(state) -> np.ndarray:
    """Average of the local variables (d, paths)."""
    return elastic_state.average(state.local)


def first_worker(state) -> np.ndarray:
    """Local variable of the first worker (d, paths)."""
    return state.local[0]


OBSERVABLES = {"centre": centre, "average": spatial_average, "local": first_worker}


def of(values: np.ndarray, worker: np.ndarray) -> np.ndarray:
    """Entries (active, d, paths) of the acting workers in `values` (p, d, paths)."""
    return np.moveaxis(values[worker, :, np.arange(worker.shape[1])], 2, 1)


def put(values: np.ndarray, worker: np.ndarray, new: np.ndarray) -> np.ndarray:
    """`values` (p, d, paths) with `new` (active, d, paths) in the place of the acting workers."""
    out = values.copy()
    out[worker, :, np.arange(worker.shape[1])] = np.moveaxis(new, 2, 1)
    return out


def due(clock: np.ndarray, worker: np.ndarray, period: int) -> np.ndarray:
    """Whether the period divides the clock of each acting worker (active, 1, paths)."""
    return (clock[worker, np.arange(worker.shape[1])] % period == 0)[:, None, :]


def ticked(clock: np.ndarray, worker: np.ndarray) -> np.ndarray:
    """Clocks (p, paths) after the acting workers made a local step."""
    out = clock.copy()
    out[worker, np.arange(worker.shape[1])] += 1
    return out


def new_clock(n_workers: int, x0: np.ndarray) -> np.ndarray:
    """No worker has made a step yet (p, paths)."""
    return np.zeros((n_workers, x0.shape[1]), int)


def copies(n_workers: int, x0: np.ndarray) -> np.ndarray:
    """The same point for every worker (p, d, paths)."""
    return np.repeat(x0[None], n_workers, axis=0)
