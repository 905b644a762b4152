r"""Who acts in which phase of the clocks: the steps of a process as a chain of modes.

A mode is everything about a state that is not a number of the iterates: the phases of the clocks, modulo the period. In each
mode one of several steps is made, with given probabilities:

- workers that all act in every step: one mode for each phase;
- round robin, or a tree with its periods: the modes of one cycle, in order;
- a random worker: the phases of all workers, sorted, since workers in the same phase are alike. One of them stands for all
  of its phase; the others are renumbered so that the phases are sorted again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from stalegrad.engine.streams import Tape
from stalegrad.moments.affine import AffineStep, Variables, affine_step, rule_of
from stalegrad.moments.continuous import Gradients
from stalegrad.moments.system import Array
from stalegrad.schedule import Queue, Random, RoundRobin

RUNNING = ("double_average", "time_average")
"""Parts of a state that only record; they are dropped where they are not observed."""
ALIKE = ("centre", "average", "double_average", "time_average", "x")
"""Observables in which all workers count the same."""


class Transition(NamedTuple):
    """One step that a mode allows."""

    probability: float
    step: AffineStep
    order: Array | None
    """Renumbering of the variables, the 1 included, after the step; None keeps them."""
    target: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A process taken apart: its rule, its problem's gradients, its first state.

    Attributes
    ----------
    process : Process
    gradients : Gradients
    first : named tuple
        The state before step 0, one path.
    rule : callable (problem, state, draw) -> state
    dropped : tuple of str
        Parts of the state that are neither observed nor heard.
    """

    process: object
    gradients: Gradients
    first: object
    rule: Callable = field(init=False)
    dropped: tuple[str, ...] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "rule", rule_of(self.process))
        object.__setattr__(self, "dropped", tuple(name for name in RUNNING if name not in self.process.observed))

    @property
    def schedule(self):
        """The schedule, or None where every step is the same for all."""
        return self.process.parameters.get("schedule")

    @property
    def n_workers(self) -> int:
        """p; 1 for a process without workers."""
        return self.process.parameters.get("n_workers", 1)

    @property
    def is_random(self) -> bool:
        """Whether the worker of a step is drawn."""
        return isinstance(self.schedule, Random)

    @property
    def is_alike(self) -> bool:
        """Whether all workers act in the same way in every step, count the same and start alike.

        Where all count the same, different starts may be averaged over the workers.
        """
        if "scheme" in self.process.parameters or isinstance(self.schedule, RoundRobin):
            return False
        points = self.process.parameters.get("local0")
        return set(self.process.observed) <= set(ALIKE) or points is None or bool(np.all(points == points[0]))

    @property
    def varies(self) -> bool:
        """Whether the step depends on how many steps were made, and not on their phase alone."""
        plain = self.process.name in ("averaged_sgd", "adownpour") and "time_average" in self.process.observed
        return plain or "double_average" in self.process.observed

    @property
    def period(self) -> int:
        """Period of the clocks."""
        return self.process.parameters.get("period", 1)

    @property
    def n_phases(self) -> int:
        """Ways in which the clocks of workers drawn at random can stand, workers being alike; else 1."""
        return math.comb(self.n_workers + self.period - 1, self.period - 1) if self.is_random else 1

    @property
    def cycle(self) -> int:
        """Steps after which everything repeats, where no worker is drawn."""
        if "scheme" in self.process.parameters:
            links = self.process.parameters["scheme"].links(self.process.parameters["depth"])
            return math.lcm(*(period for link in links for period in link))
        return self.period * (self.n_workers if isinstance(self.schedule, RoundRobin) else 1)

    def variables(self, state) -> Variables:
        """The numbers of a state."""
        return Variables(state, self.dropped)

    def step(self, state, k: int, worker: int | None = None) -> AffineStep:
        """The step number k from a state, by the scheduled worker or by a given one."""
        draw = self.process.draw(Tape(0, np.zeros(1, np.uint64)), k)
        if worker is not None:
            draw = draw._replace(worker=np.array([[worker]]))
        return affine_step(self.rule, self.gradients, self.variables(state), draw)

    def steps(self, state, k: int) -> list[tuple[float, AffineStep]]:
        """All steps that may be made at step k, with their probabilities, for clocks that do not matter or are not drawn."""
        if not self.is_random:
            return [(1.0, self.step(state, k))]
        return [(1.0 / self.n_workers, self.step(state, k, worker)) for worker in range(self.n_workers)]


def source(process, gradients: Gradients, start: Array) -> Source:
    """A process taken apart at a start (d,).

    Raises
    ------
    ValueError
        For a schedule that is no chain of finitely many modes.
    """
    if isinstance(process.parameters.get("schedule"), Queue):
        raise ValueError(
            f"schedule={process.parameters['schedule']!r} remembers how long each service has lasted: there are no moment "
            "equations; use random(), which has the law of equal speeds and exponential times, round_robin(), or simulate"
        )
    first = process.init(np.asarray(start, dtype=float)[:, None])
    delay = process.parameters.get("delay", 0)
    # What is under way has a fixed length from the first tick: nothing of it is read before it was sent.
    return Source(process, gradients, first._replace(mail=(first.levels,) * delay) if delay else first)


def modes(origin: Source) -> tuple[tuple[int, ...], Callable[[tuple[int, ...]], Array], Callable[[tuple[int, ...]], list[Transition]]]:
    """First mode, the classes of workers that are alike in a mode, and the transitions from a mode."""
    if origin.is_random:
        return (0,) * origin.n_workers, np.array, lambda mode: _random_transitions(origin, mode)
    n_places = max([variable.worker for variable in origin.variables(origin.first).all]) + 1
    classes = np.zeros(n_places, int) if origin.is_alike else np.arange(n_places)
    ring = _ring(origin)
    return (0,), lambda mode: classes, lambda mode: [Transition(1.0, ring(mode[0]), None, ((mode[0] + 1) % origin.cycle,))]


def _ring(origin: Source) -> Callable[[int], AffineStep]:
    """The step of each phase of a cycle, made when it is asked for, in order."""
    delay = origin.process.parameters.get("delay", 0)

    @cache
    def at(phase: int) -> AffineStep:
        state = origin.first if phase == 0 else at(phase - 1).following
        return origin.step(state, phase + delay * origin.cycle)

    return at


def _random_transitions(origin: Source, mode: tuple[int, ...]) -> list[Transition]:
    """One step for each phase that some worker is in; the last of these workers stands for all of them."""
    state = origin.first
    if origin.period > 1:
        state = state._replace(clock=np.array(mode)[:, None])
    transitions = []
    for phase in sorted(set(mode)):
        worker = len(mode) - 1 - mode[::-1].index(phase)
        moved = list(mode)
        moved[worker] = (phase + 1) % origin.period
        order = np.argsort(moved, kind="stable")
        transitions.append(
            Transition(
                mode.count(phase) / len(mode),
                origin.step(state, 0, worker),
                _renumbered(origin.variables(state), order),
                tuple(moved[i] for i in order),
            )
        )
    return transitions


def _renumbered(variables: Variables, order: Array) -> Array:
    """Places of the variables if worker order[i] becomes worker i; the 1 stays last."""
    place = {variable: index for index, variable in enumerate(variables.all)}
    moved = [place[v._replace(worker=int(order[v.worker]))] if v.worker >= 0 else place[v] for v in variables.all]
    return np.array([*moved, len(variables)])
