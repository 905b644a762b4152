"""How the data row z of a gradient is drawn: from a finite table, from a normal or from a Gamma law.

A law is a value with one reading of the random numbers, `rows(tape, first, count)`: rows number `first`, ...,
`first + count - 1` of every path, shape (count, m, paths). The rows of a path are numbered from 0 in the order in which
its gradients need them, so a rule that takes p rows a step reads ``rows(tape, k * p, p)`` in step k. `compiled` is the pointer
to the machine code that draws the same rows (`stalegrad.engine.compiled.laws`), and `table` the numbers it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stalegrad.engine.streams import Tape

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Rows:
    """A row of a finite table, each with the same probability: the components of an empirical risk.

    A row takes a word of the tape, of which the upper bits choose; a table of one row takes none.
    """

    data: Array
    """(n, m)"""

    def __repr__(self) -> str:
        return f"Rows({len(self.data)} rows)"

    @property
    def table(self) -> Array:
        """The data, as the kernels take it."""
        return np.ascontiguousarray(self.data, float)

    @property
    def compiled(self):
        """The machine code that draws rows."""
        from stalegrad.engine.compiled import laws  # loads numba: only when a kernel runs

        return laws.compiled(laws.draw_rows)

    @property
    def mean(self) -> Array:
        """E z (m,)."""
        return self.data.mean(axis=0)

    @property
    def second_moment(self) -> Array:
        """E z z^T (m, m)."""
        return self.data.T @ self.data / len(self.data)

    def rows(self, tape: Tape, first: int, count: int) -> Array:
        """Rows number `first` on (count, m, paths)."""
        n = len(self.data)
        if n == 1:
            return np.tile(self.data[0][:, None], (count, 1, len(tape.paths)))
        component = tape.words(first, count) * np.uint64(n) >> np.uint64(32)
        return np.moveaxis(self.data[component], 2, 1)


@dataclass(frozen=True, eq=False)
class Normal:
    """z = location + factor n with n standard normal; a row takes m normals of the tape."""

    location: Array
    """(m,)"""
    factor: Array
    """(m, m) with factor factor^T the covariance."""

    def __repr__(self) -> str:
        return f"Normal(location={self.location.tolist()}, factor={self.factor.tolist()})"

    @property
    def table(self) -> Array:
        """Location in the first row, factor below, as the kernels take them."""
        return np.vstack([self.location, self.factor])

    @property
    def compiled(self):
        """The machine code that draws rows."""
        from stalegrad.engine.compiled import laws  # loads numba: only when a kernel runs

        return laws.compiled(laws.draw_normal)

    @property
    def mean(self) -> Array:
        """E z (m,)."""
        return self.location

    @property
    def second_moment(self) -> Array:
        """E z z^T (m, m)."""
        return np.outer(self.location, self.location) + self.factor @ self.factor.T

    def rows(self, tape: Tape, first: int, count: int) -> Array:
        """Rows number `first` on (count, m, paths)."""
        m = len(self.location)
        normals = tape.normals(first * m, count * m).reshape(count, m, -1)
        z = np.empty(normals.shape)
        for i in range(m):
            z[:, i] = self.location[i]
            for j in range(m):
                z[:, i] += self.factor[i, j] * normals[:, j]
        return z


@dataclass(frozen=True, eq=False)
class Gamma:
    """One number z of a Gamma law with given shape and rate: mean shape / rate, variance shape / rate^2.

    A row takes one gamma draw of the tape; `Tape.gammas` says how shapes are drawn.
    """

    shape: float
    rate: float

    @property
    def table(self) -> Array:
        """Shape and scale, as the kernels take them."""
        return np.array([[self.shape], [1.0 / self.rate]])

    @property
    def compiled(self):
        """The machine code that draws rows."""
        from stalegrad.engine.compiled import laws  # loads numba: only when a kernel runs

        return laws.compiled(laws.gamma_drawer(self.shape))

    @property
    def mean(self) -> Array:
        """E z (1,)."""
        return np.array([self.shape / self.rate])

    @property
    def second_moment(self) -> Array:
        """E z^2 (1, 1)."""
        return np.array([[self.shape * (self.shape + 1.0) / self.rate**2]])

    def rows(self, tape: Tape, first: int, count: int) -> Array:
        """Rows number `first` on (count, 1, paths)."""
        drawn = [tape.gammas(self.shape, number) for number in range(first, first + count)]
        return np.array(drawn)[:, None] * (1.0 / self.rate)


Law = Rows | Normal | Gamma
