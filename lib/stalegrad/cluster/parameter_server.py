r"""The two sides of a real run with one centre, without any network: what the server keeps, and how a worker goes on.

A worker runs the library's own process for one worker (`async_easgd`, `async_eamsgd`, `downpour` with ``n_workers=1``). When
its period is over it sends what it has to give (its x^i, or its sum v^i), the server answers with the centre from before, takes
what was sent into the centre, and the worker steps from that answer. So an exchange is one event, as in the library, and a real
run is a run of the library's process whose order of events a machine has chosen.

The server remembers the last push of every worker and the answer to it. This is all that a worker needs to go on, because its
data rows are a function of seed, worker and local step. So a checkpoint of the server alone is a consistent state of the
whole run, and no worker has to stop for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.cluster.settings import Settings, process_of
from stalegrad.engine.process import Process
from stalegrad.engine.streams import BufferedTape
from stalegrad.schedule import round_robin

Array = np.ndarray


@dataclass(frozen=True)
class Method:
    """An algorithm with a centre, cut in two."""

    process: Process
    """The library's process for one worker."""
    sent: tuple[str, ...]
    """Parts of its state that a push holds, each (d,); the first enters the centre, the others only let a run resume."""
    taken: Callable[[Array, Array], Array]
    """(centre (d,), what was pushed first (d,)) -> the centre after it."""
    period: int


class Update(NamedTuple):
    """One update of the centre, as it is logged."""

    id: str
    worker: int
    read: int
    write: int
    t_read: float
    t_write: float


def method_of(settings: Settings) -> Method:
    """The algorithm of the settings."""
    process = process_of(settings, n_workers=1, schedule=round_robin())
    if settings.algorithm in ("asgd", "downpour"):
        return Method(process, ("push",), pushed, settings.period)
    sent = ("local",) if settings.algorithm == "easgd" else ("local", "velocity")
    return Method(process, sent, partial(pulled, settings.alpha), settings.period)


def pulled(alpha: float, centre: Array, local: Array) -> Array:
    """Line (b) of Algorithms 1 and 2: centre + alpha (x - centre)."""
    return centre + alpha * (local - centre)


def pushed(centre: Array, push: Array) -> Array:
    """Algorithm 3: centre + v."""
    return centre + push


class ParameterServer:
    """The centre, its version, and the last exchange of every worker.

    Parameters
    ----------
    method : Method
        What a push does to the centre.
    centre : array (d,)
        Its start, version 0.
    n_workers : int
        p.

    Examples
    --------
    >>> method = Method(None, ("push",), pushed, 1)
    >>> server = ParameterServer(method, np.array([1.0]), n_workers=2)
    >>> answer, update = server.push(1, 0, np.array([[0.5]]), now=0.1)
    >>> answer, server.centre, update.id, update.write
    (array([1.]), array([1.5]), '1:0', 1)
    """

    def __init__(self, method: Method, centre: Array, n_workers: int):
        self.method, self.centre, self.version, self.refused = method, np.array(centre, float), 0, 0
        self.counter = np.full(n_workers, -1)
        """Number of the last push of each worker, from 0."""
        self.read, self.t_read = np.zeros(n_workers, int), np.zeros(n_workers)
        """Version that each worker knows, its own last push included, and when it was sent."""
        self.sent = np.zeros((n_workers, len(method.sent), len(self.centre)))
        self.answer = np.zeros((n_workers, len(self.centre)))

    def push(self, worker: int, counter: int, sent: Array, now: float) -> tuple[Array, Update | None]:
        """Take push number `counter` of a worker; the answer is the centre before it.

        A push that was taken already is refused: it changes nothing, and is answered as the worker's last one was.

        Raises
        ------
        ValueError
            For a push that came before its predecessor: an update would be lost.
        """
        if counter <= self.counter[worker]:
            self.refused += 1
            return self.answer[worker].copy(), None
        if counter > self.counter[worker] + 1:
            raise ValueError(f"push {worker}:{counter} came after {worker}:{self.counter[worker]}: one between them is lost; resume the run")
        update = Update(f"{worker}:{counter}", worker, int(self.read[worker]), self.version + 1, float(self.t_read[worker]), now)
        self.answer[worker], self.sent[worker], self.counter[worker] = self.centre, sent, counter
        self.centre = self.method.taken(self.centre, sent[0])
        self.version += 1
        self.read[worker], self.t_read[worker] = self.version, now
        return self.answer[worker].copy(), update

    def state(self, now: float) -> dict[str, Array]:
        """All of it, for a checkpoint."""
        names = ("centre", "version", "counter", "read", "t_read", "sent", "answer", "refused")
        return {name: np.array(getattr(self, name)) for name in names} | {"now": np.array(now)}

    def restore(self, state: dict[str, Array]) -> None:
        """Go back to the state of a checkpoint."""
        self.version, self.refused = int(state["version"]), int(state["refused"])
        for name in ("centre", "counter", "read", "t_read", "sent", "answer"):
            setattr(self, name, np.array(state[name]))

    def last_exchange(self, worker: int) -> Exchange | None:
        """What a worker needs to go on; None before its first push."""
        if self.counter[worker] < 0:
            return None
        return Exchange(int(self.counter[worker]), self.sent[worker].copy(), self.answer[worker].copy())


class Exchange(NamedTuple):
    """A push and the answer to it."""

    counter: int
    sent: Array
    """(parts, d)"""
    answer: Array
    """(d,)"""


class Worker:
    """A worker: while a push is due (`counter`), send `message` and `hear` the answer; then `step`.

    Parameters
    ----------
    method : Method
        What it runs.
    start : array (d,)
        Its first local variable, and the centre's.
    number, seed : int
        Its data rows are those of path `number` of the seed.
    last : Exchange, optional
        Go on right after this exchange.
    """

    def __init__(self, method: Method, start: Array, number: int, seed: int, last: Exchange | None = None):
        self.method, self.state = method, method.process.init(np.array(start, float)[:, None])
        self.tape = BufferedTape(seed, np.array([number], np.uint64))
        self.clock, self._heard = 0, False
        if last is not None:
            self.clock = last.counter * method.period
            parts = {name: part[None, :, None] for name, part in zip(method.sent, last.sent, strict=True)}
            self.state = self.state._replace(clock=np.array([[self.clock]]), **parts)
            self.hear(last.answer)

    @property
    def counter(self) -> int | None:
        """Number of the push that is due before the next local step; None if none is."""
        due = self.clock % self.method.period == 0 and not self._heard
        return self.clock // self.method.period if due else None

    @property
    def message(self) -> Array:
        """What a push holds (parts, d)."""
        return np.array([getattr(self.state, name)[0, :, 0] for name in self.method.sent])

    @property
    def local(self) -> Array:
        """Local variable (d,)."""
        return self.state.local[0, :, 0]

    def hear(self, answer: Array) -> None:
        """Take the server's answer (d,) to the push that was due."""
        self.state = self.state._replace(centre=answer[:, None])
        self._heard = True

    def warm_up(self) -> None:
        """Make a local step and forget it, so that the first one that counts has nothing to load."""
        self._next()

    def step(self) -> None:
        """One local step of the library's process."""
        self.state = self._next()
        self.clock += 1
        self._heard = False

    def _next(self):
        process = self.method.process
        return process.step(self.state, process.draw(self.tape, self.clock))
