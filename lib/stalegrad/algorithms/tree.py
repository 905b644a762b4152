r"""EASGD Tree: leaves that compute gradients, and nodes above them that only average.

The thesis' protocol is fully asynchronous. Here it has one discrete time. In a *tick* every node goes once through the loop
of Algorithm 6, and the clock of every node is the number k of the tick:

1. sends: where the up (down) period divides k, a node sends the value it has at the beginning of the tick to its parent
   (to its children);
2. arrivals: what was sent `delay` ticks ago arrives, with delay 0 at once. A node moves by the rate alpha towards each
   message in turn, first its parent's, then its children's in their order: each average starts from the one before;
3. a leaf takes its gradient step from where the averaging led it.

Idealised: nodes are equally fast, a message takes `delay` ticks, and none is lost, overtaken or merged with the next.
Because a node listens to d children in turn, it keeps the share $(1-\alpha)^d$ of itself, and the last child counts
$(1-\alpha)^{1-d}$ times as much as the first: the order of arrivals is part of the rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from stalegrad.algorithms import elastic_state
from stalegrad.algorithms.sampled import gradients
from stalegrad.algorithms.turns import copies
from stalegrad.engine.checks import finite, objective, positive, signed_fraction, whole
from stalegrad.engine.process import Process
from stalegrad.engine.streams import Tape

LARGEST = 10**6
"""Leaves a tree may have."""

Levels = tuple[np.ndarray, ...]
"""The values of all nodes: one array (d^l, dim, paths) for each level l, from the root to the leaves; the children of node i of
a level are nodes i d, ..., i d + d - 1 of the next."""


class TreeState(NamedTuple):
    """All nodes, and what is under way."""

    levels: Levels
    mail: tuple[Levels, ...]
    """The values at the beginning of the last ticks, newest first, at most `delay` of them."""


class TreeMomentumState(NamedTuple):
    """The same with a velocity for every leaf."""

    levels: Levels
    velocity: np.ndarray
    """(leaves, dim, paths)"""
    mail: tuple[Levels, ...]


class Tick(NamedTuple):
    """What one step is given."""

    tick: int
    """k, the clock of every node."""
    z: np.ndarray
    """(leaves, m, paths) the data rows of the leaves."""


@dataclass(frozen=True)
class Scheme:
    """How often a child sends to its parent (up), and a parent to its children (down), in ticks."""

    name: str
    upper: tuple[int, int]
    """(up, down) of every link but those to the leaves."""
    bottom: tuple[int, int]
    """(up, down) of the links between the leaves and their parents."""

    def links(self, depth: int) -> tuple[tuple[int, int], ...]:
        """(up, down) of the link below each level 0, ..., depth - 1."""
        return (self.upper,) * (depth - 1) + (self.bottom,)


def multiscale(tau1: int, tau2: int) -> Scheme:
    """The first scheme: period tau1 between the leaves and their parents, tau2 on all links above, both ways.

    Meant for tau1 < tau2: fast averaging at the bottom, slow averaging at the top.

    >>> multiscale(1, 10).links(depth=3)
    ((10, 10), (10, 10), (1, 1))
    """
    tau1, tau2 = whole(tau1, "tau1", 1), whole(tau2, "tau2", 1)
    return Scheme(f"multiscale({tau1}, {tau2})", (tau2, tau2), (tau1, tau1))


def up_down(tau_up: int, tau_down: int) -> Scheme:
    """The second scheme: on every link, period tau_up towards the parent and tau_down towards the children.

    A short tau_up pulls the parents strongly, like a large beta; a long tau_down pulls the children weakly, like a small alpha.

    >>> up_down(1, 10).links(depth=2)
    ((1, 10), (1, 10))
    """
    periods = whole(tau_up, "tau_up", 1), whole(tau_down, "tau_down", 1)
    return Scheme(f"up_down({periods[0]}, {periods[1]})", periods, periods)


def easgd_tree(problem, eta: float, alpha: float, degree: int, depth: int, scheme: Scheme, delay: int = 0, observe="root") -> Process:
    r"""EASGD Tree (Algorithm 6): one step is a tick, a loop of every node and a gradient step of every leaf.

    A node moves by $x \leftarrow x + \alpha (y - x)$ for every message y that arrives; a leaf then makes
    $x \leftarrow x - \eta\, g(x)$. What a tick is and what it idealises, see `stalegrad.algorithms.tree`.

    Parameters
    ----------
    problem : Problem
        The objective; every leaf draws a data row in every tick.
    eta : float
        Learning rate of the leaves, positive.
    alpha : float
        Moving rate of every node, any finite number; the thesis takes 0.9 / (degree + 1).
    degree : int
        Children of a node, d >= 1; with 1 the tree is a chain.
    depth : int
        Levels below the root, at least 1; there are p = degree^depth leaves.
    scheme : Scheme
        `multiscale(tau1, tau2)` or `up_down(tau_up, tau_down)`.
    delay : int
        Ticks that a message takes, 0 or more.
    observe : str or tuple of str
        "root" (default), "leaf_average", "leaf" (the first).

    Raises
    ------
    ValueError
        For a rate that is not positive, a moving rate that is not finite, a degree or depth below 1, more than 10^6 leaves, a
        negative delay, something that is no scheme, or something unknown to observe.

    Notes
    -----
    Claims EASGD-ALG6 and EASGD-ALG-A8. One step stands for the time dt = eta. Reference: Zhang, Section 6.1.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.noisy_quadratic()
    >>> process = sg.easgd_tree(problem, 0.1, alpha=0.3, degree=2, depth=3, scheme=sg.multiscale(1, 10), observe=("root", "leaf"))
    >>> sg.simulate(process, 1.0, n_paths=100, n_steps=20).mean.shape
    (21, 2)
    """
    rates = positive(eta, "eta"), finite(alpha, "alpha")
    parameters = dict(zip(("eta", "alpha"), rates, strict=True))
    return _process("easgd_tree", problem, parameters, tree_step, _same_everywhere, degree, depth, scheme, delay, observe, rates[0])


def eamsgd_tree(
    problem, eta: float, alpha: float, momentum: float, degree: int, depth: int, scheme: Scheme, delay: int = 0, observe="root"
) -> Process:
    r"""`easgd_tree` whose leaves have Nesterov's momentum: $v \leftarrow \delta v - \eta\, g(x + \delta v)$, $x \leftarrow x + v$.

    x is the leaf after its averaging. Parameters and errors are those of `easgd_tree`; `momentum`, the thesis' delta, lies in (-1, 1).

    Notes
    -----
    One step stands for the time dt = sqrt(eta). Reference: Zhang, Section 6.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.eamsgd_tree(sg.problems.noisy_quadratic(), 0.04, 0.3, momentum=0.9, degree=2, depth=2, scheme=sg.up_down(1, 10)).dt
    0.2
    """
    rates = positive(eta, "eta"), finite(alpha, "alpha"), signed_fraction(momentum, "momentum")
    parameters = dict(zip(("eta", "alpha", "momentum"), rates, strict=True))
    unit = math.sqrt(rates[0])
    return _process("eamsgd_tree", problem, parameters, tree_momentum_step, _at_rest, degree, depth, scheme, delay, observe, unit)


def tree_step(problem, eta, alpha, links, delay: int, state: TreeState, draw: Tick) -> TreeState:
    """Averages on arrival at every node, then a gradient step of every leaf."""
    *inner, leaves = exchanged(alpha, links, delay, state, draw.tick)
    return TreeState((*inner, leaves - eta * gradients(problem, leaves, draw.z)), _posted(delay, state))


def tree_momentum_step(problem, eta, alpha, momentum, links, delay: int, state: TreeMomentumState, draw: Tick) -> TreeMomentumState:
    """The same with momentum in the leaves."""
    *inner, leaves = exchanged(alpha, links, delay, state, draw.tick)
    velocity = momentum * state.velocity - eta * gradients(problem, leaves + momentum * state.velocity, draw.z)
    return TreeMomentumState((*inner, leaves + velocity), velocity, _posted(delay, state))


def exchanged(alpha, links, delay: int, state, tick: int) -> Levels:
    """All nodes after the arrivals of this tick."""
    sent = tick - delay
    if sent < 0:
        return state.levels
    values = (state.levels, *state.mail)[delay]
    return tuple(_listened(alpha, links, sent, values, level, nodes) for level, nodes in enumerate(state.levels))


def _listened(alpha, links, sent: int, values: Levels, level: int, nodes: np.ndarray) -> np.ndarray:
    """The nodes of a level after the messages that were sent at tick `sent`."""
    if level > 0 and sent % links[level - 1][1] == 0:
        parents = values[level - 1]
        nodes = nodes + alpha * (np.repeat(parents, len(nodes) // len(parents), axis=0) - nodes)
    if level < len(links) and sent % links[level][0] == 0:
        children = values[level + 1]
        degree = len(children) // len(nodes)
        for j in range(degree):
            nodes = nodes + alpha * (children[j::degree] - nodes)
    return nodes


def _posted(delay: int, state) -> tuple[Levels, ...]:
    return (state.levels, *state.mail)[:delay]


def root(state) -> np.ndarray:
    """Value of the root (dim, paths)."""
    return state.levels[0][0]


def leaf_average(state) -> np.ndarray:
    """Average of the leaves (dim, paths)."""
    return elastic_state.average(state.levels[-1])


def first_leaf(state) -> np.ndarray:
    """Value of the first leaf (dim, paths)."""
    return state.levels[-1][0]


OBSERVABLES = {"root": root, "leaf_average": leaf_average, "leaf": first_leaf}


def _same_everywhere(degree: int, depth: int, x0: np.ndarray) -> TreeState:
    return TreeState(tuple(copies(degree**level, x0) for level in range(depth + 1)), ())


def _at_rest(degree: int, depth: int, x0: np.ndarray) -> TreeMomentumState:
    levels = _same_everywhere(degree, depth, x0).levels
    return TreeMomentumState(levels, 0.0 * levels[-1], ())


def _draw(law: Any, leaves: int, tape: Tape, k: int) -> Tick:
    return Tick(k, law.rows(tape, k * leaves, leaves))


def _process(name: str, problem, parameters: dict, rule: Callable, start, degree, depth, scheme, delay, observe, unit: float) -> Process:
    degree, depth, delay = whole(degree, "degree", 1), whole(depth, "depth", 1), whole(delay, "delay", 0)
    if depth * math.log(degree) > math.log(LARGEST):
        raise ValueError(f"degree={degree} and depth={depth} make more than {LARGEST} leaves: reduce one of them")
    if not isinstance(scheme, Scheme):
        raise ValueError(f"scheme={scheme!r} is no scheme: give multiscale(tau1, tau2) or up_down(tau_up, tau_down)")
    observed = elastic_state.observed_names(observe, OBSERVABLES)
    shape = {"degree": degree, "depth": depth, "scheme": scheme, "delay": delay, "observe": observed}
    return Process(
        name=name,
        problem=problem,
        parameters=parameters | shape,
        dt=unit,
        init=partial(start, degree, depth),
        draw=partial(_draw, objective(problem).law, degree**depth),
        step=partial(rule, problem, *parameters.values(), scheme.links(depth), delay),
        observe=partial(elastic_state.observe, observed, known=OBSERVABLES),
        stability="Reduce eta or alpha.",
        observed=observed,
    )
