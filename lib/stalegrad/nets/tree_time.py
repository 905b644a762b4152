r"""When the nodes of an EASGD Tree send, receive and step, in virtual seconds.

Every node loops (Algorithm 6), with service times of its own, also the inner nodes, which only average. In loop k, counted from 0, at
the moment its service ends, a node

1. sends the value that it has, to its parent if the up period divides k, to its children if the down period does;
2. moves by alpha towards each message that has arrived by then, first its parent's, then its children's in their order;
3. if it is a leaf, makes a gradient step from there.

A message is on its way for `latency` seconds, plus an exponential time of mean `jitter`; in an episode of `traffic` both are multiplied.
Sending and receiving do not block (Isend, Irecv). A node has one open receive for each neighbour: the next message of that neighbour can
set out only when the node has read the one before. A send that falls due while the one before has not arrived is skipped, and counted: its
buffer is still in use. So nothing is overtaken or replaced, and a message keeps the value it left with.

None of this depends on values. So the timetable holds all messages, and the *stops* of each node: the loops at which it reads, or a
message of its leaves that somebody will read. Between stops a leaf makes local steps that concern nobody else. The *level* of a stop
says after how many others it can be computed: all stops of one level are independent, and are computed together.

With constant services and a latency of n services, no longer than the periods, this is `sg.easgd_tree` with delay n.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.tree import LARGEST, multiscale, up_down
from stalegrad.engine.checks import whole
from stalegrad.engine.streams import SCHEDULE, Tape, uniforms
from stalegrad.nets.timetable import Clock, step_times

SCHEMES = {"multiscale": multiscale, "up_down": up_down}


@dataclass(frozen=True)
class Tree:
    """Shape, communication scheme and message times of an EASGD Tree.

    Parameters
    ----------
    degree, depth : int
        Children of a node; levels below the root. There are degree^depth leaves.
    scheme : str
        "multiscale", with periods (tau1 between leaves and their parents, tau2 above), or "up_down", with (tau_up, tau_down).
    periods : (int, int)
        In loops.
    latency : float
        Seconds that a message takes, 0 or more.
    jitter : float
        Mean of its random part.
    traffic : tuple of (begin, end, factor)
        Episodes of a slow network: a message that sets out in [begin, end) takes `factor` times as long.

    Raises
    ------
    ValueError
        For a value out of range.

    Examples
    --------
    >>> Tree(degree=4, depth=2, scheme="up_down", periods=(1, 10)).leaves
    16
    """

    degree: int
    depth: int
    scheme: str
    periods: tuple[int, int]
    latency: float = 0.5
    jitter: float = 0.0
    traffic: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self):
        whole(self.degree, "degree", 1), whole(self.depth, "depth", 1)
        if self.depth * math.log(self.degree) > math.log(LARGEST):
            raise ValueError(f"degree={self.degree} and depth={self.depth} make more than {LARGEST} leaves: reduce one of them")
        if self.scheme not in SCHEMES:
            raise ValueError(f"scheme={self.scheme!r} is unknown: give one of {', '.join(SCHEMES)}")
        SCHEMES[self.scheme](*self.periods)
        for name in ("latency", "jitter"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)} is not usable: give seconds, 0 or more")
        for begin, end, factor in self.traffic:
            if not (begin < end and 0.0 < factor < math.inf):
                raise ValueError(
                    f"traffic episode {(begin, end, factor)} is not usable: give (begin, end, factor) with begin < end and a factor above 0"
                )

    @property
    def leaves(self) -> int:
        """degree^depth."""
        return self.degree**self.depth

    def links(self) -> np.ndarray:
        """(nodes - 1, 4) parent, child, up period, down period of each link; nodes are numbered level by level from the root, 0."""
        rows, parents, first = [], range(1), 1
        for up, down in SCHEMES[self.scheme](*self.periods).links(self.depth):
            for parent in parents:
                rows += [(parent, first + self.degree * (parent - parents[0]) + j, up, down) for j in range(self.degree)]
            parents, first = range(first, first + self.degree * len(parents)), first + self.degree * len(parents)
        return np.array(rows)


class TreeTimetable(NamedTuple):
    """The S stops, sorted by node and loop, and the M messages that are read."""

    node: np.ndarray
    """(S,)"""
    loop: np.ndarray
    """(S,)"""
    time: np.ndarray
    """(S,) virtual seconds."""
    level: np.ndarray
    """(S,) from 0."""
    last: np.ndarray
    """(S,) whether the node has no later stop."""
    read_at: np.ndarray
    """(M,) the stop at which a message is read; messages are sorted by it, and by the order of reading."""
    left_at: np.ndarray
    """(M,) the stop at which it left, with the value from before that stop."""
    step_times: np.ndarray
    """Virtual times of all local steps of leaves, sorted."""
    root_times: np.ndarray
    """Virtual times at which the root read a message, sorted."""
    seconds: dict[str, float]
    """Seconds that leaves computed; talking blocks nobody."""
    skipped: int
    """Sends that fell due while the one before was under way."""


@lru_cache(maxsize=4)
def tree_timetable(tree: Tree, clock: Clock, seed: int, horizon: float) -> TreeTimetable:
    """Everything that happens up to the time `horizon`.

    The speeds and stops of `clock` are those of the leaves; inner nodes have speed 1.

    Examples
    --------
    >>> tree = Tree(degree=2, depth=1, scheme="up_down", periods=(1, 2))
    >>> events = tree_timetable(tree, Clock(shape=math.inf), seed=0, horizon=4.0)
    >>> events.root_times.tolist(), events.skipped
    ([2.0, 2.0, 3.0, 3.0, 4.0, 4.0], 0)
    """
    links = tree.links()
    nodes = len(links) + 1
    loops, services = _loops(tree, clock, seed, nodes, horizon)
    columns: list[tuple] = []
    skipped = 0
    for number, (parent, child, *periods) in enumerate(links.tolist()):
        for down, (sender, receiver) in enumerate(((child, parent), (parent, child))):
            times = _latencies(tree, seed, 2 * number + down, len(loops[sender]))
            left, read, missed = _messages(tree, loops[sender], loops[receiver], periods[down], times)
            slot = -1 if down else number  # a parent comes before children, children in their order
            columns += [(sender, k, receiver, r, slot) for k, r in zip(left, read)]
            skipped += missed
    messages = np.array(columns, dtype=np.int64).reshape(-1, 5)
    leaves = range(nodes - tree.leaves, nodes)
    stops = _stops(messages, leaves)
    messages = messages[np.lexsort((messages[:, 4], messages[:, 3], messages[:, 2]))]
    left_at, read_at = (np.searchsorted(stops, _code(messages[:, c], messages[:, c + 1])) for c in (0, 2))
    node, loop = stops >> 32, stops & 0xFFFFFFFF
    time = np.array([loops[i][k] for i, k in zip(node.tolist(), loop.tolist())])
    return TreeTimetable(
        node,
        loop,
        time,
        _levels(node, time, read_at, left_at),
        np.append(node[1:] != node[:-1], True),
        read_at,
        left_at,
        np.sort(np.concatenate([loops[i] for i in leaves])),
        time[read_at[node[read_at] == 0]],
        {"computing": services, "communicating": 0.0, "waiting": 0.0},
        skipped,
    )


def _loops(tree: Tree, clock: Clock, seed: int, nodes: int, horizon: float) -> tuple[list[list[float]], float]:
    """Loop times of every node up to `horizon`, and the seconds of the leaves' services in them; leaf i has the service times of worker i."""
    inner = nodes - tree.leaves
    speeds = clock.speeds + (1.0,) * inner if clock.speeds else ()
    services, time, _ = step_times(Clock(clock.shape, speeds), seed, nodes, horizon)
    counts = (time <= horizon).sum(axis=1)
    if clock.stop:
        counts[: tree.leaves] = np.minimum(counts[: tree.leaves], clock.stop)
    computing = sum(float(services[i, : counts[i]].sum()) for i in range(tree.leaves))
    order = [*range(tree.leaves, nodes), *range(tree.leaves)]
    return [time[i, : counts[i]].tolist() for i in order], computing


def _latencies(tree: Tree, seed: int, link: int, count: int) -> list[float]:
    """Seconds on the way of a message that leaves in loop 0, ..., count - 1; the random part is a function of (seed, link, loop)."""
    if not tree.jitter:
        return [tree.latency] * count
    paths = (np.uint64(link) << np.uint64(32)) + np.arange(count, dtype=np.uint64)
    return (tree.latency - tree.jitter * np.log(uniforms(Tape(seed, paths).words(0, 1, SCHEDULE)[0]))).tolist()


def _messages(tree: Tree, sender: list[float], receiver: list[float], period: int, latencies: list[float]) -> tuple[list[int], list[int], int]:
    """Loops in which the messages of a link in one direction leave and are read, and how many sends are skipped."""
    left, read, skipped = [], [], 0
    arrived = free = -math.inf
    for k in range(0, len(sender), period):
        if sender[k] < arrived:
            skipped += 1
            continue
        begin = max(sender[k], free)
        arrived = begin + latencies[k] * math.prod(factor for a, b, factor in tree.traffic if a <= begin < b)
        r = bisect_left(receiver, arrived)
        free = receiver[r] if r < len(receiver) else math.inf
        if r < len(receiver):
            left.append(k)
            read.append(r)
    return left, read, skipped


def _code(node, loop):
    return (node << 32) + loop


def _stops(messages: np.ndarray, leaves: range) -> np.ndarray:
    """Codes of all stops, sorted: where a message leaves or is read, and the first loop of every leaf."""
    first = _code(np.array(leaves), 0)
    return np.unique(np.concatenate([_code(messages[:, 0], messages[:, 1]), _code(messages[:, 2], messages[:, 3]), first]))


def _levels(node: np.ndarray, time: np.ndarray, read_at: np.ndarray, left_at: np.ndarray) -> np.ndarray:
    """Level of each stop: one more than that of the node's stop before, and of the stops whose values it reads."""
    first = np.searchsorted(read_at, np.arange(len(node) + 1)).tolist()
    nodes, left = node.tolist(), left_at.tolist()
    level = [0] * len(nodes)

    def before(stop: int) -> int:
        return level[stop - 1] + 1 if stop and nodes[stop - 1] == nodes[stop] else 0

    for stop in np.argsort(time, kind="stable").tolist():
        level[stop] = max([before(stop)] + [before(left[m]) for m in range(first[stop], first[stop + 1])])
    return np.array(level)
