"""A run of an EASGD Tree by MPI: every process is a node, and nobody waits for anybody.

A link carries one message at a time in each direction. What falls due while the one before is not taken yet is skipped and
counted: the receiver will see a newer value instead. The run ends when all leaves have made their steps, which a barrier
without waiting tells; a second one, during which all go on receiving, tells that nothing is under way any more.

Against Algorithm 6 of the thesis, which leaves open what Isend and Irecv do with a link that is busy: there every due value is sent, here
one that finds the link busy is skipped. A leaf takes in at most one value of each neighbour in a local step; an inner node listens
all through its step, which is the loop that the text of Section 6.1 puts in place of the gradient. The pseudo-code runs forever; here the
leaves have a number of steps. A checkpoint holds the values of one moment, and a resume takes no message twice:
`stalegrad.cluster.mpi_snapshot`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np
from mpi4py import MPI

from stalegrad.cluster.mpi_mail import PAUSE, Inbox, Outbox, wait
from stalegrad.cluster.mpi_snapshot import Snapshots
from stalegrad.cluster.pace import sleep_until
from stalegrad.cluster.progress import Progress
from stalegrad.cluster.record import Record, described
from stalegrad.cluster.server import pace_of
from stalegrad.cluster.settings import Settings, evaluated
from stalegrad.cluster.tree_node import HEADER, Message, Node


class Post:
    """A node with its links and files; all nodes make theirs together.

    Parameters
    ----------
    settings : Settings
        The run.
    number : int
        Of the node.
    state : dict, optional
        What it resumes from.
    """

    def __init__(self, settings: Settings, number: int, state: dict | None = None):
        self.settings, self.node = settings, Node(settings, number)
        self.before = 0.0
        if state is not None:
            self.node.restore(state)
            self.before = float(state["now"])
        self.resumed_at = self.node.version
        self.record = Record(settings, number, self.resumed_at)
        leaf = self.node.place.leaf
        # Inner nodes draw the times of their messages from the paths after those of the leaves.
        self.pace = pace_of(settings, settings.workers + number if leaf is None else leaf, legs=settings.degree + 1)
        self.late = 0
        self.began = time.monotonic() - self.before

    @property
    def now(self) -> float:
        """Seconds of the run, those before a resume included."""
        return time.monotonic() - self.began

    def open(self, comm: MPI.Comm, snapshots: Snapshots) -> None:
        """Open the links."""
        size = HEADER + len(self.node.value)
        self.comm, self.snapshots = comm, snapshots
        self.inboxes = {i: Inbox(comm, i, size) for i in self.node.place.neighbours}
        self.outboxes = {i: Outbox(comm, i) for i in self.node.place.neighbours}

    def send(self) -> None:
        """Send what this local step sends."""
        for leg, (to, message) in enumerate(self.node.messages(self.now, self.snapshots.epoch)):
            self.outboxes[to].post(message.packed(), self.pace.message_takes(self.node.clock, leg))

    def listen(self) -> None:
        """Take in what has arrived: the parent's first, then the children's in their order, one each."""
        for sender, message in self._arrived():
            update = self.node.take(sender, message, self.now)
            if update:
                self.record.append(update, self.node.clock, self.node.value)

    def drain(self) -> None:
        """Receive and forget, so that no sender waits: the run, or this leaf's part of it, is over."""
        self.late += sum(1 for _ in self._arrived())

    def _arrived(self) -> Iterator[tuple[int, Message]]:
        for sender, inbox in self.inboxes.items():
            if (arrived := inbox.take()) is not None:
                message = Message.unpacked(arrived[1])
                if message.epoch > self.snapshots.epoch:
                    self.snapshots.hand_in(message.epoch, self.node.state(self.now))
                yield sender, message
        for outbox in self.outboxes.values():
            outbox.push_on()
        self.snapshots.push_on()

    def snapshot_if_due(self) -> None:
        """At the root: open a snapshot if it is time."""
        if self.snapshots.due:
            self.snapshots.hand_in(self.snapshots.epoch + 1, self.node.state(self.now))

    def close(self) -> None:
        """Receive until nothing is under way between any nodes; then close links and files."""
        for outbox in self.outboxes.values():
            outbox.drop()
        nothing_sent = None
        while nothing_sent is None or not nothing_sent.Test():
            self.drain()
            if nothing_sent is None and not any([outbox.sending for outbox in self.outboxes.values()]):
                nothing_sent = self.comm.Ibarrier()
            time.sleep(PAUSE)
        for inbox in self.inboxes.values():
            inbox.close()
        self.snapshots.together(self.node.state(self.now))
        self.record.close()

    def facts(self) -> dict:
        """What the node did."""
        boxes = self.outboxes.values()
        return {
            "node": self.node.place.node,
            "local_steps": self.node.clock,
            "updates": self.node.version,
            "updates_before_resume": self.resumed_at,
            "updates_lost_and_made_again": self.record.lost,
            "messages_sent": sum(box.sent for box in boxes),
            "messages_skipped": sum(box.skipped for box in boxes),
            "messages_after_the_end": self.late,
            "duplicates_refused": self.node.refused,
        }


def run(comm: MPI.Comm, settings: Settings, agreed) -> dict | None:
    """One node of the run; the root returns the result. `agreed` makes something on every process, or on none."""
    snapshots = Snapshots(comm, settings)
    states = agreed(lambda: snapshots.load() if settings.resume and comm.rank == 0 else [None] * comm.size)
    state = comm.scatter(states)
    post = agreed(lambda: Post(settings, comm.rank, state))
    post.open(comm, snapshots)
    if not settings.resume:
        snapshots.together(post.node.state(0.0))
    lasts = settings.service or gradient_lasts(post.node)
    with Progress(settings.progress and comm.rank == 0, settings.workers * settings.steps, "local steps") as bar:
        wait(comm.Ibarrier())
        post.began = time.monotonic() - post.before
        if post.node.place.leaf is None:
            average(post, comm, lasts, bar)
        else:
            descend(post, comm)
    post.close()
    nodes, values = comm.gather(post.facts()), comm.gather(post.node.value)
    if nodes is None:
        return None
    problem = post.node.problem
    return described(settings) | {
        "steps": settings.steps,
        "centre": values[0],
        "average": np.mean(values[-settings.workers :], axis=0),
        **evaluated(problem, post.node.value),
        **post.record.level.told(post.node.version, getattr(problem, "objective", None)),
        "checkpoints_written": snapshots.checkpoints.written,
        "checkpoints_failed": snapshots.checkpoints.failed,
        "seconds": post.now,
        "each_node": nodes,
    }


def descend(post: Post, comm: MPI.Comm) -> None:
    """The loop of a leaf: its steps, then nothing but receiving until all leaves are there."""
    node, ends = post.node, time.monotonic()
    while node.clock < post.settings.steps:
        ends = post.pace.step_ends(node.clock, ends)
        post.send()
        post.listen()
        node.step()
        sleep_until(ends)
    all_done = comm.Ibarrier()
    while not all_done.Test():
        post.drain()
        time.sleep(PAUSE)


def average(post: Post, comm: MPI.Comm, lasts: float, bar: Progress) -> None:
    """The loop of an inner node: it averages until all leaves are done; a step lasts so many seconds, about as one of a leaf."""
    all_done = comm.Ibarrier()
    while not all_done.Test():
        ends = time.monotonic() + lasts
        post.send()
        post.listen()
        while time.monotonic() < ends and not all_done.Test():
            time.sleep(min(PAUSE, lasts))
            post.listen()
        post.node.step()
        post.snapshot_if_due()
        bar.at(post.node.leaf_steps)


def gradient_lasts(node: Node, repeats: int = 20) -> float:
    """Seconds of a gradient step, the median of some; the node stays as it is."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        node.gradient_step()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])
