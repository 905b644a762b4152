r"""One checkpoint of a whole tree, although nobody waits for anybody: no message is in it that, by it, was not sent.

The root opens a snapshot by raising its epoch. Every message carries the epoch of its sender, and a node that gets one of a later epoch
than its own hands in its state *before* it takes the message in. So whatever a handed-in state has taken was sent before its
sender handed in: the states belong to one moment that the run may have passed through (the rule of Lai and Yang). What was under way
between two states is not in the snapshot; on a resume it is as if the network had dropped these messages, as it does with those that a
slow receiver skips. They carry values and not increments, so no gradient is lost with them.

The root collects the states and writes one file when it has all, so that a kill at any moment leaves a snapshot that is complete.
States taken apart from one another would not do: a parent may have averaged in a value that its child, resumed from before, makes
a second time, from other messages. What a resume gives up are the local steps since the snapshot; they are made again, from the same
data rows, and none of them is in the values twice.
"""

from __future__ import annotations

import time

from mpi4py import MPI

from stalegrad.cluster.checkpoint import Checkpoints
from stalegrad.cluster.mpi_mail import PAUSE, wait
from stalegrad.cluster.settings import Settings, file_of

State = dict
"""Of one node: arrays by name, `Node.state`."""


class Snapshots:
    """The part of one process in the snapshots of all; making it, and `together`, need all processes.

    Parameters
    ----------
    comm : MPI.Comm
        The processes; 0 is the root, which writes the file.
    settings : Settings
        The run.
    """

    def __init__(self, comm: MPI.Comm, settings: Settings):
        self._comm, self.wanted, self.epoch = comm.Dup(), bool(settings.checkpoint), 0
        path = file_of(settings.checkpoint, 0) if comm.rank == 0 else None
        self.checkpoints = Checkpoints(path, settings.checkpoint_every, settings.described())
        self._sent: MPI.Request | None = None
        self._open: dict[int, dict[int, State]] = {}
        """At the root: what has come of each epoch, by node."""

    def load(self) -> list[State]:
        """At the root: the states of all nodes from the file; ValueError as `Checkpoints.load`."""
        whole: list[State] = [{} for _ in range(self._comm.size)]
        for name, value in self.checkpoints.load().items():
            node, _, field = name.partition(".")
            whole[int(node)][field] = value
        return whole

    @property
    def due(self) -> bool:
        """Whether the root shall open the next snapshot: it is time, and the one before is complete."""
        return self.checkpoints.due and not self._open

    def hand_in(self, epoch: int, state: State) -> None:
        """Give this node's state for the snapshot of an epoch."""
        self.epoch = epoch
        if self._comm.rank == 0:
            self._came(epoch, 0, state)
            return
        if self._sent is not None:
            wait(self._sent)
        self._sent = self._comm.isend((epoch, state), dest=0)

    def push_on(self) -> None:
        """Take what has come, at the root; let what is under way make progress, elsewhere."""
        if self._sent is not None and self._sent.Test():
            self._sent = None
        if self._comm.rank == 0 and self._open:
            status = MPI.Status()
            while (arrived := self._comm.improbe(status=status)) is not None:
                epoch, state = arrived.recv()
                self._came(epoch, status.Get_source(), state)

    def together(self, state: State) -> None:
        """A snapshot at the start or the end, when nothing is under way: all processes call it, and wait for it."""
        if not self.wanted:
            return
        newest = self._comm.allreduce(self.epoch, MPI.MAX)
        for epoch in range(self.epoch + 1, newest + 2):  # one that has not reached this node is completed first
            self.hand_in(epoch, state)
        while self._open or self._sent is not None:
            self.push_on()
            time.sleep(PAUSE)

    def _came(self, epoch: int, node: int, state: State) -> None:
        states = self._open.setdefault(epoch, {})
        states[node] = state
        if len(states) == self._comm.size:
            self.checkpoints.save({f"{i}.{name}": value for i, of_node in sorted(states.items()) for name, value in of_node.items()})
            del self._open[epoch]
