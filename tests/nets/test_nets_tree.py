"""EASGD Tree in virtual time: the library's tree where time is in ticks, and exact order where it is not."""

import heapq
import math

import numpy as np
import pytest

import stalegrad as sg

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.algorithms.sampled import gradient  # noqa: E402
from stalegrad.engine.streams import Tape  # noqa: E402
from stalegrad.nets import Clock, Spec, Tree  # noqa: E402
from stalegrad.nets.analytic import Analytic  # noqa: E402
from stalegrad.nets.driver import train  # noqa: E402
from stalegrad.nets.timetable import service_times  # noqa: E402
from stalegrad.nets.tree_time import tree_timetable  # noqa: E402

PROBLEM = sg.problems.double_well()
TICKS, ETA, ALPHA, DELTA = 40, 0.05, 0.3, 0.6
SAME = {"atol": 1e-13, "rtol": 0.0}


def of_tick(leaves):
    """Row of the library's tape for a leaf's step: those of a tick follow each other."""
    return lambda seed, leaf, step: (0, step * leaves + leaf)


@pytest.mark.claim("EASGD-ALG6", "definition")
@pytest.mark.claim("EASGD-ALG-A8", "definition")
@pytest.mark.parametrize("momentum", [0.0, DELTA])
@pytest.mark.parametrize("delay", [0, 1, 2])
@pytest.mark.parametrize("scheme, periods", [("multiscale", (2, 3)), ("up_down", (2, 5))])
def test_constant_services_give_the_tree_of_the_library(scheme, periods, delay, momentum):
    method, more = ("eamsgd_tree", {"momentum": momentum}) if momentum else ("easgd_tree", {})
    tree = Tree(degree=2, depth=3, scheme=scheme, periods=periods, latency=float(delay))
    spec = Spec(method, ETA, alpha=ALPHA, tree=tree, n_steps=TICKS, evaluations=TICKS, clock=Clock(shape=math.inf), **more)
    root = train(spec, Analytic(PROBLEM, [0.7], of_tick(8))).snapshots["root"].numpy()
    rates = (ETA, ALPHA, momentum) if momentum else (ETA, ALPHA)
    process = getattr(sg, method)(PROBLEM, *rates, degree=2, depth=3, scheme=getattr(sg, scheme)(*periods), delay=delay)
    known = sg.simulate(process, 0.7, n_paths=1, n_steps=TICKS, seed=0).mean
    np.testing.assert_allclose(root, known, **SAME)
    assert np.ptp(known) > 0.01


def test_another_delay_would_show():
    tree = Tree(2, 3, "up_down", (2, 5), latency=1.0)
    spec = Spec("easgd_tree", ETA, alpha=ALPHA, tree=tree, n_steps=TICKS, evaluations=TICKS, clock=Clock(shape=math.inf))
    root = train(spec, Analytic(PROBLEM, [0.7], of_tick(8))).snapshots["root"].numpy()
    process = sg.easgd_tree(PROBLEM, ETA, ALPHA, 2, 3, sg.up_down(2, 5), delay=2)
    assert abs(root - sg.simulate(process, 0.7, n_paths=1, n_steps=TICKS, seed=0).mean).max() > 1e-4


class Node:
    """A node of the story below."""

    def __init__(self, number, neighbours):
        self.number, self.x, self.loop = number, 0.7, 0
        self.neighbours = neighbours
        """(other, period of sending to it), the parent first."""
        self.inbox = {other: None for other, _ in neighbours}
        """The open receive of each neighbour: (arrival, value), or None."""
        self.sent = {other: -math.inf for other, _ in neighbours}
        """Arrival of the last message to each neighbour; infinite while it cannot set out."""
        self.parked = {}
        """Messages whose receiver has not read the one before: other -> value."""


def story(spec: Spec, place):
    """Algorithm 6 event by event: loops in the order of time, one receive and one send buffer a neighbour. Gives (time, root), and skips."""
    tree, links = spec.tree, spec.tree.links()
    count, inner = len(links) + 1, len(links) + 1 - tree.leaves
    neighbours = {i: [] for i in range(count)}
    for parent, child, up, down in links.tolist():
        neighbours[child].insert(0, (parent, up))
        neighbours[parent].append((child, down))
    nodes = [Node(i, neighbours[i]) for i in range(count)]
    order = [*range(tree.leaves, count), *range(tree.leaves)]
    clock = Clock(spec.clock.shape, spec.clock.speeds + (1.0,) * inner)
    times = service_times(clock, spec.seed, count, 3 * spec.n_steps).cumsum(axis=1)[order]
    agenda = [(times[i, 0], i) for i in range(count)]
    heapq.heapify(agenda)
    skipped, seen = 0, []

    def depart(now, sender, receiver, value):
        slow = math.prod(factor for a, b, factor in tree.traffic if a <= now < b)
        nodes[receiver].inbox[sender] = now + tree.latency * slow, value
        nodes[sender].sent[receiver] = now + tree.latency * slow

    while agenda:
        now, i = heapq.heappop(agenda)
        if now > spec.n_steps:
            break
        node = nodes[i]
        for other, period in node.neighbours:
            if node.loop % period:
                continue
            if now < node.sent[other]:
                skipped += 1
            elif nodes[other].inbox[i] is not None:
                node.sent[other], node.parked[other] = math.inf, node.x
            else:
                depart(now, i, other, node.x)
        for other, _ in node.neighbours:
            if node.inbox[other] is not None and node.inbox[other][0] <= now:
                node.x += spec.moving_rate * (node.inbox[other][1] - node.x)
                node.inbox[other] = None
                if i in nodes[other].parked:
                    depart(now, other, i, nodes[other].parked.pop(i))
        if i >= inner:
            path, number = place(spec.seed, i - inner, node.loop)
            row = PROBLEM.law.rows(Tape(spec.seed, np.array([path], np.uint64)), number, 1)[0]
            node.x -= spec.eta * float(gradient(PROBLEM, np.array([[node.x]]), row)[0, 0])
        if i == 0:
            seen.append((now, node.x))
        node.loop += 1
        heapq.heappush(agenda, (times[i, node.loop], i))
    return seen, skipped


@pytest.mark.parametrize("traffic", [(), ((10.0, 20.0, 5.0),)])
@pytest.mark.parametrize("scheme, periods", [("multiscale", (1, 4)), ("up_down", (1, 3))])
def test_random_services_against_the_story_event_by_event(scheme, periods, traffic):
    tree = Tree(3, 2, scheme, periods, latency=0.8, traffic=traffic)
    clock = Clock(shape=2.0, speeds=(1.0, 2.0, 0.5) * 3)
    spec = Spec("easgd_tree", ETA, alpha=ALPHA, tree=tree, n_steps=TICKS, evaluations=TICKS, clock=clock)
    place = of_tick(9)
    seen, skipped = story(spec, place)
    times, values = np.array([0.0] + [t for t, _ in seen]), np.array([0.7] + [x for _, x in seen])
    root = train(spec, Analytic(PROBLEM, [0.7], place)).snapshots["root"][:, 0].numpy()
    np.testing.assert_allclose(root, values[np.searchsorted(times, spec.times, side="right") - 1], **SAME)
    assert tree_timetable(tree, clock, 0, float(TICKS)).skipped == skipped > 0


def test_slow_network_delays_messages():
    calm = Tree(4, 2, "up_down", (1, 10), jitter=0.2)
    stormy = Tree(4, 2, "up_down", (1, 10), jitter=0.2, traffic=((30.0, 60.0, 20.0),))
    read = {tree: tree_timetable(tree, Clock(), 0, 100.0).root_times for tree in (calm, stormy)}
    during = {tree: ((35.0 < times) & (times < 60.0)).sum() for tree, times in read.items()}
    assert during[stormy] < during[calm] / 5
    before = {tree: (times < 30.0).sum() for tree, times in read.items()}
    assert before[stormy] == before[calm] > 0


def test_levels_come_after_what_they_need():
    events = tree_timetable(Tree(3, 3, "up_down", (1, 4), jitter=0.5), Clock(shape=2.0), 0, 60.0)
    follows = events.node[1:] == events.node[:-1]
    assert (np.diff(events.level)[follows] >= 1).all() and (np.diff(events.time)[follows] > 0).all()
    earlier = events.left_at - 1
    known = (earlier >= 0) & (events.node[earlier] == events.node[events.left_at])
    assert (events.level[events.read_at][known] > events.level[earlier][known]).all()
    assert (events.time[events.read_at] > events.time[events.left_at]).all()
    assert events.level.max() < 2.0 * 60.0


def test_a_leaf_that_stops_falls_silent():
    tree = Tree(2, 1, "up_down", (1, 1))
    both = tree_timetable(tree, Clock(), 0, 50.0)
    one = tree_timetable(tree, Clock(stop=(5, 1000)), 0, 50.0)
    of_the_other = (service_times(Clock(), 0, 2, 200).cumsum(axis=1)[1] <= 50.0).sum()
    assert len(one.step_times) == 5 + of_the_other
    assert len(one.root_times) < 0.7 * len(both.root_times)


@pytest.mark.parametrize(
    "fields, says",
    [
        ({"degree": 0}, "degree"),
        ({"depth": 30}, "leaves"),
        ({"scheme": "ring"}, "scheme='ring'"),
        ({"periods": (0, 1)}, "tau_up"),
        ({"latency": -1.0}, "latency"),
        ({"jitter": math.inf}, "jitter"),
        ({"traffic": ((5.0, 5.0, 2.0),)}, "traffic"),
    ],
)
def test_trees_that_are_refused(fields, says):
    with pytest.raises(ValueError, match=says):
        Tree(**({"degree": 2, "depth": 2, "scheme": "up_down", "periods": (1, 1)} | fields))
