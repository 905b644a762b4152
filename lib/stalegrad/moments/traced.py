r"""Exact moments of any process whose step is affine in its state and its gradients.

`of` iterates, `stationary` solves, `spectral_radius` asks for the largest eigenvalue of one step on second moments. Where
the unknowns are few (workers that are alike, small systems) they form a vector and a step is a matrix (`chain`); where they
are many, the matrix of second moments itself is advanced, and with additive noise its limit solves a Lyapunov equation.
A process with a cycle (round robin, communication periods) has a limit for each phase: `stationary` is their average, what
the average over a long run tends to.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from stalegrad.moments.affine import AffineStep
from stalegrad.moments.chain import Chain, TooLarge, observation, warn_no_limit
from stalegrad.moments.continuous import Gradients
from stalegrad.moments.system import Array, Moments, radius
from stalegrad.moments.turns import RUNNING, Source, source

LARGEST = 2000
"""Most numbers in a state."""


def of(process, linear, start: Array, n_steps: int) -> Moments:
    """Moments of what the process observes at steps 0 .. n_steps, from a start (d,)."""
    origin = _source(process, linear, start)
    if not origin.varies and (origin.is_random or origin.is_alike):
        try:
            chain = Chain(origin)
        except TooLarge:
            _refuse_clocks(origin)
        else:
            path = [chain.packed(origin.variables(origin.first).of(origin.first)[:, 0])]
            for _ in range(n_steps):
                path.append(chain.matrix @ path[-1])
            return chain.moments(np.array(path))
    return _advanced(origin, n_steps)


def _advanced(origin: Source, n_steps: int) -> Moments:
    """The same by advancing the whole matrix of second moments."""
    _refuse_clocks(origin)
    variables = origin.variables(origin.first)
    seen = observation(origin.process, variables)
    first = np.append(variables.of(origin.first)[:, 0], 1.0)
    full, state, known = np.outer(first, first), origin.first, {}
    means, seconds = [seen @ full[:, -1]], [seen @ full @ seen.T]
    delay = origin.process.parameters.get("delay", 0)
    for k in range(n_steps):
        phase = k if origin.varies or k < delay else delay + (k - delay) % origin.cycle
        if phase not in known:
            known = {} if origin.varies else known
            known[phase] = origin.steps(state, k)
        state = known[phase][0][1].following
        full = sum(probability * step.advance(full) for probability, step in known[phase])
        means.append(seen @ full[:, -1])
        seconds.append(seen @ full @ seen.T)
    return Moments(np.array(means), np.array(seconds))


def stationary(process, linear) -> Moments:
    """Moments in the long run, of what the process observes; infinite, with a warning, where they do not exist."""
    if set(process.observed) & set(RUNNING) and _records(process):
        return _with_records(process, linear)
    origin = _source(process, linear, np.zeros(process.problem.dim))
    moments = _lyapunov(origin) if _is_plain(origin) else _chain(origin).stationary()
    return warn_no_limit(process) if moments is None else moments


def spectral_radius(process, linear) -> float:
    """Spectral radius of one step on second moments; a record of the past that is a plain average is not counted."""
    if _records(process):
        process = _without_records(process)
    origin = _source(process, linear, np.zeros(process.problem.dim))
    if _is_plain(origin):
        return radius(_cycle(origin)[0][:-1, :-1]) ** (2.0 / origin.cycle)
    return _chain(origin).radius()


def _is_plain(origin: Source) -> bool:
    """Whether second moments follow from means and a noise that is the same everywhere: additive, nothing drawn but it.

    Workers that are alike have fewer unknowns as a chain.
    """
    return origin.gradients.is_additive and not origin.is_random and not origin.is_alike


def _chain(origin: Source) -> Chain:
    try:
        return Chain(origin)
    except TooLarge:
        _refuse_clocks(origin)
        raise ValueError(
            f"the moments of {origin.process.name} have too many unknowns: {len(origin.variables(origin.first))} numbers in a state, no two alike; "
            "take fewer workers or a smaller tree, additive noise, or simulate"
        ) from None


def _source(process, linear, start: Array) -> Source:
    origin = source(process, Gradients(linear), start)
    n = len(origin.variables(origin.first))
    if n > LARGEST:
        raise ValueError(f"the state of {process.name} has {n} numbers, more than {LARGEST}: take fewer workers or a smaller tree, or simulate")
    return origin


def _refuse_clocks(origin: Source) -> None:
    if origin.is_random and origin.period > 1:
        raise ValueError(
            f"{origin.process.name} with {origin.n_workers} workers drawn at random and period {origin.period} has too many phases of "
            "the clocks; take fewer workers, a shorter period, round_robin(), or simulate"
        )


def _records(process) -> bool:
    """Whether a plain average over time is observed."""
    return "double_average" in process.observed or (process.name in ("averaged_sgd", "adownpour") and "time_average" in process.observed)


def _without_records(process):
    """The process observing, in the place of a plain average, what it is the average of."""
    averaged = {"double_average": "centre", "time_average": "x" if process.name == "averaged_sgd" else "centre"}
    names = tuple(averaged.get(name, name) for name in process.observed)
    return replace(process, observed=names, observe=type(process.observe)(process.observe.func, names, **process.observe.keywords))


def _with_records(process, linear) -> Moments:
    """In the long run a plain average over time stands at the mean of what it averages."""
    moments = stationary(_without_records(process), linear)
    fixed = np.repeat([name in RUNNING for name in process.observed], process.problem.dim)
    certain = np.outer(moments.mean, moments.mean)
    return Moments(moments.mean, np.where(fixed[:, None] | fixed, certain, moments.second_moment))


def _cycle(origin: Source) -> tuple[Array, list[AffineStep]]:
    """Mean map of a whole cycle and its steps."""
    delay = origin.process.parameters.get("delay", 0)
    state, steps = origin.first, []
    for phase in range(origin.cycle):
        steps.append(origin.step(state, phase + delay * origin.cycle))
        state = steps[-1].following
    mean = np.eye(len(steps[0].mean))
    for step in steps:
        mean = step.mean @ mean
    return mean, steps


def _lyapunov(origin: Source) -> Moments | None:
    """Limit with additive noise, averaged over the phases of a cycle."""
    mean, steps = _cycle(origin)
    if radius(mean[:-1, :-1]) >= 1.0:
        return None
    start = np.append(np.zeros(len(mean) - 1), 1.0)
    noise = _advance(steps, np.outer(start, start))[-1]
    covariance = solve_discrete_lyapunov(mean[:-1, :-1], (noise - np.outer(noise[-1], noise[-1]))[:-1, :-1])
    at = np.append(np.linalg.solve(np.eye(len(mean) - 1) - mean[:-1, :-1], mean[:-1, -1]), 1.0)
    full = np.outer(at, at)
    full[:-1, :-1] += covariance
    seen = observation(origin.process, origin.variables(origin.first))
    phases = _advance(steps, full)[:-1]
    return Moments(seen @ np.mean(phases, axis=0)[:, -1], seen @ np.mean(phases, axis=0) @ seen.T)


def _advance(steps: list[AffineStep], full: Array) -> list[Array]:
    """Second moments before the first step, after it, and so on."""
    path = [full]
    for step in steps:
        path.append(step.advance(path[-1]))
    return path
