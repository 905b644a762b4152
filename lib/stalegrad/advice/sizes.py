r"""Batch sizes where noise grows with the distance: what a batch divides then depends on the sizes before it, and what is left of it on those after.

One step takes the packed second moments v to :math:`Mv+e\,(w\cdot v)/B`: noise enters in one direction e, with a variance :math:`w\cdot v` that is
linear in the moments. With :math:`v_k` before step k, and :math:`l_k` what the error at the end makes of the moments behind it, both along the
sizes :math:`B_0,B_1,\dots`, the derivative of the error is :math:`-W_k/B_k^2` with :math:`W_k=(l_k\cdot e)(w\cdot v_k)`. So the best sizes of a
given sum are :math:`B_k=\sqrt{W_k/\gamma}`, at least 1, as in (SME-4.11); here the weights are those of the sizes themselves, and are found in turns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stalegrad.advice.course import SMALL, Course

Array = np.ndarray
STEPS = 500
"""Most steps for which sizes are found in turns."""
TURNS, FINE = 8, 12
"""Turns; numbers of steps that are tried between the neighbours of the best."""


@dataclass(frozen=True, eq=False)
class Descent:
    """The parts M (modes, L, L), e and w (modes, L) of a step, and the moments at the start (modes, L)."""

    still: Array
    enters: Array
    drawn: Array
    start: Array

    @classmethod
    def of(cls, courses: Sequence[Course]) -> Descent | None:
        """None where the law remembers too much."""
        if len(courses[0].start) > SMALL:
            return None
        return cls(*(np.array(part) for part in zip(*((*course.parts(), course.start) for course in courses), strict=True)))

    def steady(self, size: int, n_steps: int) -> Array:
        """The worst mode's error after 0, ..., `n_steps` steps with one batch size."""
        moments, worst = self.start, np.empty(n_steps + 1)
        for k in range(n_steps + 1):
            worst[k] = moments[:, 0].max()
            moments = self._next(moments, (self.drawn * moments).sum(axis=1) / size)
        return np.where(np.isfinite(worst), worst, np.inf)

    def _next(self, moments: Array, noise: Array) -> Array:
        return (self.still @ moments[:, :, None])[:, :, 0] + self.enters * noise[:, None]

    def errors(self, sizes: Array) -> tuple[Array, Array]:
        """Each mode's error after these batches (modes,), and the variances w . v_k (modes, n)."""
        moments, noise = self.start, np.empty((len(self.start), len(sizes)))
        for k, size in enumerate(sizes):
            noise[:, k] = (self.drawn * moments).sum(axis=1)
            moments = self._next(moments, noise[:, k] / size)
        return moments[:, 0], noise

    def left(self, sizes: Array) -> Array:
        """l_k . e, what is left at the end of noise of variance 1 in step k (modes, n)."""
        behind, left = np.zeros_like(self.start), np.empty((len(self.start), len(sizes)))
        behind[:, 0] = 1.0
        for k in range(len(sizes) - 1, -1, -1):
            left[:, k] = (self.enters * behind).sum(axis=1)
            behind = (behind[:, None, :] @ self.still)[:, 0, :] + self.drawn * (left[:, k] / sizes[k])[:, None]
        return left

    def fitted(self, n_steps: int, spend: Callable[[Array], Array], growing: bool) -> tuple[float, Array]:
        """The worst mode's error and the sizes, of so many steps; `spend` makes sizes of weights, where the worst modes count for more and more."""
        sizes, share, weights = spend(np.ones(n_steps)), np.full(len(self.start), 1.0 / len(self.start)), None
        best = (math.inf, sizes)
        for turn in range(TURNS):
            errors, noise = self.errors(sizes)
            if not np.isfinite(errors).all():
                break
            best = min(best, (float(errors.max()), sizes), key=lambda one: one[0])
            share = shifted(share, errors, turn)
            found = share @ np.maximum(noise * self.left(sizes), 0.0)
            if not np.isfinite(found).all():
                break
            weights = found if weights is None else np.sqrt(weights) * np.sqrt(found)
            sizes = spend(np.maximum.accumulate(weights) if growing else weights)
        return best


def shifted(share: Array, errors: Array, turn: int) -> Array:
    """What modes count for, in sum 1: more where the error is large, by less in each turn."""
    share = share * np.exp(4.0 / math.sqrt(1.0 + turn) * (errors / errors.max() - 1.0))
    return share / share.sum()


def lowest(numbers: Iterable[int], propose: Callable[[int], tuple[float, Array]]) -> tuple[float, Array]:
    """The least of what is proposed for these numbers of steps, and then twice for some between the neighbours of the best."""
    found = {n: propose(n) for n in sorted(set(numbers))}
    for _ in range(2):
        tried, middle = sorted(found), min(found, key=lambda n: found[n][0])
        at = tried.index(middle)
        nearer = apart(np.linspace(tried[max(at - 1, 0)], tried[min(at + 1, len(tried) - 1)], FINE))
        found |= {n: propose(n) for n in nearer if n not in found}
    return min(found.values(), key=lambda one: one[0])


def apart(values: Array) -> list[int]:
    """The whole numbers nearest to some values, each once."""
    return np.unique(np.rint(values).astype(int)).tolist()
