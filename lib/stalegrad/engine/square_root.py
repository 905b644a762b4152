"""A square root of a covariance matrix that may be singular, in readable NumPy."""

from __future__ import annotations

import numpy as np

NEGLIGIBLE = 1e-13
"""A pivot below this fraction of its diagonal entry is rounding error, and counts as zero."""


def square_root(covariance: np.ndarray) -> np.ndarray:
    """Lower triangular L with L L^T = covariance, for matrices (d, d, paths).

    Cholesky's method; a direction whose remaining variance is zero, or negative by rounding, gets no noise.
    All square roots give the noise the same law, so this cheap one serves.

    >>> square_root(np.array([[[4.0], [2.0]], [[2.0], [1.0]]]))[:, :, 0].tolist()
    [[2.0, 0.0], [1.0, 0.0]]
    """
    root = np.zeros_like(covariance)
    for j in range(len(covariance)):
        left = covariance[j:, j] - np.einsum("ikp,kp->ip", root[j:, :j], root[j, :j])
        negligible = left[0] <= NEGLIGIBLE * covariance[j, j]
        with np.errstate(invalid="ignore", divide="ignore"):
            pivot = np.sqrt(left[0])
            root[j:, j] = np.where(negligible, 0.0, np.concatenate([pivot[None], left[1:] / pivot]))
    return root
