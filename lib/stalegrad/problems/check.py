"""Is the gradient the gradient? Shape, finiteness and central differences at a few points."""

from __future__ import annotations

import numpy as np

from stalegrad.problems.base import Array, Problem

N_POINTS, N_COMPONENTS = 4, 8
STEP = float(np.cbrt(np.finfo(float).eps))
RELATIVE, ABSOLUTE = 1e-5, 1e-7
"""Tolerances. With h = 6e-6 a central difference errs by about 4e-11 (|f| + |f'''|): far below, unless f varies wildly."""


def check_gradient(problem: Problem, points=None) -> None:
    r"""Compare the compiled gradient of up to 8 components with central differences of their values.

    Finiteness, that every entry is written and inputs are left alone, and that points of a block do not mix, is checked in any case;
    differences only where the problem has `components`.

    Parameters
    ----------
    problem : Problem
    points : array (k, d), optional
        Where to look; four standard normal points (always the same ones) if not given.

    Raises
    ------
    ValueError
        Naming component, point, expected and obtained value. Claim SME-1.1.

    Examples
    --------
    >>> from stalegrad.problems import quartic
    >>> check_gradient(quartic())
    """
    points = points_as_block(problem.dim, points)
    for i in np.unique(np.linspace(0, problem.n_components - 1, N_COMPONENTS).astype(int)):
        got = _component_gradient(problem, i, points)
        if problem.components is not None:
            _compare(problem, i, points, got)


def points_as_block(dim: int, points=None) -> Array:
    """The points (k, d) as a block (d, k)."""
    if points is None:
        return np.random.default_rng(0).standard_normal((dim, N_POINTS))
    points = np.array(points, dtype=float)
    if points.ndim != 2 or points.shape[1] != dim or not points.size or not np.isfinite(points).all():
        raise ValueError(f"test points of shape {points.shape} must be finite, one row of {dim} coordinates each: shape (k, {dim})")
    return np.ascontiguousarray(points.T)


def _component_gradient(problem: Problem, i: int, points: Array) -> Array:
    """The compiled gradient of component i, after checking that it wrote everything and nothing else."""
    from stalegrad.problems.call import call  # loads numba

    x, rows = points.copy(), np.repeat(problem.data[i][:, None], points.shape[1], axis=1)
    given, out = rows.copy(), np.full(points.shape, np.nan)
    call(problem.blocks.gradient.compiled, x, rows, out)
    if (x != points).any() or (rows != given).any():
        raise ValueError(f"the gradient of {problem.name} changes its inputs x or z: it may write to out only")
    if not np.isfinite(out).all():
        j, p = np.argwhere(~np.isfinite(out))[0]
        raise ValueError(
            f"the gradient of component {i} at x={points[:, p].tolist()} has entry {j} = {out[j, p]} (or leaves it unwritten): "
            "it must be finite at finite x; if x is outside its domain, give test points inside"
        )
    _require_independent_paths(problem, i, points, rows, out)
    return out


def _require_independent_paths(problem: Problem, i: int, points: Array, rows: Array, together: Array) -> None:
    """The gradient at one point may not depend on the other points of the block."""
    from stalegrad.problems.call import call  # loads numba

    for p in range(points.shape[1]):
        alone = np.full((problem.dim, 1), np.nan)
        call(problem.blocks.gradient.compiled, points[:, p : p + 1].copy(), rows[:, p : p + 1].copy(), alone)
        if not np.allclose(alone[:, 0], together[:, p], rtol=1e-9, atol=1e-12 * np.abs(together).max()):
            raise ValueError(
                f"the gradient of component {i} at x={points[:, p].tolist()} is {alone[:, 0].tolist()} by itself, but {together[:, p].tolist()} in a "
                "block of points: each column of x is a point of its own, so sums and norms go over axis 0 (x.sum(axis=0), not x.sum())"
            )


def _compare(problem: Problem, i: int, points: Array, got: Array) -> None:
    rows = np.repeat(problem.data[i][:, None], points.shape[1], axis=1)
    values = component_values(problem, points, rows)
    for j in range(problem.dim):
        h = STEP * np.maximum(1.0, np.abs(points[j]))
        ahead, behind = points.copy(), points.copy()
        ahead[j] += h
        behind[j] -= h
        expected = (component_values(problem, ahead, rows) - component_values(problem, behind, rows)) / (ahead[j] - behind[j])
        allowed = RELATIVE * np.maximum(np.abs(expected), np.abs(got[j])) + ABSOLUTE * (1.0 + np.abs(values))
        wrong = ~(np.abs(expected - got[j]) <= allowed)
        if wrong.any():
            p = int(np.argmax(wrong))
            raise ValueError(
                f"wrong gradient of component {i} at x={points[:, p].tolist()}: entry {j} should be {expected[p]:.9g} "
                f"(central difference of the objective), got {got[j, p]:.9g}; correct the gradient or the objective"
            )


def component_values(problem: Problem, points: Array, rows: Array) -> Array:
    """f(x; z) path by path, or an error about the shape of what the objective returns."""
    values = np.asarray(problem.components(points, rows), dtype=float)
    if values.shape != points.shape[1:]:
        raise ValueError(
            f"the objective returns shape {values.shape} for x {points.shape} and z {rows.shape}: one value per column is "
            f"needed, shape {points.shape[1:]}"
        )
    return values
