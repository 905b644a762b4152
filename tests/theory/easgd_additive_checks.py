"""What the tests of section 5.1 share."""

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from stalegrad.theory.easgd.additive import SHORTHANDS
from stalegrad.theory.easgd.symbols import z


def vanishes(expr) -> bool:
    """True if every entry is identically zero, as a quotient of polynomials, once shorthands are written out."""
    entries = list(expr) if isinstance(expr, sp.MatrixBase) else [expr]
    return all(sp.cancel(sp.together(written(entry))) == 0 for entry in entries)


def written(expr):
    """eta_h and delta_h in terms of eta, h and delta."""
    for symbol, meaning in SHORTHANDS.items():
        expr = sp.sympify(expr).subs(symbol, meaning)
    return expr


def characteristic(matrix: sp.Matrix):
    """det(z - matrix), fraction-free: `Matrix.det` takes minutes for seven rows."""
    coefficients = DomainMatrix.from_Matrix(matrix).charpoly()
    return sum(sp.sympify(c.as_expr()) * z**power for power, c in enumerate(reversed(coefficients)))


def random_rates(rng, n: int):
    """Random (eta, alpha, beta, delta), some of them far outside the usual range: rates beyond 1, negative alpha, beta above 1."""
    return rng.uniform([0.02, -1.0, 0.05, -0.95], [2.5, 1.5, 2.2, 0.99], (n, 4))
