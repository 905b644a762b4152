"""Messages by MPI without waiting in a spin: non-blocking calls, tested now and then, with a short sleep in between.

A blocking MPI call keeps a processor busy while it waits; with more processes than processors the waiting would take the time of
those that compute.
"""

from __future__ import annotations

import time

import numpy as np
from mpi4py import MPI

PAUSE = 5e-5
"""Seconds of sleep between two tests."""


def wait(request: MPI.Request, status: MPI.Status | None = None) -> None:
    """Sleep until the request is complete."""
    while not request.Test(status):
        time.sleep(PAUSE)


class Inbox:
    """The next message of one source, or of any, with an open receive at all times.

    Parameters
    ----------
    comm : MPI.Comm
        The processes.
    source : int
        A rank, or `MPI.ANY_SOURCE`: then messages come in the order in which MPI matches them.
    size : int
        Numbers in a message.
    """

    def __init__(self, comm: MPI.Comm, source: int, size: int):
        self._comm, self._source, self._buffer = comm, source, np.empty(size)
        self._status = MPI.Status()
        self._open()

    def take(self) -> tuple[int, np.ndarray] | None:
        """(sender, message) if one has arrived."""
        if not self._request.Test(self._status):
            return None
        message = self._status.Get_source(), self._buffer.copy()
        self._open()
        return message

    def close(self) -> None:
        """Cancel the open receive."""
        self._request.Cancel()
        self._request.Wait()

    def _open(self) -> None:
        self._request = self._comm.Irecv(self._buffer, source=self._source)


class Outbox:
    """Messages to one process, of which one at a time is under way.

    A message is under way until its receiver has taken it (the synchronous mode of `Issend`: a plain `Isend` of a small message
    is complete when the message is in some buffer, and messages to a slow receiver would pile up there). What is posted
    meanwhile is skipped, and counted.
    """

    def __init__(self, comm: MPI.Comm, dest: int):
        self._comm, self._dest = comm, dest
        self._message: np.ndarray | None = None
        self._request: MPI.Request | None = None
        self._leaves = 0.0
        self.sent = self.skipped = 0

    def post(self, message: np.ndarray, held: float = 0.0) -> None:
        """Send a copy of the message after `held` seconds, unless the one before is still under way."""
        self.push_on()
        if self._message is not None:
            self.skipped += 1
            return
        self._message, self._leaves = message.copy(), time.monotonic() + held
        self.push_on()

    def push_on(self) -> None:
        """Let what is under way make progress."""
        if self._message is None:
            return
        if self._request is None and time.monotonic() >= self._leaves:
            self._request = self._comm.Issend(self._message, dest=self._dest)
            self.sent += 1
        if self._request is not None and self._request.Test():
            self._message = self._request = None

    @property
    def sending(self) -> bool:
        """Whether a message has left and is not taken yet."""
        self.push_on()
        return self._request is not None

    def drop(self) -> None:
        """Forget a message that is still held."""
        if self._request is None:
            self._message = None
