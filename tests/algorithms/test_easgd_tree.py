"""EASGD Tree: messages passed between objects, symbols through a tick, and what the text says of its periods."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_programs import Node, grow, run_tree
from easgd_symbols import PROBLEM, alpha, delta, eta, g, one, row, same
from stalegrad.algorithms.tree import TreeMomentumState, TreeState, tree_momentum_step, tree_step
from stalegrad.engine.process import reference_paths
from stalegrad.engine.streams import Tape

START, N_TICKS, SEED, H = 3.0, 40, 8, 1.3
NOISY = sg.problems.noisy_quadratic(h=H, sigma=0.7)
WATCH = ("root", "leaf", "leaf_average")


def program_paths(node: type, alpha: float, degree: int, depth: int, scheme, delay: int) -> np.ndarray:
    """Root, first leaf and average of the leaves, by messages between objects."""
    leaves = degree**depth
    z = NOISY.law.rows(Tape(SEED, np.array([2], np.uint64)), 0, leaves * N_TICKS)[:, 0, 0].reshape(N_TICKS, leaves)
    levels = grow(START, degree, depth, scheme.links(depth), node)
    seen = run_tree(levels, alpha, 0.1, delay, N_TICKS, lambda x, k, i: H * x - z[k, i])
    return np.array([(root, leaf[0], np.mean(leaf)) for root, leaf in seen])


def process_paths(alpha, degree, depth, scheme, delay) -> np.ndarray:
    process = sg.easgd_tree(NOISY, 0.1, alpha, degree, depth, scheme, delay, observe=WATCH)
    return reference_paths(process, START, N_TICKS, np.array([2], np.uint64), SEED)[0]


@pytest.mark.claim("EASGD-ALG6", "definition")
@pytest.mark.parametrize(("degree", "depth"), [(1, 1), (1, 3), (2, 1), (3, 2), (2, 3)])
@pytest.mark.parametrize("scheme", [sg.multiscale(1, 1), sg.multiscale(2, 5), sg.up_down(1, 4), sg.up_down(3, 2)], ids=lambda s: s.name)
@pytest.mark.parametrize("delay", [0, 3])
def test_algorithm_6_by_messages(degree, depth, scheme, delay):
    assert np.abs(process_paths(0.3, degree, depth, scheme, delay) - program_paths(Node, 0.3, degree, depth, scheme, delay)).max() < 1e-13


def test_the_comparison_sees_the_order_of_arrivals_and_a_delay():
    class ParentLast(Node):
        def receive(self, t, alpha):
            self.arrivals, self.from_children = [], [*self.from_children, self.arrivals]
            super().receive(t, alpha)
            self.arrivals = self.from_children.pop()

    scheme = sg.up_down(1, 2)
    assert np.abs(process_paths(0.3, 2, 2, scheme, 0) - program_paths(ParentLast, 0.3, 2, 2, scheme, 0)).max() > 1e-3
    assert np.abs(process_paths(0.3, 2, 2, scheme, 1) - program_paths(Node, 0.3, 2, 2, scheme, 0)).max() > 1e-3


@pytest.mark.claim("EASGD-ALG6", "counterexample")
def test_with_receives_posted_once_the_tree_never_learns():
    """The receives stand before the loop. Taken literally each brings one message, the first: x_0, sent at clock 0. The root stays there."""

    class OneReceive(Node):
        def receive(self, t, alpha):
            super().receive(t, alpha)
            for box in (self.arrivals, *self.from_children):
                box.clear()
            self.receive = lambda t, alpha: None

    literal = program_paths(OneReceive, 0.3, 2, 2, sg.multiscale(1, 2), 0)
    assert np.all(literal[:, 0] == START) and abs(literal[-1, 2]) < 2.0
    assert abs(program_paths(Node, 0.3, 2, 2, sg.multiscale(1, 2), 0)[-1, 0]) < 2.0


def tick(n_leaves: int, k: int) -> SimpleNamespace:
    return SimpleNamespace(tick=k, z=row("z", n_leaves))


def two_levels(d: int) -> TreeState:
    return TreeState((one("r")[None], row("x", d)), ())


@pytest.mark.claim("EASGD-ALG6", "proved")
@pytest.mark.parametrize("d", [1, 2, 4])
def test_a_node_averages_in_sequence_and_the_gradient_follows(d):
    """Root: (1-a)^d r + a sum_j (1-a)^(d-j) x^j, no gradient; leaf: y = x + a (r - x), then y - eta g(y). Across nodes all read old values."""
    end = tree_step(PROBLEM, eta, alpha, sg.multiscale(1, 1).links(1), 0, two_levels(d), tick(d, 0))
    r, x, z = one("r")[0, 0], row("x", d)[:, 0, 0], row("z", d)[:, 0, 0]
    listened = (1 - alpha) ** d * r + sum(alpha * (1 - alpha) ** (d - j) * x[j - 1] for j in range(1, d + 1))
    assert sp.expand(end.levels[0][0, 0, 0] - listened) == 0 and not end.levels[0][0, 0, 0].has(g)
    pulled = [v + alpha * (r - v) for v in x]
    leaves = np.array([y - eta * g(y, c) for y, c in zip(pulled, z)], dtype=object).reshape(d, 1, 1)
    assert same(sp_simplified(end.levels[1]), sp_simplified(leaves))


def sp_simplified(values: np.ndarray) -> np.ndarray:
    """Arguments of g in one form."""
    return np.vectorize(lambda e: e.replace(g, lambda a, b: g(sp.expand(a), b)), otypes=[object])(values)


@pytest.mark.claim("EASGD-ALG6", "exact")
def test_sixteen_children_pull_less_than_p_alpha_and_not_alike(check):
    """The runs' alpha = 0.9/17: the synchronous rule with symmetry would move the centre by 16 alpha; the first child counts 0.44 of the last."""
    d = 16
    basis = np.eye(d + 1)[:, None, :]  # path j: everything 0 but child j, so the root then shows its weight
    silent = SimpleNamespace(tick=0, z=np.zeros((d, 1, d + 1)))
    end = tree_step(NOISY, 0.1, 0.9 / 17, sg.multiscale(1, 1).links(1), 0, TreeState((basis[:1], basis[1:]), ()), silent)
    weights = end.levels[0][0, 0, 1:]
    check("share given up by a node that hears 16 children", sum(weights), 1 - (1 - 0.9 / 17) ** 16, 1e-12)
    check("weight of the first child over that of the last", weights[0] / weights[-1], (1 - 0.9 / 17) ** 15, 1e-12)
    assert sum(weights) < 16 * 0.9 / 17 - 0.2


expanded = np.vectorize(sp.expand, otypes=[object])


@pytest.mark.claim("EASGD-ALG-A8", "refutes")
@pytest.mark.parametrize(("tau_up", "tau_down"), [(1, 2), (2, 6), (3, 4)])
def test_a_large_period_stands_for_a_small_rate(tau_up, tau_down):
    """Without gradients, over 12 ticks: each direction alone pulls by 1 - (1-a)^(12 d / tau_up) and 1 - (1-a)^(12 / tau_down).

    A rate beta or alpha that acts in every tick would pull by 1 - (1-rate)^12, so it falls with the period; the text has a large
    tau_up for a large beta and a small tau_down for a small alpha.
    """
    d, n = 2, 12
    r, x = one("r"), row("x", 1)[0]
    apart = TreeState((r[None], np.repeat(x[None], d, axis=0)), ())
    upward, downward = apart, apart
    for k in range(1, n + 1):
        moved = tree_step(PROBLEM, 0, alpha, ((tau_up, n + 1),), 0, upward, tick(d, k)).levels
        upward = TreeState((expanded(moved[0]), apart.levels[1]), ())
        moved = tree_step(PROBLEM, 0, alpha, ((n + 1, tau_down),), 0, downward, tick(d, k)).levels
        downward = TreeState((apart.levels[0], expanded(moved[1])), ())
    gap = sp.expand(r[0, 0] - x[0, 0])
    assert sp.expand(upward.levels[0][0, 0, 0] - x[0, 0] - (1 - alpha) ** (d * n // tau_up) * gap) == 0
    assert sp.expand(r[0, 0] - downward.levels[1][0, 0, 0] - (1 - alpha) ** (n // tau_down) * gap) == 0


@pytest.mark.claim("EASGD-ALG-A8", "proved")
def test_the_rate_per_tick_falls_with_the_period():
    """The rate that pulls as much in every tick solves 1 - rate = (1-a)^(1/tau): it falls in tau, so tau_up < tau_down is beta large, alpha small."""
    s, tau = sp.symbols("s tau", positive=True)  # 1 - a = exp(-s) for a in (0, 1)
    assert sp.diff(1 - sp.exp(-s / tau), tau).is_negative


@pytest.mark.claim("EASGD-ALG-A8", "definition")
def test_the_two_schemes_count_messages_where_they_say():
    """Depth 3: messages on each link in 100 ticks, found by wiring nodes that only count."""

    class Counting(Node):
        sent_up = sent_down = 0

        def send(self, t, delay):
            self.sent_up += self.up is not None and t % self.up == 0
            self.sent_down += self.down is not None and t % self.down == 0

    def counts(scheme):
        levels = grow(0.0, 2, 3, scheme.links(3), Counting)
        run_tree(levels, 0.5, 0.1, 0, 100, lambda x, k, i: x)
        return [(nodes[0].sent_up, nodes[0].sent_down) for nodes in levels]

    assert counts(sg.multiscale(2, 10)) == [(0, 10), (10, 10), (10, 50), (50, 0)]  # root, inner, parents of leaves, leaves
    assert counts(sg.up_down(5, 20)) == [(0, 5), (20, 5), (20, 5), (20, 0)]
    assert sg.multiscale(2, 10).links(1) == ((2, 2),)  # a root whose children are leaves


@pytest.mark.claim("EASGD-ALG6", "definition")
def test_momentum_in_the_leaves():
    """v' = delta v - eta g(y + delta v), y' = y + v' after the averages; without momentum it is the plain tree."""
    d = 2
    start = TreeMomentumState(two_levels(d).levels, row("v", d), ())
    links = sg.up_down(1, 1).links(1)
    heavy = tree_momentum_step(PROBLEM, eta, alpha, delta, links, 0, start, tick(d, 0))
    r, x, v, z = one("r")[0, 0], row("x", d)[0, 0, 0], row("v", d)[0, 0, 0], row("z", d)[0, 0, 0]
    velocity = delta * v - eta * g(sp.expand(x + alpha * (r - x) + delta * v), z)
    assert sp.expand(sp_simplified(heavy.velocity)[0, 0, 0] - velocity) == 0
    assert sp.expand(sp_simplified(heavy.levels[1])[0, 0, 0] - (x + alpha * (r - x) + velocity)) == 0
    still = tree_momentum_step(PROBLEM, eta, alpha, 0, links, 0, start, tick(d, 0))
    plain = tree_step(PROBLEM, eta, alpha, links, 0, two_levels(d), tick(d, 0))
    assert all(same(a, b) for a, b in zip(still.levels, plain.levels))


def test_a_trip_to_the_root_takes_the_delay_at_every_level():
    """One leaf alone is moved; its root hears of it depth (delay + 1) - 1 ticks later."""
    for delay in (0, 2):
        levels = (np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
        still = sg.problems.noisy_quadratic(h=1e-300, sigma=0.0)
        state, heard = TreeState(levels, ()), None
        for k in range(10):
            state = tree_step(still, 0.1, 0.5, sg.up_down(1, 100).links(2), delay, state, SimpleNamespace(tick=k, z=np.zeros((1, 1, 1))))
            heard = k if heard is None and state.levels[0][0, 0, 0] != 0 else heard
        assert heard == 2 * (delay + 1) - 1
