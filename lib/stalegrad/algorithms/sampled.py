"""Gradients on fresh data rows: what the synchronous algorithms share, and single iterates on any law of the data.

The readable rules are functions ``step(state, draw)`` of arithmetic alone, so that sympy symbols can be traced through
them; ``draw.z`` holds one data row for every gradient of the step.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.engine.blocks import BlockFunction
from stalegrad.engine.checks import objective, schedule
from stalegrad.engine.process import Process
from stalegrad.engine.rates import rated
from stalegrad.engine.streams import Tape


class Draw(NamedTuple):
    """What is random in one step."""

    z: np.ndarray
    """(gradients, m, paths) data rows, one for each gradient of the step."""
    rate: float = 1
    """Factor u_k of the learning rate."""


def draw_rows(law, per_step: int, tape: Tape, k: int) -> Draw:
    """The rows of step k, if every step takes `per_step` of them."""
    return Draw(law.rows(tape, k * per_step, per_step))


def gradient(problem, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """grad f(x; z) (d, paths), from the problem's block function: its machine code on numbers, its source on symbols."""
    function = problem.blocks.gradient
    out = np.empty(x.shape, np.result_type(x, z))
    if out.dtype != float or not isinstance(function, BlockFunction):
        function(x, z, out)
        return out
    from stalegrad.problems.call import call  # loads numba

    call(function.compiled, np.ascontiguousarray(x), np.ascontiguousarray(z), out)
    return out


def gradients(problem, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """grad f(x^i; z^i) for every worker i (p, d, paths)."""
    return np.stack([gradient(problem, x, z) for x, z in zip(points, rows, strict=True)])


def draw_batch(law, batch, rates, tape: Tape, k: int) -> Draw:
    """The rows of step k for a batch size, or one a step, and the factor of the rate."""
    first, size = (k * batch, batch) if np.ndim(batch) == 0 else (int(np.sum(batch[:k])), int(batch[k]))
    return Draw(law.rows(tape, first, size), 1 if rates is None else rates(k))


def sampled_process(name: str, problem, parameters: dict, batch, step, init, *, dt: float, lookahead: float = 0.0) -> Process:
    """One iterate with fresh gradients at x + lookahead v, whatever the law of the data."""
    eta, momentum, rates = parameters["eta"], parameters.get("momentum", 0.0), parameters.get("rates")
    return Process(
        name=name,
        problem=problem,
        parameters=parameters,
        dt=dt,
        init=init,
        draw=partial(draw_batch, objective(problem).law, batch, rates),
        step=step,
        observe=position,
        kernel=("sampled", "sampled_gradient"),
        arguments=partial(_arguments, problem, eta, rates, batch, momentum, lookahead),
        stability="Reduce eta." if lookahead else step_condition(problem, eta, momentum),
    )


def _arguments(problem, eta: float, rates, batch, momentum: float, lookahead: float, n_steps: int) -> tuple:
    batches = schedule(batch, n_steps, "batch").astype(np.int64)
    compiled = problem.blocks.gradient.compiled, problem.law.compiled, problem.law.table
    return *compiled, rated(eta, rates, n_steps) / batches, batches, momentum, lookahead


def position(state) -> np.ndarray:
    """x_k."""
    return state.x


def step_condition(problem, eta: float, momentum: float = 0.0, suffix: str = "") -> str:
    """The message of a diverging run of plain or heavy-ball gradient descent."""
    if problem.curvature is None:
        return "Reduce eta."
    bound = 2.0 * (1.0 + momentum)
    return f"Near the minimum eta * curvature = {eta * problem.curvature:.3g} must be below {bound:.3g}{suffix}; reduce eta."
