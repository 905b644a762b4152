"""State of the elastic algorithms: workers, centre, and what is observed of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class ElasticState(NamedTuple):
    """Workers and centre after k steps; arrays of numbers or of symbols."""

    local: np.ndarray
    """(p, d, paths) local variables x^i."""
    centre: np.ndarray
    """(d, paths)"""
    double_average: np.ndarray
    """(d, paths) time average of the centre over steps 0, ..., k - 1, the z_k of (3.13); the centre itself at k = 0."""
    k: int


class ElasticMomentumState(NamedTuple):
    """The same with a velocity for every worker."""

    local: np.ndarray
    """(p, d, paths)"""
    velocity: np.ndarray
    """(p, d, paths)"""
    centre: np.ndarray
    """(d, paths)"""
    double_average: np.ndarray
    """(d, paths)"""
    k: int


def average(local: np.ndarray) -> np.ndarray:
    """Spatial average of the local variables (d, paths)."""
    return local.sum(axis=0) / len(local)


def moved(state, **changes):
    """The state a step later: `changes`, and the centre before the step enters the double average."""
    double = (state.k * state.double_average + state.centre) / (state.k + 1)
    return state._replace(**changes, double_average=double, k=state.k + 1)


def at_rest(state: type, n_workers: int, local0: np.ndarray | None, x0: np.ndarray):
    """Centre at x0 (d, paths), workers there or at local0 (p, d), velocities 0."""
    n_paths = x0.shape[-1]
    start = np.repeat(x0[None], n_workers, axis=0) if local0 is None else np.repeat(local0[:, :, None], n_paths, axis=2)
    if state is ElasticMomentumState:
        return ElasticMomentumState(start, np.zeros_like(start), x0, x0, 0)
    return ElasticState(start, x0, x0, 0)


OBSERVABLES = {
    "centre": lambda state: state.centre,
    "average": lambda state: average(state.local),
    "double_average": lambda state: state.double_average,
    "local": lambda state: state.local[0],
}
"""What can be recorded of a state (d, paths)."""


def observe(names: tuple[str, ...], state, known=OBSERVABLES) -> np.ndarray:
    """The named observables, one below the other (d len(names), paths)."""
    return np.concatenate([known[name](state) for name in names])


def observed_names(names, known=OBSERVABLES) -> tuple[str, ...]:
    """`names` as a tuple of known observables."""
    chosen = (names,) if isinstance(names, str) else tuple(names)
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise ValueError(f"observe={names!r} is not usable: give one or more of {', '.join(known)}")
    return chosen


def local_start(local0, n_workers: int, d: int) -> np.ndarray | None:
    """`local0` as one point for each worker (p, d); None stays None."""
    if local0 is None:
        return None
    points = np.array(local0, dtype=float)
    if points.shape not in ((), (d,), (n_workers, d)) or (points.shape == () and d > 1):
        raise ValueError(f"local0 has shape {points.shape}: give one point ({d},) for all workers, or one each, shape ({n_workers}, {d})")
    if not np.isfinite(points).all():
        raise ValueError(f"local0={local0} must be finite in every coordinate")
    return np.array(np.broadcast_to(points, (n_workers, d)))
