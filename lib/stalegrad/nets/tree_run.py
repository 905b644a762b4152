r"""EASGD Tree in virtual time: averages on arrival at every node, gradient steps of the leaves, in batches.

The rules are those of `sg.easgd_tree` and `sg.eamsgd_tree`: $x \leftarrow x + \alpha (y - x)$ for each message y, then in a leaf
$x \leftarrow x - \eta\, g(x)$, or Nesterov's step. `stalegrad.nets.tree_time` says which node reads which message when.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stalegrad.nets.driver import Recorder, Run
from stalegrad.nets.spec import Spec
from stalegrad.nets.stack import Moved, Segment, Tensor
from stalegrad.nets.tree_time import TreeTimetable, tree_timetable


def tree_run(spec: Spec, start: Tensor, times: np.ndarray) -> Run:
    """The run of a tree, level after level; it is sent the ends of the leaves' segments."""
    events = tree_timetable(spec.tree, spec.clock, spec.seed, float(spec.n_steps))
    nodes = Nodes(spec, start, events)
    recorder = Recorder(spec.observed, times)
    for stops in _by_level(events.level):
        segments = []
        for stop in stops:
            if events.node[stop] == 0 and not recorder.before(events.time[stop], nodes.observed):
                return recorder.path()
            segments.append(nodes.stop(stop))
        waiting = [stop for stop, segment in zip(stops, segments) if segment is not None]
        if waiting:
            for stop, end in zip(waiting, (yield [segment for segment in segments if segment is not None]), strict=True):
                nodes.leave(stop, end)
    recorder.before(np.inf, nodes.observed)
    return recorder.path()


class Nodes:
    """Values of all nodes, and the messages on their way."""

    def __init__(self, spec: Spec, start: Tensor, events: TreeTimetable):
        self.spec, self.start, self.events = spec, start, events
        self.alpha, self.inner = spec.moving_rate, int(events.node[-1]) + 1 - spec.leaves
        self.kind = "nesterov" if spec.method == "eamsgd_tree" else "plain"
        self.now = [Moved(start, start * 0.0)] * (self.inner + spec.leaves)
        self.reads = np.searchsorted(events.read_at, np.arange(len(events.node) + 1)).tolist()
        self.posts = _posts(events)
        self.mail = dict.fromkeys(np.flatnonzero(_is_first(events.node)[events.left_at]).tolist(), start)

    def stop(self, stop: int) -> Segment | None:
        """Average with what has arrived; a leaf's local steps up to its next stop, if there is one."""
        node, loop = int(self.events.node[stop]), int(self.events.loop[stop])
        x, v, _ = self.now[node]
        for message in range(self.reads[stop], self.reads[stop + 1]):
            x = x.lerp(self.mail.pop(message), self.alpha)
        if node < self.inner:
            self.leave(stop, Moved(x))
        elif not self.events.last[stop]:
            rates = self.spec.rates(loop, int(self.events.loop[stop + 1]) - loop)
            return Segment(self.kind, x, (self.spec.seed, node - self.inner, loop), rates, None, v, self.spec.momentum)
        return None

    def leave(self, stop: int, end: Moved) -> None:
        """The node has this value until its next stop: messages that leave there have it."""
        self.now[int(self.events.node[stop])] = end
        for message in self.posts[stop]:
            self.mail[message] = end.x

    def observed(self) -> dict[str, Tensor]:
        """The root."""
        return {"root": self.now[0].x}


def _is_first(node: np.ndarray) -> np.ndarray:
    return np.append(True, node[1:] != node[:-1])


def _posts(events: TreeTimetable) -> list[list[int]]:
    """For each stop, the messages that leave at the node's next one."""
    posts: list[list[int]] = [[] for _ in events.node]
    for message, stop in enumerate(events.left_at.tolist()):
        if stop and events.node[stop - 1] == events.node[stop]:
            posts[stop - 1].append(message)
    return posts


def _by_level(level: np.ndarray) -> Iterator[list[int]]:
    order = np.argsort(level, kind="stable")
    for stops in np.split(order, np.flatnonzero(np.diff(level[order])) + 1):
        yield stops.tolist()
