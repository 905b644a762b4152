"""Families of processes: axes by name, and functions of what stands on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from stalegrad.engine.checks import start_point

Array = np.ndarray


def checked_axes(axes, count: int) -> dict[str, Array]:
    """`axes` as `count` named, increasing, finite rows of values."""
    example = {1: '{"eta": [0.01, 0.02]}', 2: '{"eta": [0.01, 0.02], "mu": [0.5, 0.9]}'}[count]
    if not isinstance(axes, Mapping) or len(axes) != count:
        raise ValueError(f"axes={axes!r} must name {count} {'axis' if count == 1 else 'axes'} with their values, as in {example}")
    rows = {name: np.array(values, dtype=float) for name, values in axes.items()}
    for name, row in rows.items():
        if row.ndim != 1 or len(row) < 2 or not np.isfinite(row).all() or not (np.diff(row) > 0).all():
            raise ValueError(f"the values of {name!r} must be at least two finite numbers in increasing order, as in {example}")
    return rows


def member(family: Callable, *values: float):
    """The process or limit of a family at these values."""
    if not callable(family):
        raise ValueError(f"{family!r} is no function: give lambda eta: sg.asgd(problem, eta, staleness), or the like")
    found = family(*values)
    if not hasattr(found, "problem"):
        raise ValueError(f"the function returns {found!r} at {values}: it must return a process or a limit")
    return found


def begin(start, model) -> Array:
    """`start`, or else a known minimiser of the objective."""
    if start is None:
        if model.problem.minimisers is None:
            raise ValueError(f"no minimiser of {model.problem.name!r} is known: give start=")
        start = model.problem.minimisers[0]
    return start_point(start, model.problem.dim)


def is_geometric(row: Array) -> bool:
    """Whether positive values are spread evenly on a logarithmic axis rather than on a plain one."""
    return len(row) > 2 and row[0] > 0 and bool(np.diff(row).max() > 2.0 * np.diff(row).min())
