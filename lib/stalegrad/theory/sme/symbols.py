"""Symbols of the paper `SME`, and the three scales made of them."""

from __future__ import annotations

import sympy as sp

eta = sp.Symbol("eta", positive=True)
mu = sp.Symbol("mu", nonnegative=True)
a = sp.Symbol("a", positive=True)
Sigma = sp.Symbol("Sigma", nonnegative=True)
s2 = sp.Symbol("s2", nonnegative=True)
u = sp.Symbol("u", nonnegative=True)

X, Y, M, P, S = sp.symbols("X Y M P S", real=True)

retention = sp.Symbol("w", positive=True)
"""1 - mu, a positive symbol of its own so that square roots combine."""

kappa = sp.sqrt((1 - mu) / eta)
"""Friction of SME-ASGD, and 1/alpha."""

alpha = sp.sqrt(eta / (1 - mu))
"""Scale of y_k in (2.8)."""

dt = sp.sqrt(eta * (1 - mu))
"""Time that one step of ASGD stands for."""


def tidy(expr):
    """Simplify with 1 - mu written as one positive symbol, then write it back."""
    substituted = expr.subs(mu, 1 - retention)
    simplified = sp.simplify(sp.expand(substituted) if isinstance(substituted, sp.Expr) else substituted)
    return simplified.subs(retention, 1 - mu)


def vanishes(expr) -> bool:
    """True if an expression, or every entry of a matrix, is identically zero for 0 <= mu < 1."""
    entries = list(expr) if isinstance(expr, sp.MatrixBase) else [expr]
    return all(sp.simplify(sp.expand(entry.subs(mu, 1 - retention))) == 0 for entry in entries)
