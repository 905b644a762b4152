"""Refusals of bad input, before anything is computed."""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np


def objective(problem):
    """`problem` itself, if it is one: whatever has the block functions of `stalegrad.problems.Problem`."""
    if not hasattr(problem, "blocks"):
        raise ValueError(f"problem={problem!r} is no problem: make one with sg.problems.from_sympy, finite_sum, quadratic, ...")
    return problem


def process_or_limit(given):
    """`given` itself, if it is a process or a limit."""
    if not hasattr(given, "problem"):
        raise ValueError(f"{given!r} is neither a process nor a limit: give sgd(...), asgd(...), sme_asgd(...), ...")
    return given


def real(value, name: str) -> float:
    """`value` as a float, infinite or NaN if it is."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={value!r} is no number: give one number, such as 0.1") from None


def positive(value, name: str, why: str = "a step must be positive and finite") -> float:
    """`value` as a positive finite float."""
    number = real(value, name)
    if not (number > 0.0 and math.isfinite(number)):
        raise ValueError(f"{name}={value} is not usable: {why}; give a number above 0")
    return number


def fraction(value, name: str) -> float:
    """`value` as a float in [0, 1)."""
    number = real(value, name)
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{name}={value} must lie in [0, 1): 0 switches it off, at 1 nothing is ever forgotten")
    return number


def signed_fraction(value, name: str) -> float:
    """`value` as a float in (-1, 1)."""
    number = real(value, name)
    if not -1.0 < number < 1.0:
        raise ValueError(f"{name}={value} must lie between -1 and 1: 0 switches it off, at 1 nothing is ever forgotten")
    return number


def finite(value, name: str) -> float:
    """`value` as a finite float of either sign."""
    number = real(value, name)
    if not math.isfinite(number):
        raise ValueError(f"{name}={value} is not usable: give a finite number")
    return number


def whole(value, name: str, least: int) -> int:
    """`value` as an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name}={value!r} must be a whole number, {least} or more")
    if value < least:
        raise ValueError(f"{name}={value} is too small: it must be {least} or more")
    return int(value)


def batch_sizes(batch) -> int | np.ndarray:
    """One batch size, or an array with one a step; whole numbers of at least 1."""
    if np.ndim(batch) == 0:
        return whole(batch.item() if isinstance(batch, np.generic) else batch, "batch", 1)
    sizes = np.asarray(batch)
    if sizes.ndim != 1 or len(sizes) == 0:
        raise ValueError(f"batch has shape {sizes.shape}: give one size, or a list with one size a step")
    bad = ~(np.isfinite(sizes) & (sizes >= 1) & (sizes == np.floor(sizes)))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise ValueError(f"batch[{k}]={sizes[k]} must be a whole number, 1 or more; round the schedule up first")
    sizes = sizes.astype(np.int64)
    sizes.setflags(write=False)
    return sizes


def schedule(values, n_steps: int, name: str) -> np.ndarray:
    """`values` for each of n_steps steps: a number is repeated, a list must be long enough."""
    if np.ndim(values) == 0:
        return np.full(n_steps, values)
    if len(values) < n_steps:
        raise ValueError(f"{name} lists {len(values)} values for {n_steps} steps: give at least one a step, or fewer steps")
    return np.asarray(values)[:n_steps]


def start_point(start, dim: int) -> np.ndarray:
    """`start` as a finite point of dimension `dim`; a number stands for a point in one dimension."""
    try:
        point = np.atleast_1d(np.array(start, dtype=float))
    except (TypeError, ValueError):
        raise ValueError(f"start={start!r} is no point: give {dim} numbers") from None
    if point.shape != (dim,):
        raise ValueError(f"start has shape {np.shape(start)}, but the problem has dimension {dim}: give {dim} numbers")
    if not np.isfinite(point).all():
        raise ValueError(f"start={start} must be finite in every coordinate")
    return point
