"""The two sides of a real run and the nodes of its trees, without a network: the library's rules, and no update twice."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.algorithms.tree import Tick
from stalegrad.algorithms.turns import Turn
from stalegrad.cluster.parameter_server import ParameterServer, Worker, method_of
from stalegrad.cluster.settings import process_of, settings_of, start_of
from stalegrad.cluster.tree_node import Message, Node, place_of
from stalegrad.engine.process import reference_paths
from stalegrad.engine.streams import Tape

METHODS = [
    {"algorithm": "asgd"},
    {"algorithm": "downpour", "period": 3},
    {"algorithm": "easgd", "alpha": 0.3, "period": 2},
    {"algorithm": "eamsgd", "alpha": 0.3, "momentum": 0.6, "period": 3},
]


def plane():
    """A problem in two dimensions."""
    return sg.problems.quadratic([[1.0, 0.5], [-1.0, 2.0], [0.0, -1.0]], curvature=1.5)


def settings(method, processes, **more):
    return settings_of({**method, "processes": processes, "problem": f"{__name__}:plane", "eta": 0.05, "seed": 11, **more})


class Run:
    """Server and workers in one place; `turn` lets one worker make a local step."""

    def __init__(self, s, server=None):
        method = method_of(s)
        start = start_of(s, method.process.problem)
        self.server = server or ParameterServer(method, start, s.workers)
        self.workers = [Worker(method, start, i, s.seed, self.server.last_exchange(i)) for i in range(s.workers)]
        self.updates = []

    def turn(self, i):
        worker = self.workers[i]
        if worker.counter is not None:
            answer, update = self.server.push(i, worker.counter, worker.message, now=float(len(self.updates)))
            worker.hear(answer)
            self.updates.append(update)
        worker.step()
        return self.server.centre


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["algorithm"])
def test_one_worker_is_the_librarys_process_to_the_bit(method):
    s = settings(method, 2)
    run = Run(s)
    centres = [run.turn(0) for _ in range(25)]
    assert np.array(centres).tolist() == reference_paths(process_of(s), [1.0, 1.0], 25, [0], seed=11)[0, 1:].tolist()


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["algorithm"])
def test_many_workers_are_the_librarys_process_in_the_same_order(method):
    s = settings(method, 5)
    run, process, clock = Run(s), process_of(s), [0] * 4
    state = process.init(np.ones((2, 1)))
    for i in sg.schedule.events(sg.schedule.random(), 4, 120, seed=3).worker[:, 0].tolist():
        z = process.problem.law.rows(Tape(11, np.array([i], np.uint64)), clock[i], 1)
        state, clock[i] = process.step(state, Turn(np.array([[i]]), z)), clock[i] + 1
        np.testing.assert_allclose(run.turn(i), state.centre[:, 0], rtol=0, atol=1e-13)
    np.testing.assert_allclose([worker.local for worker in run.workers], state.local[:, :, 0], rtol=0, atol=1e-13)
    assert run.server.version == sum(update is not None for update in run.updates)


def test_staleness_counts_the_updates_of_others():
    run = Run(settings({"algorithm": "asgd"}, 4))
    for i in (0, 1, 2, 2, 0, 1):
        run.turn(i)
    logged = [(update.id, update.write - 1 - update.read) for update in run.updates]
    assert logged == [("0:0", 0), ("1:0", 1), ("2:0", 2), ("2:1", 0), ("0:1", 3), ("1:1", 3)]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["algorithm"])
def test_the_servers_state_is_enough_to_go_on(method):
    s = settings(method, 4)
    run = Run(s)
    order = sg.schedule.events(sg.schedule.random(), 3, 100, seed=5).worker[:, 0].tolist()
    for i in order[:50]:
        run.turn(i)
    state = run.server.state(now=1.5)
    server = ParameterServer(run.server.method, np.zeros(2), 3)
    server.restore(state)
    resumed = Run(s, server)
    # What the workers did since their last exchange is lost: they do it again, without the server.
    for worker, was in zip(resumed.workers, run.workers, strict=True):
        while worker.clock < was.clock:
            assert worker.counter is None
            worker.step()
    for i in order[50:]:
        assert resumed.turn(i).tolist() == run.turn(i).tolist()


def test_a_push_is_taken_once_and_none_is_left_out():
    run = Run(settings({"algorithm": "easgd", "alpha": 0.5}, 3))
    message = np.array([[3.0, -1.0]])
    answer, update = run.server.push(0, 0, message, now=0.0)
    centre = run.server.centre.copy()
    again, nothing = run.server.push(0, 0, 2 * message, now=1.0)
    assert update.id == "0:0" and nothing is None
    assert (again.tolist(), run.server.centre.tolist(), run.server.version, run.server.refused) == (answer.tolist(), centre.tolist(), 1, 1)
    with pytest.raises(ValueError, match="push 0:2 came after 0:0"):
        run.server.push(0, 2, message, now=2.0)


@pytest.mark.parametrize("momentum", [None, 0.5])
@pytest.mark.parametrize("scheme", ["multiscale:1,3", "up-down:2,1"])
def test_nodes_in_step_are_the_librarys_tree(momentum, scheme):
    method = {"algorithm": "easgd-tree" if momentum is None else "eamsgd-tree", "scheme": scheme, "momentum": momentum, "alpha": 0.25}
    s = settings(method, 7)
    process, nodes = process_of(s), [Node(s, i) for i in range(7)]
    state = process.init(np.ones((2, 1)))
    for k in range(20):
        posts = [node.messages(0.0) for node in nodes]
        for i, node in enumerate(nodes):
            for sender in node.place.neighbours:
                for _, message in (post for post in posts[sender] if post[0] == i):
                    assert node.take(sender, Message.unpacked(message.packed()), 0.0).write == node.version
            node.step()
        z = np.concatenate([process.problem.law.rows(Tape(11, np.array([leaf], np.uint64)), k, 1) for leaf in range(4)])
        state = process.step(state, Tick(k, z))
        values = np.concatenate([level[:, :, 0] for level in state.levels])
        np.testing.assert_allclose([node.value for node in nodes], values, rtol=0, atol=1e-13)


def test_places_in_a_tree():
    s = settings({"algorithm": "easgd-tree", "degree": 3, "scheme": "multiscale:2,5"}, 13)
    places = [place_of(i, s) for i in range(13)]
    assert [place.leaf for place in places] == [None] * 4 + list(range(9))
    assert places[2].neighbours == (0, 7, 8, 9) and places[7].parent == 2 and places[0].parent is None
    assert (places[0].down, places[1].up, places[1].down, places[12].up) == (5, 5, 2, 2)
    assert all(i in places[place.parent].children for i, place in enumerate(places) if i)


def test_a_node_refuses_what_it_has_taken_and_resumes():
    s = settings({"algorithm": "eamsgd-tree"}, 3)
    root, leaf = Node(s, 0), Node(s, 1)
    ((_, message),) = [post for post in leaf.messages(0.5) if post[0] == 0]
    assert root.take(1, message, 1.0)[:4] == ("1:0", 1, 0, 1)
    assert root.take(1, message, 2.0) is None and (root.version, root.refused) == (1, 1)
    leaf.step()
    again = Node(s, 1)
    again.restore(leaf.state(3.0))
    leaf.step(), again.step()
    assert again.value.tolist() == leaf.value.tolist() and again.clock == 2
    # What a node has sent in a local step it does not send again in the same one, as after a resume in its middle.
    assert leaf.messages(0.6) != [] and leaf.messages(0.7) == []
    again.restore(leaf.state(3.5))
    assert again.messages(0.8) == []
