r"""Linear systems of moments: packing symmetric matrices into a vector, and solving what comes of it.

The state of a model is :math:`\tilde s=(s,1)`: with the 1 appended, :math:`S=E[\tilde s\tilde s^T]` holds second
moments, means and the constant. Beside it a model may carry other symmetric matrices (`extras`): the second
moments of delayed reads, or the noise covariance :math:`\Sigma`. A model is a linear operator on (S, extras);
on the packed vector it is a matrix.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Operator = Callable[[Array, list[Array]], tuple[Array, list[Array]]]

LARGEST = 4000
"""Most unknowns of a moment system; its matrix then takes 128 MB."""


class Moments(NamedTuple):
    """First and second moments of the iterate x.

    Attributes
    ----------
    mean : ndarray (..., d)
    second_moment : ndarray (..., d, d)
    """

    mean: Array
    second_moment: Array


@dataclass(frozen=True)
class Layout:
    """Sizes of the matrices in a packed vector: `state` is the length of s, `extras` those of the others."""

    state: int
    extras: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Side lengths of all packed matrices, S first."""
        return (self.state + 1, *self.extras)

    def pack(self, matrices: Sequence[Array]) -> Array:
        """Upper triangles one after the other; leading axes are kept. The constant 1 of S comes last of its part."""
        return np.concatenate([m[..., *np.triu_indices(m.shape[-1])] for m in matrices], axis=-1)

    def unpack(self, vector: Array) -> list[Array]:
        """Symmetric matrices again, S first."""
        matrices, start = [], 0
        for size in self.sizes:
            rows, columns = np.triu_indices(size)
            matrix = np.zeros((*vector.shape[:-1], size, size))
            matrix[..., rows, columns] = matrix[..., columns, rows] = vector[..., start : start + len(rows)]
            matrices.append(matrix)
            start += len(rows)
        return matrices

    @property
    def length(self) -> int:
        """Length of the packed vector."""
        return sum(size * (size + 1) // 2 for size in self.sizes)

    @property
    def constant(self) -> int:
        """Place of the constant 1."""
        return (self.state + 1) * (self.state + 2) // 2 - 1

    @property
    def means(self) -> Array:
        """Places of the means E[s]."""
        return self._places(lambda row, column: (row < self.state) & (column == self.state))

    def _places(self, chosen) -> Array:
        rows, columns = np.triu_indices(self.state + 1)
        return np.flatnonzero(chosen(rows, columns))

    def matrix_of(self, operator: Operator) -> Array:
        """Matrix of a linear operator on (S, extras).

        Raises
        ------
        ValueError
            For more than `LARGEST` unknowns.
        """
        if self.length > LARGEST:
            raise ValueError(
                f"the moment system has {self.length} unknowns (state of length {self.state}); at most {LARGEST} are "
                "solved: take a shorter staleness window or fewer dimensions, or simulate"
            )
        first, *others = self.unpack(np.eye(self.length))
        image, images = operator(first, others)
        return self.pack([image, *images]).T


@dataclass(frozen=True)
class System:
    """Moments of one model: a layout, a matrix on packed moments, and the packed start.

    Attributes
    ----------
    layout : Layout
    matrix : ndarray (length, length)
        One step of a recursion, or the rate of change in continuous time (`flow`).
    start : ndarray (length,)
    dim : int
        d; the iterate is the first d entries of s.
    """

    layout: Layout
    matrix: Array
    start: Array
    dim: int

    def moments(self, vector: Array) -> Moments:
        """Moments of the iterate in a packed vector; leading axes are kept."""
        full = self.layout.unpack(vector)[0]
        return Moments(full[..., : self.dim, -1], full[..., : self.dim, : self.dim])

    def second_order(self) -> Array:
        """The matrix on second moments alone, without means and constant."""
        kept = np.setdiff1d(np.arange(self.layout.length), [*self.layout.means, self.layout.constant])
        return self.matrix[np.ix_(kept, kept)]

    def first_order(self) -> Array:
        """The matrix on means alone."""
        return self.matrix[np.ix_(self.layout.means, self.layout.means)]


def packed_start(layout: Layout, state: Array, extras: Sequence[Array]) -> Array:
    """Packed moments of a state that is known for certain."""
    full = np.append(state, 1.0)
    return layout.pack([np.outer(full, full), *extras])


def iterate(matrices: Array | Sequence[Array], start: Array, n_steps: int) -> Array:
    """Packed moments of steps 0 .. n_steps; `matrices` is one matrix, or one for each step."""
    constant = isinstance(matrices, np.ndarray)
    path = np.empty((n_steps + 1, len(start)))
    path[0] = start
    for step in range(n_steps):
        path[step + 1] = (matrices if constant else matrices[step]) @ path[step]
    return path


def along(system: System, matrices: Array | Sequence[Array], n_steps: int) -> Moments:
    """Moments of steps 0 .. n_steps, infinite beyond the largest float; `matrices` as in `iterate`.

    Means have a matrix of their own: they stay right where second moments overflow.
    """
    kept = [*system.layout.means, system.layout.constant]
    block = np.ix_(kept, kept)
    with np.errstate(over="ignore", invalid="ignore"):
        path = iterate(matrices, system.start, n_steps)
        if np.isfinite(path).all():
            return system.moments(path)
        firsts = matrices[block] if isinstance(matrices, np.ndarray) else [matrix[block] for matrix in matrices]
        mean = iterate(firsts, system.start[kept], n_steps)[:, : system.dim]
    second = system.moments(path).second_moment
    return Moments(np.where(np.isfinite(mean), mean, np.inf), np.where(np.isfinite(second), second, np.inf))


def radius(matrix: Array) -> float:
    """Largest modulus of an eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max()) if matrix.size else 0.0


def abscissa(matrix: Array) -> float:
    """Largest real part of an eigenvalue."""
    return float(np.linalg.eigvals(matrix).real.max()) if matrix.size else -np.inf


def fixed_point(system: System, identity: float, stable: Callable[[Array], bool]) -> Moments:
    """Stationary moments: (matrix - identity I) v = 0 with the constant at 1.

    `identity` is 1 for a recursion and 0 in continuous time. Moments that do not converge are infinite, with a warning.
    """
    layout = system.layout
    order = np.arange(layout.length)
    rest = order[order != layout.constant]
    if stable(system.second_order()) and stable(system.first_order()):
        shifted = system.matrix[np.ix_(rest, rest)] - identity * np.eye(len(rest))
        vector = np.empty(layout.length)
        vector[layout.constant] = 1.0
        vector[rest] = np.linalg.solve(shifted, -system.matrix[rest, layout.constant])
        return system.moments(vector)
    warnings.warn("no stationary second moment that every start reaches: inf is returned", RuntimeWarning, stacklevel=3)
    mean = np.full(system.dim, np.inf)
    if stable(system.first_order()):
        means = layout.means
        shifted = system.first_order() - identity * np.eye(len(means))
        mean = np.linalg.solve(shifted, -system.matrix[means, layout.constant])[: system.dim]
    return Moments(mean, np.full((system.dim, system.dim), np.inf))
