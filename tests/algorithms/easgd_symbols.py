"""Symbols through the asynchronous steps: states of sympy variables, a gradient that stays a function."""

from types import SimpleNamespace

import numpy as np
import sympy as sp

eta, alpha, beta, delta, rho = sp.symbols("eta alpha beta delta rho")
g = sp.Function("g")
"""g(x, z): the gradient at x on the data row z, any function."""


def _fill(x, z, out):
    for i in np.ndindex(out.shape):
        out[i] = g(x[i], z[i])


PROBLEM = SimpleNamespace(blocks=SimpleNamespace(gradient=_fill))


def row(name: str, n: int) -> np.ndarray:
    """Symbols name_1, ..., name_n in the shape (n, 1, 1)."""
    return np.array(sp.symbols(f"{name}_1:{n + 1}"), dtype=object).reshape(n, 1, 1)


def one(name: str) -> np.ndarray:
    """A symbol in the shape (1, 1)."""
    return np.array([[sp.Symbol(name)]], dtype=object)


def clocks(*values: int) -> np.ndarray:
    """Clocks (p, 1)."""
    return np.array(values)[:, None]


def turn(*workers: int) -> SimpleNamespace:
    """The draw of a step in which these workers act, on the rows z_(i+1)."""
    z = np.array([sp.Symbol(f"z_{i + 1}") for i in workers], dtype=object).reshape(-1, 1, 1)
    return SimpleNamespace(worker=np.array(workers)[:, None], z=z)


def same(left, right) -> bool:
    """Whether two arrays of expressions are equal."""
    return left.shape == right.shape and all(sp.expand(a - b) == 0 for a, b in zip(left.ravel(), right.ravel(), strict=True))
