r"""Exact second moments of one mode of a quadratic under asynchronous SGD with momentum, for any law of the staleness.

Along an eigenvector of curvature h, with s = eta h, batch B (one read for the whole batch) and momentum m,

.. math:: v_{k+1} = m v_k - s\,(a_k x_{k-\tau_k} - \xi_k/h), \qquad x_{k+1} = x_k + v_{k+1},

where the drawn curvature :math:`a_k` has mean 1 and variance c/B (`relative`) and :math:`\xi_k` variance :math:`\sigma^2/B` (`noise`).
Given the past, the new gradient has the mean s z, z the expected read, and beyond it noise of variance

.. math:: s^2\left[(1+c/B)\,R - z^2\right] + \eta^2\sigma^2/B, \qquad R = E_\tau x_{k-\tau}^2 .

So second moments follow a linear map with a feedback of rank one. With A the matrix of means, b the place where noise enters and
:math:`S(\rho)=\sum_n\rho^{-n}A^nbb^TA^{nT}`, a growth factor :math:`\rho` above the squared spectral radius of A solves
:math:`s^2[(1+c/B)R(\rho)-z^2(\rho)]=\rho`; the left side falls in :math:`\rho`, so there is one solution or none.

The matrices of means are those of `stalegrad.moments.discrete.Rule`. Claims: SME-exact-moments, PCA-critical-delay, SME-4.2 (what a batch
divides).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from scipy.optimize import brentq

from stalegrad.moments.discrete import Memory, Rule
from stalegrad.staleness import Staleness

Array = np.ndarray
EDGE = 1e-9
"""A squared mean radius this close to 1 is taken for the edge of stability."""
FAR = 1e30
"""Stands for a feedback without bound."""
SKEW = 1e4
"""Condition number of eigenvectors up to which sums over them count as exact, to some 1e-8."""
NEAR = 1e-6
"""How close, as a share of the distance to 1, the growth factor of the variance may come to that of the squared mean before the two count as one."""


@dataclass(frozen=True)
class Mode:
    """One direction of the objective: curvature, and variance of one gradient, sigma^2 + c (h x)^2.

    Attributes
    ----------
    h : float
        Curvature, positive.
    noise : float
        sigma^2, additive part.
    relative : float
        c, variance of the drawn curvature over h^2.
    """

    h: float
    noise: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True)
class Setting:
    """What a practitioner sets: learning rate, momentum, batch."""

    eta: float
    momentum: float = 0.0
    batch: int = 1


@dataclass(frozen=True, eq=False)
class Template:
    """What a law of the staleness fixes: the matrix of means A = still + s pull + m push, and how reads follow from the state."""

    still: Array
    pull: Array
    push: Array
    enters: Array
    read: Array
    weights: Array
    mus: Array | None
    slots: Array


@lru_cache(maxsize=64)
def template_of(law: Staleness) -> Template:
    memory = Memory.of(law)

    def rule(step: float, momentum: float) -> Rule:
        return Rule((np.ones((1, 1, 1)), np.zeros((1, 1))), step, memory, momentum)

    still, unit = rule(0.0, 0.0), rule(1.0, 0.0)
    base = still.mean[:-1, :-1]
    window = np.zeros(len(memory.weights), int)
    if memory.rates is None:
        window[1:] = 2 + np.arange(len(window) - 1)
    return Template(
        base,
        unit.mean[:-1, :-1] - base,
        rule(0.0, 1.0).mean[:-1, :-1] - base,
        unit.inject[:-1, 0],
        unit.read[0, :-1],
        memory.weights,
        memory.rates,
        window,
    )


def mean_radius(mode: Mode, setting: Setting, law: Staleness) -> float:
    """Factor by which the mean of the mode shrinks in a step, in the end."""
    return float(np.abs(np.linalg.eigvals(means_of(mode, setting, template_of(law)))).max())


def radius(mode: Mode, setting: Setting, law: Staleness) -> float:
    """Factor by which the second moment of the mode shrinks in a step, in the end; at least the square of `mean_radius`.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> round(radius(Mode(1.0, relative=2.0), Setting(1 / 3), none()), 6)  # 1 / (lam + 1) with lam = 1/2, EASGD-minibatch-optimal
    0.666667
    """
    square, excess = _characteristic(mode, setting, law)
    if excess is None:
        return square
    mus = template_of(law).mus
    floor = square if mus is None else max(square, float(mus.max()))
    # Where roots meet, the computed floor is right to some 1e-8 only.
    low, width = floor + NEAR * (1.0 - floor) + 1e-8, 1e-3 * (1.0 - floor) + 1e-7
    if excess(low) <= 0.0:
        return low
    while excess(floor + width) > 0.0:
        width *= 2.0
    return float(brentq(excess, low, floor + width, xtol=1e-8 * (1.0 - floor)))


def is_stable(mode: Mode, setting: Setting, law: Staleness) -> bool:
    """Whether `radius` is below 1, which takes one sum to tell where the radius takes a dozen.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> is_stable(Mode(1.0, relative=2.0), Setting(0.66), none()), is_stable(Mode(1.0, relative=2.0), Setting(0.67), none())  # the edge is 2/3
    (True, False)
    """
    square, excess = _characteristic(mode, setting, law)
    return square < 1.0 if excess is None else excess(1.0) < 0.0


def all_stable(modes: Iterable[Mode], setting: Setting, law: Staleness) -> bool:
    """Whether the second moments of all modes converge."""
    return all(is_stable(mode, setting, law) for mode in modes)


def level(mode: Mode, setting: Setting, law: Staleness) -> float:
    r"""Stationary :math:`E x^2` of the mode; infinite where it does not exist.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> round(level(Mode(1.0, noise=1.0), Setting(0.5), none()), 6)  # eta^2 sigma^2 / (1 - (1 - eta h)^2)
    0.333333
    """
    if mode.noise == 0.0:
        return 0.0
    template = template_of(law)
    means = means_of(mode, setting, template)
    if np.abs(np.linalg.eigvals(means)).max() >= 1.0:
        return np.inf
    summed = _summed(means, template.enters, 1.0)
    kept = 1.0 - (0.0 if _is_certain(mode, law) else _feedback(mode, setting, template, summed, 1.0))
    return float(setting.eta**2 * mode.noise / setting.batch * summed[0, 0] / kept) if kept > 0.0 else np.inf


def _is_certain(mode: Mode, law: Staleness) -> bool:
    """Whether all noise is additive: one lag, and a curvature that is not drawn."""
    return mode.relative == 0.0 and np.count_nonzero(law.table) == 1


def means_of(mode: Mode, setting: Setting, template: Template) -> Array:
    return template.still + setting.eta * mode.h * template.pull + setting.momentum * template.push


def _characteristic(mode: Mode, setting: Setting, law: Staleness) -> tuple[float, Callable[[float], float] | None]:
    r"""Squared spectral radius of A, and a function that falls above it and is zero at the growth factor; None where the square is that.

    With eigenvalues :math:`\lambda_i` of A, :math:`S(\rho)/\rho` is a sum of :math:`u_iu_j^*/(\rho-\lambda_i\bar\lambda_j)`, where the :math:`u_i`
    are the parts of b along the eigenvectors. Where these nearly coincide, the sum over n is taken as it stands.
    """
    template = template_of(law)
    means = means_of(mode, setting, template)
    values, vectors = np.linalg.eig(means)
    square = float(np.abs(values).max()) ** 2
    if square >= 1.0 - EDGE or _is_certain(mode, law):
        return square, None
    if np.linalg.cond(vectors) > SKEW:
        return square, partial(_excess, mode, setting, template, means)
    parts, products = vectors * np.linalg.solve(vectors, template.enters), np.outer(values, values.conj())
    expected, entries = template.read @ parts, parts[template.slots]
    force, spread = (setting.eta * mode.h) ** 2, 1.0 + mode.relative / setting.batch

    def excess(rho: float) -> float:
        numbers = (spread * _weights(template, rho) * entries.T) @ entries.conj() - np.outer(expected, expected.conj())
        return force * float((numbers / (rho - products)).sum().real) - 1.0

    return square, excess


def _excess(mode: Mode, setting: Setting, template: Template, means: Array, rho: float) -> float:
    """The same by the sum over n."""
    summed = _summed(means, template.enters, rho)
    return float(_feedback(mode, setting, template, summed, rho)) / rho - 1.0 if np.isfinite(summed).all() else FAR


def _summed(means: Array, enters: Array, rho: float) -> Array:
    """Sum over n of rho^-n A^n b b^T A^nT, by doubling the number of terms."""
    power, total = means / np.sqrt(rho), np.outer(enters, enters)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(60):
            added = power @ total @ power.T
            total = total + added
            if not np.abs(added).max() > 1e-13 * np.abs(total).max():
                break
            power = power @ power
    return total


def _weights(template: Template, rho: float) -> Array:
    """What a read takes of each entry's second moment, these growing by rho a step."""
    return template.weights if template.mus is None else template.weights * (1.0 - template.mus) / (1.0 - template.mus / rho)


def _feedback(mode: Mode, setting: Setting, template: Template, second: Array, rho: float) -> float:
    """Variance that second moments of the past, growing by rho a step, bring into a new gradient's step."""
    reads = _weights(template, rho) @ np.diag(second)[template.slots]
    expected = template.read @ second @ template.read
    return (setting.eta * mode.h) ** 2 * ((1.0 + mode.relative / setting.batch) * reads - expected)
