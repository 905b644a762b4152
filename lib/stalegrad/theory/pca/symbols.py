"""Symbols of the paper `PCA`, and the checks that its parameters share."""

from __future__ import annotations

import numpy as np
import sympy as sp

from stalegrad.theory.formula import check_domain

eta, gap, alpha2, phi, delta2, eps = sp.symbols("eta gap alpha2 phi delta2 eps", positive=True)
momentum = sp.Symbol("momentum", nonnegative=True)
"""The paper's mu; 1 - momentum is positive."""
t = sp.Symbol("t", nonnegative=True)
U = sp.Symbol("U", real=True)

NAMES = {
    "momentum": r"\mu",
    "gap": r"(\lambda_1-\lambda_2)",
    "alpha2": r"\alpha^2",
    "delta2": r"\delta^2",
    "eps": r"\epsilon",
}
"""How the formulas of this paper show their symbols; `gap` is the distance of two eigenvalues."""

POSITIVE = dict.fromkeys(("gap", "alpha2", "phi", "eps"), "positive")
"""Rules of the arguments, for `Formula.domains`."""


def spectrum(lam) -> np.ndarray:
    """Eigenvalues as an array (d,), after checking Assumption 1 (claim PCA-A1).

    Parameters
    ----------
    lam : sequence of float
        lambda_1 > lambda_2 >= ... >= lambda_d > 0, at least two.

    Raises
    ------
    ValueError
        If they are not in this order, or the first two are equal.

    Examples
    --------
    >>> spectrum([4, 3, 3, 1]).tolist()
    [4.0, 3.0, 3.0, 1.0]
    """
    check_domain({"lam": "positive"}, lam=lam)
    values = np.asarray(lam, dtype=float)
    if values.ndim != 1 or len(values) < 2 or np.any(np.diff(values) > 0) or values[0] == values[1]:
        raise ValueError(f"lam = {lam!r} must hold lambda_1 > lambda_2 >= ... >= lambda_d > 0; sort the eigenvalues, largest first")
    return values


def eigengap(lam) -> float:
    """lambda_1 - lambda_2, after checking Assumption 1.

    Examples
    --------
    >>> eigengap([4, 3, 2, 1])
    1.0
    """
    values = spectrum(lam)
    return float(values[0] - values[1])
