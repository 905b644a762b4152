"""Symbols of the thesis, in its letters; names are those of the formula arguments."""

from __future__ import annotations

import sympy as sp

eta, h, sigma, lam, omega = sp.symbols("eta h sigma lam omega", positive=True)
"""Learning rate, curvature, standard deviation of additive noise, shape and rate of Gamma noise."""
alpha, beta, delta = sp.symbols("alpha beta delta", real=True)
"""Moving rates of local and centre variables, and momentum."""
p = sp.Symbol("p", positive=True)
"""Number of workers; real where a formula makes sense between whole numbers."""
rho, mu, L = sp.symbols("rho mu L", positive=True)
"""Penalty; bounds of the curvature in the strongly convex case."""
t = sp.Symbol("t", integer=True, nonnegative=True)
z = sp.Symbol("z")
"""Step; the variable of characteristic polynomials."""
WORKERS = {"p": "at least 1"}
"""Rule of p, for `Formula(..., domains=WORKERS)`; in another paper p is something else."""
