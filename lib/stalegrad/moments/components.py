r"""Linear component gradients :math:`\nabla f_i(x)=H_ix-b_i` of a problem, exact or equal in their first two moments.

The moments of every algorithm depend on the data only through the mean and the covariance of (H, b). So a normal or a Gamma
law may be replaced by finitely many equally likely rows with the same two moments: for covariance :math:`LL^T` in m dimensions
the 2m rows :math:`\bar z\pm\sqrt m\,Le_j`.
"""

from __future__ import annotations

import numpy as np

from stalegrad.problems.laws import Gamma, Normal

Array = np.ndarray


def linear_of(problem) -> tuple[Array, Array] | None:
    """(H (n, d, d), b (n, d)) of equally likely components, or None where gradients are not linear."""
    if problem.linear is not None:
        return problem.linear
    if not isinstance(problem.law, Normal | Gamma):
        return None
    rows, d = _rows(problem.law), problem.dim
    points = np.hstack([np.zeros((d, 1)), np.eye(d)])
    values = np.array([_gradient(problem, points, row) for row in rows])
    b, H = -values[:, :, 0], values[:, :, 1:] - values[:, :, :1]
    return (H, b) if _is_affine(problem, H, b) else None


def _rows(law: Normal | Gamma) -> Array:
    """Equally likely rows (2m, m) with the mean and covariance of a law."""
    if isinstance(law, Normal):
        factor = law.factor
    else:
        factor = np.sqrt(law.second_moment - np.outer(law.mean, law.mean))
    steps = np.sqrt(len(factor)) * factor.T
    return np.concatenate([law.mean + steps, law.mean - steps])


def _gradient(problem, points: Array, row: Array) -> Array:
    """grad f(x; row) at points (d, B)."""
    out = np.empty(points.shape)
    problem.blocks.gradient(points, np.repeat(row[:, None], points.shape[1], axis=1), out)
    return out


def _is_affine(problem, H: Array, b: Array) -> bool:
    """Whether gradients are linear in x and in the data row, tried at a point and a row off the basis."""
    x = np.cos(1.0 + np.arange(problem.dim))[:, None]
    mean = H.mean(axis=0) @ x - b.mean(axis=0)[:, None]
    return np.allclose(_gradient(problem, x, problem.law.mean), mean, rtol=1e-10, atol=1e-12)
