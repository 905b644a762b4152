r"""Schedules: which worker acts at which step, and when.

An asynchronous algorithm advances by *events*: at step k one worker makes one local step and, where its clock says
so, talks to the master. A schedule says which worker that is. It knows the numbers of workers, paths and steps, never
the objective, and it draws from a stream of its own (`streams.SCHEDULE`): runs that share a seed share their events.

| schedule        | worker of step k                                             | time of step k                        |
|-----------------|--------------------------------------------------------------|---------------------------------------|
| `round_robin()` | k mod p                                                      | (k + 1) / p                           |
| `random()`      | uniform, independent of the past                             | (k + 1) / p                           |
| `queue(...)`    | who finishes next; each worker has service times of its own  | when it finishes                      |
| `synchronous()` | all p at once: they read the same centre, their pushes add up | k + 1                                |

One unit of time is one local step of a worker of speed 1.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import positive, whole
from stalegrad.engine.streams import SCHEDULE, Tape, uniforms

LAWS = ("exponential", "constant")
LARGEST = 2**15
"""Workers a schedule can serve: their indices are kept in 16 bits."""


class Events(NamedTuple):
    """Who acted, and when."""

    worker: np.ndarray
    """(n_steps, n_paths) index of the worker, from 0; for `synchronous` (n_steps, p, n_paths)."""
    time: np.ndarray
    """(n_steps, n_paths) virtual time at which the step is made."""


@dataclass(frozen=True)
class RoundRobin:
    """See `round_robin`."""

    name = "round_robin"

    def workers(self, tape: Tape, k: int, n_workers: int) -> np.ndarray:
        """Worker of step k, shape (1, paths)."""
        return np.full((1, len(tape.paths)), k % n_workers)

    def times(self, tape: Tape, n_steps: int, n_workers: int) -> np.ndarray:
        """Times of the steps (n_steps, paths)."""
        return _even(tape, n_steps, n_workers)


@dataclass(frozen=True)
class Random:
    """See `random`."""

    name = "random"

    def workers(self, tape: Tape, k: int, n_workers: int) -> np.ndarray:
        """Worker of step k, shape (1, paths): word k of the stream, scaled to 0, ..., p - 1."""
        words = tape.words(k, 1, SCHEDULE)
        return (words * np.uint64(n_workers) >> np.uint64(32)).astype(int)

    def times(self, tape: Tape, n_steps: int, n_workers: int) -> np.ndarray:
        """Times of the steps (n_steps, paths)."""
        return _even(tape, n_steps, n_workers)


@dataclass(frozen=True)
class Synchronous:
    """See `synchronous`."""

    name = "synchronous"

    def workers(self, tape: Tape, k: int, n_workers: int) -> np.ndarray:
        """All workers, shape (p, paths)."""
        return np.repeat(np.arange(n_workers)[:, None], len(tape.paths), axis=1)

    def times(self, tape: Tape, n_steps: int, n_workers: int) -> np.ndarray:
        """Times of the steps (n_steps, paths)."""
        return _even(tape, n_steps, 1)


@dataclass(frozen=True)
class Queue:
    """See `queue`."""

    speeds: tuple[float, ...] | None
    law: str
    name = "queue"

    def workers(self, tape: Tape, k: int, n_workers: int) -> np.ndarray:
        """Worker of step k, shape (1, paths)."""
        return _REPLAY.workers(self, tape, k, n_workers)[k][None]

    def times(self, tape: Tape, n_steps: int, n_workers: int) -> np.ndarray:
        """Times of the steps (n_steps, paths)."""
        return self.replay(tape, n_steps, n_workers).time

    def replay(self, tape: Tape, n_steps: int, n_workers: int) -> Events:
        """The first events: again and again, whoever finishes first acts and begins its next service.

        Services are numbered in the order in which they begin: worker i begins service i at time 0, and the worker
        of step k begins service p + k. A tie goes to the lowest index.
        """
        speeds = np.ones(n_workers) if self.speeds is None else np.array(self.speeds)
        paths = np.arange(len(tape.paths))
        done = np.zeros((n_workers, len(paths)))
        """Work finished, in services of unit mean; divided by the speed it is a time."""
        for i in range(n_workers):
            done[i] = self._service(tape, i)
        worker, time = np.empty((n_steps, len(paths)), np.int16), np.empty((n_steps, len(paths)))
        for k in range(n_steps):
            finish = done / speeds[:, None]
            worker[k] = first = finish.argmin(axis=0)
            time[k] = finish[first, paths]
            done[first, paths] += self._service(tape, n_workers + k)
        return Events(worker, time)

    def _service(self, tape: Tape, number: int) -> np.ndarray:
        """Service `number` of every path, of unit mean."""
        if self.law == "constant":
            return np.ones(len(tape.paths))
        return -np.log(uniforms(tape.words(number, 1, SCHEDULE)[0]))


Schedule = RoundRobin | Random | Synchronous | Queue


def round_robin() -> RoundRobin:
    """Workers 0, 1, ..., p - 1 in turn, as in Section 3.3 of the thesis: (3.52) to (3.56).

    >>> events(round_robin(), n_workers=3, n_steps=5).worker[:, 0].tolist()
    [0, 1, 2, 0, 1]
    """
    return RoundRobin()


def random() -> Random:
    """A worker drawn uniformly and independently at each step.

    It has the law of a queue of equally fast workers with exponential service times, which forget how long they
    have worked.

    >>> sorted(set(events(random(), n_workers=2, n_steps=50).worker[:, 0].tolist()))
    [0, 1]
    """
    return Random()


def synchronous() -> Synchronous:
    """All workers at once: each reads the same centre, and what they push is added up (the Jacobi form).

    >>> events(synchronous(), n_workers=3, n_steps=2).worker[:, :, 0].tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    return Synchronous()


def queue(speeds: Sequence[float] | None = None, law: str = "exponential") -> Queue:
    """Workers with service times of their own; the next to finish acts.

    Worker i needs a service time of mean 1 / speeds[i] for each local step. When a service ends the worker makes its whole step at
    that moment: it reads the master as it is then, and what it reads is one service old when it acts again. All first
    services begin at time 0.

    Parameters
    ----------
    speeds : sequence of float, optional
        Local steps a worker makes in a unit of time, one number each; by default all are 1.
    law : {"exponential", "constant"}
        Law of the service times. Constant times and equal speeds are `round_robin`.

    Raises
    ------
    ValueError
        For a speed that is not positive, or an unknown law; from the algorithms, for speeds that do not fit the workers.

    Examples
    --------
    >>> done = events(queue(speeds=[2.0, 1.0], law="constant"), n_workers=2, n_steps=6)
    >>> done.worker[:, 0].tolist(), done.time[:, 0].tolist()
    ([0, 0, 1, 0, 0, 1], [0.5, 1.0, 1.0, 1.5, 2.0, 2.0])
    """
    if law not in LAWS:
        raise ValueError(f"law={law!r} is unknown: give one of {', '.join(LAWS)}")
    if speeds is not None:
        speeds = tuple(positive(speed, f"speeds[{i}]", "a speed must be positive and finite") for i, speed in enumerate(speeds))
    return Queue(speeds, law)


def events(schedule: Schedule, n_workers: int, n_steps: int, n_paths: int = 1, seed: int = 0, first_path: int = 0) -> Events:
    """The events that `simulate` runs for these paths of this seed, without any algorithm.

    >>> events(random(), n_workers=4, n_steps=3, n_paths=2).worker.shape
    (3, 2)
    """
    schedule, n_workers = checked(schedule, n_workers)
    n_steps, n_paths = whole(n_steps, "n_steps", 1), whole(n_paths, "n_paths", 1)
    tape = Tape(seed, first_path + np.arange(n_paths, dtype=np.uint64))
    worker = np.array([schedule.workers(tape, k, n_workers) for k in range(n_steps)])
    return Events(worker if schedule == synchronous() else worker[:, 0], schedule.times(tape, n_steps, n_workers))


def checked(schedule: Schedule, n_workers: int) -> tuple[Schedule, int]:
    """Schedule and number of workers, if they are usable and fit together; else a ValueError."""
    n_workers = whole(n_workers, "n_workers", 1)
    if n_workers > LARGEST:
        raise ValueError(f"n_workers={n_workers} is too many: a schedule serves at most {LARGEST}")
    if not isinstance(schedule, Schedule):
        raise ValueError(f"schedule={schedule!r} is no schedule: give round_robin(), random(), queue(...) or synchronous()")
    speeds = getattr(schedule, "speeds", None)
    if speeds is not None and len(speeds) != n_workers:
        raise ValueError(f"speeds lists {len(speeds)} workers, but n_workers={n_workers}: give one speed a worker")
    return schedule, n_workers


def _even(tape: Tape, n_steps: int, per_unit: int) -> np.ndarray:
    return np.repeat((np.arange(1, n_steps + 1) / per_unit)[:, None], len(tape.paths), axis=1)


class _Replay(threading.local):
    """The last replay of a queue in this thread.

    `Queue.workers` is a function of tape and step, but its cheap computation is one step after another. So the events
    are replayed up to a power of two and kept; the workers are the same for any order of the questions.
    """

    key: tuple = ()
    worker: np.ndarray | None = None

    def workers(self, schedule: Queue, tape: Tape, k: int, n_workers: int) -> np.ndarray:
        """Workers of the steps 0, ..., k and some more (steps, paths)."""
        key = schedule, n_workers, tape.seed, tape.paths.tobytes()
        if key != self.key or k >= len(self.worker):
            self.worker = schedule.replay(tape, max(64, 1 << k.bit_length()), n_workers).worker
            self.key = key
        return self.worker


_REPLAY = _Replay()
