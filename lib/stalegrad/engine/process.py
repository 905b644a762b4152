"""What the driver runs: a discrete process, as a readable rule and a compiled kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stalegrad.engine.streams import Tape


def _nothing(n_steps: int) -> tuple:
    """What no kernel takes."""
    return ()


@dataclass(frozen=True)
class Process:
    """A discrete process: `init`, `step`, `observe`, the draws it needs, and its kernel.

    The rule exists twice. `step` is readable NumPy; it is pure, and arithmetic on what it is given, so that it
    runs on sympy symbols as well. The kernel runs the same rule on the same random numbers.

    Attributes
    ----------
    name : str
        Name of the algorithm or limit.
    problem : Problem
        The objective.
    parameters : mapping
        The numbers that fix the process, for tables and saved files.
    dt : float
        Time that one step stands for.
    init : callable
        (x0 (d, paths)) -> state, a named tuple of arrays whose last axis is the path. The past is frozen at x0.
    draw : callable
        (tape, k) -> the random numbers that step k of the tape's paths needs, a named tuple.
    step : callable
        (state, draw) -> state.
    observe : callable
        (state) -> what is recorded (dim, paths): d rows for each name in `observed`, by default x alone.
    kernel : tuple of str or None
        Module (of `stalegrad.engine.compiled`) and name of the compiled kernel. None: `simulate` runs `step` itself, tens
        of times slower, with the same random numbers.
    arguments : callable
        (n_steps) -> what the kernel takes after the driver's own arguments.
    stability : str
        The condition that a diverging run breaks, or what to try; empty where none is known.
    observed : tuple of str
        What is recorded, in this order.
    columns : int or None
        Recorded columns, where they are not d for each thing observed.
    """

    name: str
    problem: Any
    parameters: Mapping[str, Any]
    dt: float
    init: Callable[[np.ndarray], Any]
    draw: Callable[[Tape, int], Any]
    step: Callable[[Any, Any], Any]
    observe: Callable[[Any], np.ndarray]
    kernel: tuple[str, str] | None = None
    arguments: Callable[[int], tuple] = _nothing
    stability: str = ""
    observed: tuple[str, ...] = ("x",)
    columns: int | None = None

    @property
    def dim(self) -> int:
        """Recorded columns: d, the length of x, for each thing observed, unless `columns` says otherwise."""
        return self.problem.dim * len(self.observed) if self.columns is None else self.columns

    def __repr__(self) -> str:
        return described(self)


def described(model) -> str:
    """A process or limit on one line; schedules and matrices by their shape."""

    def short(value):
        return f"array{value.shape}" if isinstance(value, np.ndarray) else getattr(value, "name", value)

    values = ", ".join(f"{name}={short(value)}" for name, value in model.parameters.items())
    return f"{model.name}({model.problem.name}, {values})"


def reference_paths(process: Process, start, n_steps: int, paths, seed: int = 0) -> np.ndarray:
    """The paths of a process by its readable rule, shape (paths, n_steps + 1, dim).

    What `simulate(..., keep="paths")` computes by the kernel, to rounding; slow, and the oracle of its tests.
    """
    tape = Tape(seed, np.asarray(paths, np.uint64))
    x0 = np.repeat(np.atleast_1d(np.asarray(start, float))[:, None], len(tape.paths), axis=1)
    state = process.init(x0)
    seen = [process.observe(state)]
    for k in range(n_steps):
        state = process.step(state, process.draw(tape, k))
        seen.append(process.observe(state))
    return np.moveaxis(np.array(seen), -1, 0)
