"""Spectral radii of many matrices at once: what the maps of the thesis show."""

from __future__ import annotations

import numpy as np


def spectral_radius_of(matrices) -> np.ndarray:
    """Largest modulus of an eigenvalue of each matrix.

    Parameters
    ----------
    matrices : array (..., n, n)
        Such as what a matrix formula gives on a grid; entries that are not finite give infinity.

    Returns
    -------
    ndarray (...,)

    Examples
    --------
    >>> spectral_radius_of([[[0.0, 1.0], [-1.0, 0.0]], [[0.5, 0.0], [3.0, -2.0]]]).tolist()
    [1.0, 2.0]
    """
    matrices = np.asarray(matrices)
    finite = np.isfinite(matrices).all(axis=(-2, -1))
    safe = np.where(finite[..., None, None], matrices, 0.0)
    return np.where(finite, np.abs(np.linalg.eigvals(safe)).max(axis=-1), np.inf)
