r"""A node of an EASGD Tree (Algorithm 6), without any network: what it sends when, what it takes in, and its local steps.

In local step t a node first sends, where its periods divide t; then it moves by $x \leftarrow x + \alpha (y - x)$ for each value y that
has arrived; then a leaf makes its gradient step, and an inner node lets about as much time pass, listening. So the moves are of
Gauss-Seidel form, one after the other, and the gradient is taken after them (with momentum at x + delta v), as Algorithm 6 has it;
in EASGD's own Algorithm 1 it is taken at the x from before.
Nodes are numbered level by level: the root is 0, the children of node i are $d i + 1, \dots, d i + d$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.tree import Tick, TreeMomentumState, TreeState, tree_momentum_step, tree_step
from stalegrad.cluster.parameter_server import Update
from stalegrad.cluster.settings import Settings, depth_of, problem_of, scheme_of, start_of
from stalegrad.engine.streams import BufferedTape

Array = np.ndarray


@dataclass(frozen=True)
class Place:
    """Where a node stands in the tree, and how often it sends."""

    node: int
    parent: int | None
    children: tuple[int, ...]
    up: int
    """Local steps between two messages to the parent; of no meaning at the root."""
    down: int
    """The same to the children; of no meaning at a leaf."""
    leaf: int | None
    """Number among the leaves, or None."""

    @property
    def neighbours(self) -> tuple[int, ...]:
        """The parent, then the children: the order in which a node listens."""
        return (() if self.parent is None else (self.parent,)) + self.children

    def sends_to(self, t: int) -> list[tuple[int, int]]:
        """(neighbour, number of the message) of everything that is sent in local step t.

        >>> Place(0, None, (1, 2), 1, 10, None).sends_to(20)
        [(1, 2), (2, 2)]
        """
        above = [(self.parent, t // self.up)] if self.parent is not None and t % self.up == 0 else []
        return above + ([(child, t // self.down) for child in self.children] if t % self.down == 0 else [])


class Message(NamedTuple):
    """What goes over a link."""

    number: int
    """Of its sender's messages to this receiver: its clock divided by the period, so that skipped ones leave gaps."""
    version: int
    """Of the sender's value: how many messages it had taken in."""
    time: float
    """When it was sent, by the sender's clock."""
    heard: int
    """Version of the receiver that the sender took in last; 0 before the first."""
    heard_time: float
    """When that was sent, by the receiver's clock."""
    epoch: int
    """Snapshots that the sender has handed in (`stalegrad.cluster.mpi_snapshot`)."""
    leaf_steps: int
    """Local steps that the sender and the leaves below it have made, as far as the sender knows."""
    value: Array

    def packed(self) -> Array:
        """As one array of numbers."""
        return np.concatenate([self[:-1], self.value])

    @classmethod
    def unpacked(cls, numbers: Array) -> Message:
        """From one array of numbers."""
        number, version, time, heard, heard_time, epoch, leaf_steps = numbers[:HEADER].tolist()
        return cls(int(number), int(version), time, int(heard), heard_time, int(epoch), int(leaf_steps), numbers[HEADER:])


HEADER = len(Message._fields) - 1
"""Numbers of a packed message before its value."""


def place_of(node: int, settings: Settings) -> Place:
    """Place of a node in the full tree of the settings; periods as in `stalegrad.algorithms.tree`."""
    degree, nodes = settings.degree, settings.processes
    depth = depth_of(nodes, degree)
    links = scheme_of(settings).links(depth)
    leaves = degree**depth
    level, first = 0, 0
    while node >= first + degree**level:
        first += degree**level
        level += 1
    children = tuple(range(degree * node + 1, degree * node + degree + 1)) if level < depth else ()
    return Place(
        node=node,
        parent=(node - 1) // degree if node else None,
        children=children,
        up=links[level - 1][0] if node else 1,
        down=links[level][1] if children else 1,
        leaf=None if children else node - (nodes - leaves),
    )


class Node:
    """A node and its value.

    Parameters
    ----------
    settings : Settings
        The run.
    node : int
        Its number. Leaf number j draws its data rows from path j of the seed.
    """

    def __init__(self, settings: Settings, node: int):
        self.problem = problem_of(settings.problem)
        self.settings, self.place = settings, place_of(node, settings)
        self.value = start_of(settings, self.problem)
        self.velocity = np.zeros(self.problem.dim)
        self.clock = self.version = self.refused = 0
        self.said = -1
        """Local step in which it sent last."""
        self.taken = dict.fromkeys(self.place.neighbours, -1)
        """Number of the last message taken from each neighbour."""
        self.heard = dict.fromkeys(self.place.neighbours, (0, 0.0))
        """Version of each neighbour that was taken in last, and when it was sent."""
        self._below = dict.fromkeys(self.place.children, 0)
        self.tape = BufferedTape(settings.seed, np.array([self.place.leaf or 0], np.uint64))

    @property
    def leaf_steps(self) -> int:
        """Local steps of the leaves below it, or of itself, as far as it has heard."""
        return self.clock if self.place.leaf is not None else sum(self._below.values())

    def messages(self, now: float, epoch: int = 0) -> list[tuple[int, Message]]:
        """(neighbour, message) of everything that this local step sends; nothing if it has sent, as before a resume in its middle."""
        if self.said == self.clock:
            return []
        self.said, steps = self.clock, self.leaf_steps
        return [(to, Message(n, self.version, now, *self.heard[to], epoch, steps, self.value)) for to, n in self.place.sends_to(self.clock)]

    def take(self, sender: int, message: Message, now: float) -> Update | None:
        """Move towards a value that has arrived; a message that was taken already is refused."""
        if message.number <= self.taken[sender]:
            self.refused += 1
            return None
        self.taken[sender] = message.number
        self.heard[sender] = message.version, message.time
        if sender in self._below:
            self._below[sender] = message.leaf_steps
        self.value = self.value + self.settings.alpha * (message.value - self.value)
        self.version += 1
        return Update(f"{sender}:{message.number}", sender, message.heard, self.version, message.heard_time, now)

    def step(self) -> None:
        """The end of a local step; on a leaf the library's gradient step, of a tree that has this leaf alone."""
        if self.place.leaf is not None:
            self.value, self.velocity = self.gradient_step()
        self.clock += 1

    def gradient_step(self) -> tuple[Array, Array]:
        """(value, velocity) after the gradient step of a leaf; changes nothing."""
        s, leaf = self.settings, self.value[None, :, None]
        draw = Tick(self.clock, self.problem.law.rows(self.tape, self.clock, 1))
        if s.algorithm == "easgd-tree":
            state = tree_step(self.problem, s.eta, s.alpha, (), 0, TreeState((leaf,), ()), draw)
            return state.levels[0][0, :, 0], self.velocity
        state = TreeMomentumState((leaf,), self.velocity[None, :, None], ())
        state = tree_momentum_step(self.problem, s.eta, s.alpha, s.momentum, (), 0, state, draw)
        return state.levels[0][0, :, 0], state.velocity[0, :, 0]

    def state(self, now: float) -> dict[str, Array]:
        """All of it, for a checkpoint."""
        numbers = {name: np.array(getattr(self, name)) for name in ("value", "velocity", "clock", "version", "refused", "said")}
        links = {"taken": np.array(list(self.taken.values())), "heard": np.array(list(self.heard.values())).reshape(-1, 2)}
        return numbers | links | {"now": np.array(now)}

    def restore(self, state: dict[str, Array]) -> None:
        """Go back to the state of a checkpoint."""
        self.value, self.velocity = np.array(state["value"]), np.array(state["velocity"])
        self.clock, self.version, self.refused, self.said = (int(state[name]) for name in ("clock", "version", "refused", "said"))
        self.taken = dict(zip(self.taken, state["taken"].tolist(), strict=True))
        self.heard = {to: (int(version), time) for to, (version, time) in zip(self.heard, state["heard"].tolist(), strict=True)}
