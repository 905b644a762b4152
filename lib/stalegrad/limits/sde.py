"""Stochastic differential equations as values, and the Euler-Maruyama scheme as a process.

Another scheme is another function from `SDE` to `Process`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from stalegrad.engine.process import Process, described
from stalegrad.engine.streams import Tape


@dataclass(frozen=True)
class SDE:
    """A limit dS = drift(S, k) dt + diffusion(S, k) dB, with the time step dt that matches one update.

    Attributes
    ----------
    name, problem, parameters
        As in `Process`.
    dt : float
        Time that one update of the algorithm stands for.
    start : callable
        (x0 (d, paths)) -> state, a named tuple of arrays whose last axis is the path, for a past frozen at x0.
    drift : callable
        (state, k) -> its derivative, of the same form; k = t / dt enters through schedules only.
    diffusion : callable
        (state, k, dB (d, paths)) -> the noise that an increment of Brownian motion adds, of the same form.
    kernel, arguments, stability
        Of the Euler-Maruyama scheme, as in `Process`.
    """

    name: str
    problem: Any
    parameters: Mapping[str, Any]
    dt: float
    start: Callable[[np.ndarray], Any]
    drift: Callable[[Any, int], Any]
    diffusion: Callable[[Any, int, np.ndarray], Any]
    kernel: tuple[str, str]
    arguments: Callable[[int], tuple]
    stability: str = "Reduce eta."

    @property
    def dim(self) -> int:
        """d, the length of x."""
        return self.problem.dim

    def __repr__(self) -> str:
        return described(self)

    def discretised(self) -> Process:
        """The process that `simulate` runs: `euler_maruyama` of this."""
        return euler_maruyama(self)


class Increment(NamedTuple):
    """What is random in one step, and its number."""

    dB: np.ndarray
    """(d, paths) increment of Brownian motion over dt."""
    k: int


def euler_maruyama(sde: SDE) -> Process:
    r"""$S_{k+1} = S_k + \mathrm{drift}(S_k)\,dt + \mathrm{diffusion}(S_k)\,\Delta B_k$.

    Weak order 1; strong order 1/2, or 1 where the diffusion does not depend on the state.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.euler_maruyama(sg.sme_sgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.1)).dt
    0.1
    """
    return Process(
        name=sde.name,
        problem=sde.problem,
        parameters=sde.parameters,
        dt=sde.dt,
        init=sde.start,
        draw=partial(draw_increment, sde.dim, sde.dt),
        step=partial(euler_step, sde),
        observe=position,
        kernel=sde.kernel,
        arguments=sde.arguments,
        stability=sde.stability,
    )


def euler_step(sde: SDE, state, draw: Increment):
    """state + drift dt + diffusion dB."""
    drift, noise = sde.drift(state, draw.k), sde.diffusion(state, draw.k, draw.dB)
    return type(state)(*(s + a * sde.dt + b for s, a, b in zip(state, drift, noise, strict=True)))


def draw_increment(dim: int, dt: float, tape: Tape, k: int) -> Increment:
    """Normals number k d, ..., k d + d - 1 of the tape, times the root of dt."""
    return Increment(np.sqrt(dt) * tape.normals(k * dim, dim), k)


def position(state) -> np.ndarray:
    """X."""
    return state.x
