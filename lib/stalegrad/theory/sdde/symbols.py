"""Symbols of the paper `SDDE`."""

from __future__ import annotations

import sympy as sp

eta = sp.Symbol("eta", positive=True)
delta = sp.Symbol("delta", positive=True)
mu = sp.Symbol("mu", positive=True)
a = sp.Symbol("a", positive=True)
t = sp.Symbol("t", positive=True)
tau = sp.Symbol("tau", nonnegative=True)
sigma2 = sp.Symbol("sigma2", nonnegative=True)
trace = sp.Symbol("trace", nonnegative=True)
"""Upper bound of the trace of the noise covariance."""

K, b, L, D = sp.symbols("K b L D", positive=True)
l = sp.Symbol("l", nonnegative=True)  # noqa: E741 -- the paper's letter
eps, lam = sp.symbols("eps lam", positive=True)
x, x0, g, z, U, sigma = sp.symbols("x x0 g z U sigma", real=True)

NAMES = {
    "sigma2": r"\sigma^2",
    "trace": r"\mathrm{Tr}",
    "eps": r"\epsilon",
    "lam": r"\lambda",
    "x0": "x_0",
    "g": r"\nabla F",
}
"""LaTeX of names that are words in code."""
