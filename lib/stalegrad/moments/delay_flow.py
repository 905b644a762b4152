r"""The linear delay equation :math:`x'(t) = -a\,x(t-\tau)` solved exactly, by the method of steps.

On the n-th interval of length :math:`\tau` the solution is a polynomial in :math:`s = t/\tau - n \in [0, 1]`. Its Taylor coefficients
:math:`c_{n,j}` follow from those of the interval before, :math:`c_{n+1,0} = \sum_j c_{n,j}` and
:math:`c_{n+1,j+1} = -\frac{a\tau}{j+1} c_{n,j}`: a matrix, so that n intervals are its n-th power. All of them start from the
fundamental solution r, with r(0) = 1 and r = 0 before; :math:`\int r_a r_b` gives the variances.

Nothing is discretised: the coefficients are cut where :math:`(a\tau)^j/j!` falls below rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from stalegrad.engine.checks import finite
from stalegrad.moments.delay_roots import delay_length

Array = np.ndarray

LARGEST = 100.0
"""Largest |a| tau: beyond it solutions grow by more than e^3 with every delay, and their Taylor series cancel."""

SMALLEST_TERM = 1e-22
"""Size (a tau)^j / j! at which Taylor coefficients are cut."""


def fundamental(a: float, tau: float, t):
    r"""Solution r(t) of :math:`r' = -a\,r(t-\tau)` with r(0) = 1 and r = 0 before: what a unit of noise becomes.

    Parameters
    ----------
    a : float
        Rate, of either sign.
    tau : float
        Delay, at least 0.
    t : float or array
        Times; r is 0 at negative ones.

    Examples
    --------
    >>> fundamental(1.0, 1.0, [-0.5, 0.0, 1.0, 2.0]).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    a, tau, t = finite(a, "a"), delay_length(tau), np.asarray(t, float)
    if tau == 0.0:
        return np.where(t < 0.0, 0.0, np.exp(-a * np.maximum(t, 0.0)))[()]
    size = _size(a * tau)
    values = np.zeros(t.shape)
    for places, s, (c, _, _) in _along(a * tau, a * tau, np.where(t < 0.0, 0.0, t) / tau):
        values[places] = np.vander(s, size, increasing=True) @ c
    return np.where(t < 0.0, 0.0, values)[()]


def overlap(a: float, b: float, tau: float, t):
    r"""The integral :math:`\int_0^t r_a(s)\,r_b(s)\,ds` of two fundamental solutions with the same delay.

    Parameters
    ----------
    a, b : float
        Rates.
    tau : float
        Delay, at least 0.
    t : float or array
        Times, at least 0.

    Examples
    --------
    >>> round(float(overlap(1.0, 1.0, 0.0, 1.0)), 6)
    0.432332
    """
    a, b, tau, t = finite(a, "a"), finite(b, "b"), delay_length(tau), times_of(t)
    if tau == 0.0:
        rate = a + b
        return -np.expm1(-rate * t) / rate if rate else t
    size = _size(max(abs(a), abs(b)) * tau)
    values = np.empty(t.shape)
    for places, s, (c, e, total) in _along(a * tau, b * tau, t / tau):
        rows = np.vander(s, size, increasing=True)
        part = np.einsum("ti,tj,ij->t", rows * c, rows * e, _inner(size), optimize=True)
        values[places] = tau * (total + s * part)
    return values[()]


def times_of(t) -> Array:
    """`t` as finite times, at least 0."""
    times = np.asarray(t, float)
    if not np.all(np.isfinite(times) & (times >= 0.0)):
        raise ValueError(f"t={t} must be finite and at least 0: it is the time since the start")
    return times


def _along(x: float, y: float, u: Array) -> Iterator[tuple[Array, Array, tuple[Array, Array, float]]]:
    """For each interval n that times u (in delays) fall into: their places, u - n, and `_walk` at n."""
    interval = np.floor(u).astype(int)
    counts = np.unique(interval)
    for n, walked in zip(counts, _walk(x, y, counts), strict=True):
        places = interval == n
        yield places, u[places] - n, walked


def _walk(x: float, y: float, counts: Array) -> Iterator[tuple[Array, Array, float]]:
    """At each interval of `counts`: coefficients of r_a and r_b on it, and the integral of r_a r_b over those before, in delays."""
    size = _size(max(abs(x), abs(y)))
    c, total, before = np.eye(size)[0], 0.0, 0
    e = c
    for n in counts:
        first, second, integral = _intervals(x, y, size, int(n - before))
        total, c, e, before = total + c @ integral @ e, first @ c, second @ e, n
        yield c, e, total


@lru_cache(maxsize=256)
def _intervals(x: float, y: float, size: int, n: int) -> tuple[Array, Array, Array]:
    """Matrices of n intervals for a tau = x and y, and of the integral over them as a bilinear form; by doubling."""
    if n == 0:
        return np.eye(size), np.eye(size), np.zeros((size, size))
    if n == 1:
        return _one_interval(x, size), _one_interval(y, size), _inner(size)
    first, second, integral = _intervals(x, y, size, n // 2)
    joined = first @ first, second @ second, integral + first.T @ integral @ second
    if n % 2 == 0:
        return joined
    one, other = _one_interval(x, size), _one_interval(y, size)
    return joined[0] @ one, joined[1] @ other, _inner(size) + one.T @ joined[2] @ other


def _one_interval(x: float, size: int) -> Array:
    """Taylor coefficients from one interval to the next."""
    matrix = np.diag(-x / np.arange(1.0, size), -1)
    matrix[0] = 1.0
    return matrix


def _inner(size: int) -> Array:
    """The integral of s^(i + j) over [0, 1]."""
    return 1.0 / (1.0 + np.add.outer(np.arange(size), np.arange(size)))


def _size(x: float) -> int:
    """Taylor coefficients that are kept."""
    x = abs(x)
    if x > LARGEST:
        raise ValueError(f"a tau = {x:g} is beyond {LARGEST:g}: the solution grows without bound from a tau = pi/2 on; shorten the delay")
    term, size = 1.0, 1
    while term > SMALLEST_TERM:
        term *= x / size
        size += 1
    return max(size, 2)
