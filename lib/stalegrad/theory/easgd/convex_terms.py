r"""The terms of the proof of Theorem 3.2.1, as plain arithmetic on a `Point`: they take numbers and symbols alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp


class Point(NamedTuple):
    """What one step starts from, and its parameters."""

    local: np.ndarray
    """(p, d) the local variables."""
    centre: np.ndarray
    """(d,)"""
    star: np.ndarray
    """(d,) the minimum."""
    slope: np.ndarray
    """(p, d) gradients of F at the local variables, without noise."""
    noise: np.ndarray
    """(p, d)"""
    eta: Any
    alpha: Any
    beta: Any
    mu: Any
    L: Any
    variance: Any
    """sigma^2, the mean square of the noise of one worker."""


Sides = tuple[Any, Any]


def dot(a, b):
    """Inner product over the last axis."""
    return (a * b).sum(axis=-1)


def square(a):
    """Squared norm over the last axis."""
    return dot(a, a)


def norm(a):
    """Norm over the last axis, of numbers or symbols."""
    return root(square(a))


def root(value):
    """Square root of numbers, of a symbol, or of an array of symbols."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return np.array([sp.sqrt(entry) for entry in value], dtype=object)
    return sp.sqrt(value) if isinstance(value, sp.Basic) else np.sqrt(value)


def mean(a):
    """Average over the workers."""
    return a.sum(axis=0) / count(a)


def count(a):
    """Number of workers, such that symbols divide by it exactly."""
    return sp.Integer(len(a)) if a.dtype.kind == "O" else len(a)


def pairs(term: Callable, *arrays):
    r""":math:`\frac1{p^2}\sum_{i>j}` of a term in the differences of two workers."""
    p = len(arrays[0])
    total = sum(term(*(a[i] - a[j] for a in arrays)) for i in range(p) for j in range(i))
    return total / count(arrays[0]) ** 2


def contraction(at: Point):
    r""":math:`\mu L/(\mu+L)`."""
    return at.mu * at.L / (at.mu + at.L)


def left_over(at: Point):
    r""":math:`\eta^2+\frac{\eta^2\alpha}{1-\alpha}-\frac{2\eta}{\mu+L}`, the factor of the squared gradient; at most 0 by assumption."""
    return at.eta**2 + at.eta**2 * at.alpha / (1 - at.alpha) - 2 * at.eta / (at.mu + at.L)


def spread_share(at: Point):
    r""":math:`1-\frac{2\sqrt{\mu L}}{\mu+L}`."""
    return 1 - 2 * root(at.mu * at.L) / (at.mu + at.L)


class Seen(NamedTuple):
    """One moving point: a local variable (arrays over workers) or the spatial average, with its own gradient and noise."""

    x: np.ndarray
    slope: np.ndarray
    noise: np.ndarray
    descent: Any
    """What stands for the inner product of gradient and distance from the minimum."""


def one(at: Point) -> Seen:
    """Each local variable."""
    return Seen(at.local, at.slope, at.noise, dot(at.slope, at.local - at.star))


def average(at: Point) -> Seen:
    """The spatial average y, with the average gradient and the average noise."""
    y, slope = mean(at.local), mean(at.slope)
    return Seen(y, slope, mean(at.noise), dot(slope, y - at.star))


def moved(at: Point, seen: Seen):
    """(3.27) and (3.29): one step of a local variable, or of the average."""
    return seen.x - at.eta * (seen.slope - seen.noise) - at.alpha * (seen.x - at.centre)


def moved_centre(at: Point):
    """(3.28)."""
    return at.centre + at.beta * (mean(at.local) - at.centre)


def error(at: Point, seen: Seen):
    """Squared distance from the minimum after the step."""
    return square(moved(at, seen) - at.star)


def elastic(at: Point, x):
    """Right-hand side of (3.32) and (3.40)."""
    return square(x - at.star) + square(x - at.centre) - square(at.centre - at.star)


def expanded(at: Point, seen: Seen, descent, pull):
    """(3.31), (3.38), (3.42) and the bounds from them: the square written out, with something in the place of its last inner products.

    `descent` stands for the inner product of gradient and distance from the minimum, `pull` for that of gradient and distance
    from the centre; neither with noise.
    """
    away, stretched = seen.x - at.star, seen.x - at.centre
    return (
        square(away)
        + at.eta**2 * square(seen.slope - seen.noise)
        + at.alpha**2 * square(stretched)
        - 2 * at.eta * descent
        + 2 * at.eta * dot(seen.noise, away)
        - at.alpha * elastic(at, seen.x)
        + 2 * at.eta * at.alpha * (pull - dot(seen.noise, stretched))
    )


def completed(at: Point, seen: Seen, returned):
    """(3.35)-(3.36) and (3.48): the distance from the centre is gone; `returned` is what the spread of the workers adds."""
    away = seen.x - at.star
    return (
        (1 - 2 * at.eta * contraction(at) - at.alpha) * square(away)
        + left_over(at) * square(seen.slope)
        - 2 * at.eta**2 * dot(seen.slope, seen.noise)
        + 2 * at.eta * dot(seen.noise, away)
        - 2 * at.eta * at.alpha * dot(seen.noise, seen.x - at.centre)
        + returned
        + at.eta**2 * square(seen.noise)
        + at.alpha * square(at.centre - at.star)
    )


def in_the_mean(at: Point, seen: Seen, variance, returned) -> Sides:
    """(3.37) and (3.49): both sides averaged over noise of mean zero, independent of the state, with this mean square."""
    still = seen._replace(noise=0 * seen.noise)
    right = (1 - 2 * at.eta * contraction(at) - at.alpha) * square(seen.x - at.star) + returned
    right = right + at.eta**2 * variance + at.alpha * square(at.centre - at.star)
    return error(at, still) + at.eta**2 * variance, right


def lower_bound(at: Point, slope, x):
    """Right-hand side of (3.30)."""
    return contraction(at) * square(x - at.star) + square(slope) / (at.mu + at.L)


def pull(at: Point, seen: Seen):
    """Inner product of gradient and distance from the centre."""
    return dot(seen.slope, seen.x - at.centre)


def pull_bound(at: Point, seen: Seen):
    """The same by Cauchy-Schwarz."""
    return norm(seen.slope) * norm(seen.x - at.centre)


def spread_of_slopes(at: Point):
    """Pairs of workers: inner products of differences of gradients and of positions."""
    return pairs(dot, at.slope, at.local)
