"""What a problem is: an average of f(x; z), over the rows z of a data table or over a law of z."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stalegrad.engine.blocks import BlockFunction
from stalegrad.problems.laws import Law, Rows

Array = np.ndarray
Components = Callable[[Array, Array], Array]
"""(x (d, B), z (m, B)) -> (B,): the component values f(x; z), path by path, in NumPy."""


@dataclass(frozen=True)
class Blocks:
    """The four block functions of a problem; `stalegrad.engine.blocks` states what each writes."""

    gradient: BlockFunction
    mean_gradient: BlockFunction
    second_moment: BlockFunction
    hessian_gradient: BlockFunction


@dataclass(frozen=True, eq=False)
class Problem:
    r"""An expected loss $F(x) = E f(x; z)$ (EASGD-1.1) and its compiled gradients.

    With finitely many rows $z_i$, each as likely, it is the empirical risk $\frac1n \sum_i f(x; z_i)$ (SME-1.1), made by
    `quadratic`, `quartic`, `double_well`, `least_squares`, `logistic`, `from_sympy` or `finite_sum`; `noisy_quadratic` and
    `gamma_quadratic` have another `law`, and then no components.
    Methods take one point, shape (d,), or B points, shape (d, B), and add B at the end of what they return.

    Attributes
    ----------
    name : str
        What the problem is called in tables and saved files.
    dim : int
        d, the length of x.
    data : ndarray (n, m)
        Row i is z_i, what tells component i from the others; no rows where z has another law.
    summary : ndarray
        The table handed to the averaged block functions (the data, or averages of it).
    blocks : Blocks
        Compiled `gradient`, `mean_gradient`, `second_moment`, `hessian_gradient` for the engine.
    recipe : tuple
        (constructor, arguments): rebuilds the problem in another process.
    linear : tuple or None
        (H (n, d, d), b (n, d)) with $\nabla f_i(x) = H_i x - b_i$, where all components are quadratic.
    components : callable or None
        Values f(x; z) for x (d, B) and z (m, B), shape (B,).
    minimisers : ndarray (k, d) or None
        Local minimisers of F, where known.
    curvature : float or None
        Largest eigenvalue of Hess F at the minimisers, where known; stability messages use it.
    law : Rows, Normal or Gamma
        How a data row z is drawn, see `stalegrad.problems.laws`; by default each row of `data` is as likely.
    """

    name: str
    dim: int
    data: Array
    summary: Array
    blocks: Blocks
    recipe: tuple[Callable, tuple]
    linear: tuple[Array, Array] | None = None
    components: Components | None = None
    minimisers: Array | None = None
    curvature: float | None = None
    law: Law | None = None

    def __post_init__(self):
        if self.law is None:
            object.__setattr__(self, "law", Rows(self.data))

    def __reduce__(self):
        return self.recipe

    def __repr__(self) -> str:
        drawn = f"n_components={self.n_components}" if self.n_components else repr(self.law)
        return f"Problem({self.name}: dim={self.dim}, {drawn})"

    @property
    def n_components(self) -> int:
        """n, the number of components; 0 where the data are drawn from a law."""
        return len(self.data)

    @property
    def objective(self) -> Callable[[Any], Any] | None:
        """The function x -> F(x), or None where the component values were not given."""
        return None if self.components is None else self._objective

    def component_gradient(self, x, i: int) -> Array:
        """Gradient of component i (from 0) at x: shape (d,) or (d, B)."""
        if not self.n_components:
            raise ValueError(f"{self.name} has no components: its data follow {self.law!r}; use mean_gradient")
        if not 0 <= i < self.n_components:
            raise ValueError(f"component {i} does not exist: {self.name} has components 0 to {self.n_components - 1}")
        points = self._points(x)
        rows = np.repeat(self.data[i][:, None], points.shape[1], axis=1)
        return self._evaluate(self.blocks.gradient, x, rows, self.dim)

    def mean_gradient(self, x) -> Array:
        """Gradient of F at x: shape (d,) or (d, B)."""
        return self._evaluate(self.blocks.mean_gradient, x, self.summary, self.dim)

    def second_moment(self, x) -> Array:
        """E grad f grad f^T at x: shape (d, d) or (d, d, B)."""
        rows = self._evaluate(self.blocks.second_moment, x, self.summary, self.dim**2)
        return rows.reshape(self.dim, self.dim, *rows.shape[1:])

    def gradient_covariance(self, x) -> Array:
        """Covariance of grad f(x; z) over the law of z: shape (d, d) or (d, d, B)."""
        mean = self.mean_gradient(x)
        return self.second_moment(x) - mean[:, None] * mean[None, :]

    def hessian_gradient(self, x) -> Array:
        """(Hess F)(x) grad F(x) at x: shape (d,) or (d, B)."""
        return self._evaluate(self.blocks.hessian_gradient, x, self.summary, self.dim)

    def _objective(self, x):
        points = self._points(x)
        rows = self.data if self.n_components else self.law.mean[None]  # f is linear in z there
        values = np.zeros(points.shape[1])
        for row in rows:
            values += self.components(points, np.repeat(row[:, None], points.shape[1], axis=1))
        values /= len(rows)
        return float(values[0]) if np.ndim(x) < 2 else values

    def _evaluate(self, function: BlockFunction, x, table: Array, n_rows: int) -> Array:
        from stalegrad.problems.call import call  # loads numba: only when a gradient is asked for

        points = self._points(x)
        out = np.empty((n_rows, points.shape[1]))
        call(function.compiled, points, np.ascontiguousarray(table), out)
        return out[:, 0] if np.ndim(x) < 2 else out

    def _points(self, x) -> Array:
        """x as (d, B), or an error that names the dimension."""
        points = np.array(x, dtype=float, ndmin=1)
        points = points[:, None] if points.ndim == 1 else points
        if points.ndim != 2 or points.shape[0] != self.dim:
            raise ValueError(
                f"x has shape {np.shape(x)}, but {self.name} has dimension {self.dim}: give shape ({self.dim},), or ({self.dim}, B) for B points"
            )
        return np.ascontiguousarray(points)


def checked_table(values, what: str, columns: int | None = None) -> Array:
    """`values` as a finite, non-empty (n, m) float array, or an error that names `what`."""
    try:
        table = np.array(values, dtype=float, order="C")
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} is no table of numbers ({error}): give rows of equal length, shape (n, m)") from error
    if table.ndim == 1:
        raise ValueError(f"{what} has shape {table.shape}: give one row per component, shape (n, m), e.g. values[:, None]")
    if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] == 0:
        raise ValueError(f"{what} has shape {table.shape}: at least one component is needed, one row each, shape (n, m)")
    if columns is not None and table.shape[1] != columns:
        raise ValueError(f"{what} has {table.shape[1]} columns; {columns} are needed")
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        raise ValueError(f"{what}[{row}, {column}] is {table[row, column]}: every value must be finite")
    return table
