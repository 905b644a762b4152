r"""When each worker makes each of its local steps, in virtual seconds.

The steps depend on service times, never on what is learnt, so the whole timetable is known before training begins. Worker i needs
a service time for every local step: a Gamma draw of a given shape and mean 1 / speeds[i]. When the service ends, it makes the
step. Where the period divides its clock t (the local steps made before), the step begins with an exchange. Then the worker
waits: half of the communication time is under way to the master, half on the way back. A serial master serves one exchange at a
time, in the order of arrival. An exchange, and the step with it, happens at the moment the master has served it.

Events are ordered by time; of two at the same moment the lower worker goes first. With constant services, equal speeds and
no communication cost the order is `sg.schedule.round_robin()`.

The service time of step t of worker i is a function of (seed, i, t) alone: Philox with path 2^32 i + t and the streams of gamma draws.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.engine.streams import Tape

LARGEST = 4_000_000
"""Local steps that a timetable may hold."""


@dataclass(frozen=True)
class Clock:
    """How long things take, in virtual seconds.

    Parameters
    ----------
    shape : float
        Shape of the Gamma law of the service times, whose coefficient of variation is shape^(-1/2); 1 is the exponential law,
        infinity means constant times.
    speeds : tuple of float
        Local steps that a worker makes in a second, one number each; empty: all 1.
    communication : float
        Seconds that an exchange keeps a worker waiting, there and back.
    server : float
        Seconds that the master needs for an exchange, one after the other; 0: it serves any number at once.
    stop : tuple of int
        Local steps after which a worker stops for good, one number each; empty: none stops. What it had not yet sent is lost.

    Raises
    ------
    ValueError
        For a shape or speed that is not positive, a time that is negative or not finite, or a negative number of steps.

    Examples
    --------
    >>> Clock(shape=1.0, speeds=(2.0, 1.0)).speeds
    (2.0, 1.0)
    """

    shape: float = 16.0
    speeds: tuple[float, ...] = ()
    communication: float = 0.0
    server: float = 0.0
    stop: tuple[int, ...] = ()

    def __post_init__(self):
        if not self.shape > 0.0:
            raise ValueError(f"shape={self.shape} is no shape of a Gamma law: give a number above 0, or infinity for constant services")
        for i, speed in enumerate(self.speeds):
            if not 0.0 < speed < math.inf:
                raise ValueError(f"speeds[{i}]={speed} must be positive and finite")
        for name in ("communication", "server"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)} is not usable: give seconds, 0 or more")
        for i, steps in enumerate(self.stop):
            whole(steps, f"stop[{i}]", 0)

    def fits(self, n_workers: int) -> None:
        """Refuse lists of another length than the number of workers."""
        for name in ("speeds", "stop"):
            values = getattr(self, name)
            if values and len(values) != n_workers:
                raise ValueError(f"{name} lists {len(values)} workers, but n_workers={n_workers}: give one number a worker, or none")


class Timetable(NamedTuple):
    """Local steps in the order in which they happen, one entry each, and what the workers did with their time."""

    worker: np.ndarray
    """(K,) who."""
    step: np.ndarray
    """(K,) its clock, the local steps it had made before."""
    time: np.ndarray
    """(K,) virtual seconds."""
    exchange: np.ndarray
    """(K,) whether it talks to the master."""
    computing: float
    """Seconds of service in these steps, all workers together."""
    communicating: float
    """Seconds that exchanges kept workers busy: the way there and back, and being served."""
    waiting: float
    """Seconds spent in the queue of a serial master."""


@lru_cache(maxsize=32)
def timetable(clock: Clock, seed: int, n_workers: int, horizon: float, period: int = 0) -> Timetable:
    """All local steps up to the time `horizon`; `period` 0 means that nobody talks to anybody.

    Raises
    ------
    ValueError
        For speeds or stops that do not fit the workers, or more than 4 million local steps.

    Examples
    --------
    >>> plan = timetable(Clock(shape=math.inf, speeds=(2.0, 1.0)), seed=0, n_workers=2, horizon=2.0, period=2)
    >>> plan.worker.tolist(), plan.time.tolist()
    ([0, 0, 1, 0, 0, 1], [0.5, 1.0, 1.0, 1.5, 2.0, 2.0])
    >>> plan.exchange.tolist()
    [True, False, True, True, False, False]
    """
    return _in_order(clock, *step_times(clock, seed, n_workers, horizon, period), horizon, period)


def step_times(clock: Clock, seed: int, n_workers: int, horizon: float, period: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Services, times of the steps and of queueing (n_workers, count), with a count of steps that reaches beyond `horizon`."""
    clock.fits(n_workers)
    fastest = max(clock.speeds, default=1.0)
    if horizon * fastest * n_workers > LARGEST:
        raise ValueError(f"n_workers={n_workers} make more than {LARGEST} local steps in {horizon} seconds: take fewer workers or a shorter run")
    count = math.ceil(horizon * fastest + 6.0 * math.sqrt(horizon * fastest) + 16.0)
    while True:
        services = service_times(clock, seed, n_workers, count)
        time, queued = _served(clock, services, period) if clock.server else _independent(clock, services, period)
        if (time[:, -1] > horizon).all():
            return services, time, queued
        count *= 2


def service_times(clock: Clock, seed: int, n_workers: int, count: int) -> np.ndarray:
    """Service times (n_workers, count) of the first local steps of every worker.

    >>> service_times(Clock(shape=4.0), 0, 2, 3).shape
    (2, 3)
    """
    speeds = np.array(clock.speeds or [1.0] * n_workers)[:, None]
    if math.isinf(clock.shape):
        return np.ones((n_workers, count)) / speeds
    paths = (np.arange(n_workers, dtype=np.uint64)[:, None] << np.uint64(32)) + np.arange(count, dtype=np.uint64)
    return Tape(seed, paths.ravel()).gammas(clock.shape, 0).reshape(paths.shape) / clock.shape / speeds


def due(count: int, period: int) -> np.ndarray:
    """Whether the period divides the clocks 0, ..., count - 1."""
    return np.arange(count) % period == 0 if period else np.zeros(count, bool)


def _independent(clock: Clock, services: np.ndarray, period: int) -> tuple[np.ndarray, np.ndarray]:
    """Times of the steps and of queueing (n_workers, count) where no worker waits for another."""
    travel = clock.communication * due(services.shape[1], period)
    return (services + travel).cumsum(axis=1) - travel / 2.0, np.zeros_like(services)


def _served(clock: Clock, services: np.ndarray, period: int) -> tuple[np.ndarray, np.ndarray]:
    """The same where a serial master serves the exchanges in the order of arrival."""
    n_workers, count = services.shape
    half = clock.communication / 2.0
    time, queued = np.empty_like(services), np.zeros_like(services)
    if not period:
        return services.cumsum(axis=1), queued
    arrivals = [(services[i, 0] + half, i, 0) for i in range(n_workers)]
    heapq.heapify(arrivals)
    free = 0.0
    while arrivals:
        arrival, i, t = heapq.heappop(arrivals)
        queued[i, t] = max(free - arrival, 0.0)
        time[i, t] = free = max(free, arrival) + clock.server
        later = min(t + period, count)
        time[i, t + 1 : later] = free + half + services[i, t + 1 : later].cumsum()
        if later < count:
            back = time[i, later - 1] if later > t + 1 else free + half
            heapq.heappush(arrivals, (back + services[i, later] + half, i, later))
    return time, queued


def _in_order(clock: Clock, services, time, queued, horizon: float, period: int) -> Timetable:
    """The steps made by `horizon`, sorted by time, then by worker."""
    n_workers, count = time.shape
    made = time <= horizon
    if clock.stop:
        made &= np.arange(count) < np.array(clock.stop)[:, None]
    worker, step = np.nonzero(made)
    order = np.lexsort((worker, time[made]))
    talks = made & due(count, period)
    return Timetable(
        worker=worker[order],
        step=step[order],
        time=time[made][order],
        exchange=talks[made][order],
        computing=float(services[made].sum()),
        communicating=float(talks.sum() * (clock.communication + clock.server)),
        waiting=float(queued[talks].sum()),
    )


def from_schedule(schedule, n_workers: int, n_steps: int, seed: int = 0, period: int = 0, path: int = 0) -> Timetable:
    """The first `n_steps` events of one of `sg.schedule`'s schedules, as a timetable.

    >>> from stalegrad.schedule import round_robin
    >>> from_schedule(round_robin(), 2, 4, period=2).exchange.tolist()
    [True, True, False, False]
    """
    from stalegrad.schedule import events

    drawn = events(schedule, n_workers, n_steps, seed=seed, first_path=path)
    worker = drawn.worker[:, 0].astype(int)
    step = np.empty(n_steps, int)
    for i in range(n_workers):
        step[worker == i] = np.arange((worker == i).sum())
    exchange = step % period == 0 if period else np.zeros(n_steps, bool)
    return Timetable(worker, step, drawn.time[:, 0], exchange, math.nan, 0.0, 0.0)
