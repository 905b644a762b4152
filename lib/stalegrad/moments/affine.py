r"""A readable step as an affine map, by evaluating it: nothing about an algorithm is written down a second time.

On a problem with linear gradients a step is affine in the numbers of its state s and in the gradients
:math:`g_w=\Gamma_w\xi_w` that it asks for, where :math:`\Gamma_w=(H,-b)` is drawn and the point :math:`\xi_w`, with 1
appended, is affine in s. With :math:`\tilde s=(s,1)`:

.. math:: \tilde s'=\Phi\tilde s+\sum_w\Psi_wg_w,\qquad\xi_w=\Xi_w\tilde s.

The step is run once, on a problem whose "gradient" is what it is told to be, with one path for each basis state and each
gradient; :math:`\Phi,\Psi_w,\Xi_w` are read off. Moments then follow from the first two moments of :math:`\Gamma`:

.. math:: S'=FSF^T+\sum_w\Psi_w\,\mathrm{Cov}[\Gamma_w\xi_w]\,\Psi_w^T,\qquad F=\Phi+\sum_w\Psi_w\bar\Gamma\,\Xi_w.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from stalegrad.moments.continuous import Gradients
from stalegrad.moments.system import Array


class Variable(NamedTuple):
    """Where a number of the state comes from."""

    field: tuple
    """Which array of the state."""
    worker: int
    """Its first index, where the array has one entry for each worker or node; -1 where it is shared."""
    coordinate: int
    """Which coordinate of x."""


class Variables:
    """The numbers of a state: its arrays of floats, in the order of its fields.

    Arrays of whole numbers (clocks) are not among them, nor are the fields named in `dropped`, which stay 0.
    """

    def __init__(self, state, dropped: tuple[str, ...] = ()):
        self.template, self.dropped = state, dropped
        self.all = tuple(variable for place, array in self._arrays(state, ()) for variable in _variables(place, array))

    def __len__(self) -> int:
        return len(self.all)

    def _arrays(self, part, place: tuple) -> Iterator[tuple[tuple, Array]]:
        names = getattr(part, "_fields", None)
        if isinstance(part, tuple):
            for index, value in enumerate(part):
                if names is None or names[index] not in self.dropped:
                    yield from self._arrays(value, (*place, names[index] if names else index))
        elif _is_linear(part):
            yield place, part

    def of(self, state) -> Array:
        """The numbers of a state (N, paths)."""
        return np.concatenate([array.reshape(-1, array.shape[-1]) for _, array in self._arrays(state, ())])

    def state(self, values: Array):
        """A state with these numbers (N, paths), and clocks as in the template, which has one path."""
        rows = iter(np.split(values, np.cumsum([array[..., 0].size for _, array in self._arrays(self.template, ())])[:-1]))
        return self._rebuilt(self.template, rows, values.shape[1])

    def _rebuilt(self, part, rows: Iterator[Array], paths: int, dropped: bool = False):
        if isinstance(part, tuple):
            names = getattr(part, "_fields", (None,) * len(part))
            values = [self._rebuilt(value, rows, paths, name in self.dropped) for name, value in zip(names, part, strict=True)]
            return type(part)(*values) if hasattr(part, "_fields") else tuple(values)
        if not isinstance(part, np.ndarray):
            return part
        if _is_linear(part) and not dropped:
            return next(rows).reshape(*part.shape[:-1], paths)
        return np.repeat(0 * part if dropped else part, paths, axis=-1)


def _is_linear(part) -> bool:
    return isinstance(part, np.ndarray) and np.issubdtype(part.dtype, np.floating)


def _variables(place: tuple, array: Array) -> Iterator[Variable]:
    workers = range(array.shape[0]) if array.ndim == 3 else (-1,)
    return (Variable(place, worker, coordinate) for worker in workers for coordinate in range(array.shape[-2]))


@dataclass(frozen=True)
class AffineStep:
    """One step: `mean` F (N+1, N+1), `inject` (W, N+1, d), `points` (W, d+1, N+1), and the state that follows the template."""

    mean: Array
    inject: Array
    points: Array
    gradients: Gradients
    following: Any

    def advance(self, full: Array, rows: Array | None = None) -> Array:
        """Second moments of s with 1 appended after the step, (..., N+1, N+1), or of `rows` of it alone."""
        mean = self.mean if rows is None else self.mean[rows]
        inject = self.inject if rows is None else self.inject[:, rows]
        (points, heard), (noisy, moved) = _support(self.points), _support(inject.swapaxes(1, 2))
        second = full[..., heard[:, :, None], heard[:, None, :]]
        at = np.einsum("wij,...wjk,wlk->...wil", points, second, points, optimize=True)
        noise = self.gradients.sampling_covariance(at, slice(0, self.gradients.dim))
        spread = np.einsum("wji,...wjk,wkl->...wil", noisy, noise, noisy, optimize=True)
        after = mean @ full @ mean.T
        for worker, places in enumerate(moved):
            after[..., places[:, None], places] += spread[..., worker, :, :]
        return after


def _support(matrices: Array) -> tuple[Array, Array]:
    """Matrices (W, r, n) without their columns of zeros: (W, r, c), and which columns are left, (W, c).

    A gradient hears and moves few of the variables. Where fewer than c columns are not zero, columns of zeros are kept.
    """
    heard = np.any(matrices != 0, axis=1)
    kept = np.argsort(~heard, axis=1, kind="stable")[:, : max(1, heard.sum(axis=1).max())]
    return np.take_along_axis(matrices, kept[:, None, :], axis=2), kept


class _Told:
    """A problem whose gradient is its data row, and that remembers where it was asked for."""

    def __init__(self):
        self.asked: list[Array] = []

    @property
    def blocks(self):
        def gradient(x, z, out):
            self.asked.append(np.array(x))
            out[...] = z

        return SimpleNamespace(gradient=gradient)


def rule_of(process) -> Callable:
    """The step of a process before its problem is bound: (problem, state, draw) -> state.

    Raises
    ------
    ValueError
        If the step is not a rule bound to a problem by `functools.partial`.
    """
    step = process.step
    if not isinstance(step, partial) or not step.args or step.args[0] is not process.problem:
        raise ValueError(f"the step of {process.name!r} is not a rule with its problem as the first argument; use simulate instead")
    return lambda problem, state, draw: step.func(problem, *step.args[1:], state, draw, **step.keywords)


def affine_step(rule: Callable, gradients: Gradients, variables: Variables, draw) -> AffineStep:
    """The affine map of a step.

    Parameters
    ----------
    rule : callable (problem, state, draw) -> state
    gradients : Gradients
        Moments of the problem's linear gradients.
    variables : Variables
        Of the state before the step.
    draw : named tuple
        What the step is given, one path; the data rows `z` are replaced.

    Raises
    ------
    ValueError
        If the step needs a gradient at a point that depends on another gradient of the same step.
    """
    n, d, asked = len(variables), gradients.dim, len(draw.z)
    paths = n + 1 + asked * d
    values, rows = np.zeros((n, paths)), np.zeros((asked * d, paths))
    values[:, :n] = np.eye(n)
    rows[:, n + 1 :] = np.eye(asked * d)
    told = _Told()
    given = {name: np.repeat(part, paths, axis=-1) for name, part in draw._asdict().items() if isinstance(part, np.ndarray)}
    moved = rule(told, variables.state(values), draw._replace(**(given | {"z": rows.reshape(asked, d, paths)})))
    points = np.array(told.asked)
    if np.any(points[..., n + 1 :] != points[..., n : n + 1]):
        raise ValueError("a gradient of this step is taken where another gradient of the same step leads; its moments do not close")
    step = _images(variables.of(moved), n)
    at = np.concatenate([_images(points, n)[..., : n + 1], np.eye(n + 1)[None, -1:].repeat(asked, axis=0)], axis=1)
    carry = np.vstack([step[:, : n + 1], np.eye(n + 1)[-1]])
    inject = np.vstack([step[:, n + 1 :], np.zeros(asked * d)]).reshape(n + 1, asked, d).swapaxes(0, 1)
    mean = carry + np.einsum("wij,jk,wkl->il", inject, gradients.mean, at, optimize=True)
    return AffineStep(mean, inject, at, gradients, _one_path(moved))


def _images(values: Array, n: int) -> Array:
    """What an affine map makes of n basis states, of the 1, and of the gradients, from its values there."""
    origin = values[..., n : n + 1]
    images = values - origin
    images[..., n : n + 1] = origin
    return images


def _one_path(part):
    """The first path of a state."""
    if isinstance(part, tuple):
        values = [_one_path(value) for value in part]
        return type(part)(*values) if hasattr(part, "_fields") else tuple(values)
    return part[..., :1] if isinstance(part, np.ndarray) else part
