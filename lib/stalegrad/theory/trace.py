r"""Symbols through a reference step: the one-step map of an algorithm and its matrix on moments.

A rule that is plain arithmetic does not care whether it is given numbers or symbols. Here it is given symbols, with
random symbols for what is drawn; `moment_map` then averages them out. The result shares nothing with
`stalegrad.moments`, which writes the same matrices down by hand: the two are tested against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp

from stalegrad.theory.sme.symbols import mu

x, z, q, v = sp.symbols("x z q v", real=True)
read, row = sp.symbols("r c", real=True)
spread = sp.Symbol("spread", nonnegative=True)

READ = {read: (z, q)}
"""First and second moment of a delayed read, given the past."""

ROW = {row: (sp.S.Zero, spread)}
"""First and second moment of the data row of a random component: centred, with variance `spread`."""

ASGD_MONOMIALS = (x**2, x * z, z**2, q)
"""Second moments that close for ASGD: with z the expected read and q the second moment of a read, given the past."""

HEAVY_BALL_MONOMIALS = (x**2, x * v, v**2)

Moments = Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr]]
Step = Callable[[Any, Any], Any]
"""(state, draw) -> state, the readable rule of an algorithm."""


class History:
    """A past in which every read is one random symbol."""

    def read(self, tau):
        """The symbol of a delayed read, in the shape (d, paths) = (1, 1)."""
        return _block(read)

    def push(self, position):
        """The past one step later: the same."""
        return self


def _block(symbol: sp.Expr) -> np.ndarray:
    return np.array([[symbol]], dtype=object)


def trace(step: Step) -> tuple[sp.Expr, sp.Expr | None]:
    """Next position, and next velocity if the rule has one, of a one-dimensional rule with a batch of one.

    The rule must be plain arithmetic on `state.x`, `state.v`, `state.past`, `draw.z` and `draw.rate`.
    """
    state = SimpleNamespace(x=_block(x), v=_block(v), past=History())
    moved = step(state, SimpleNamespace(tau=[None], rate=1, z=[_block(row)]))
    velocity = getattr(moved, "v", None)
    return moved.x[0, 0], None if velocity is None else velocity[0, 0]


def expect(expr: sp.Expr, drawn: Moments) -> sp.Expr:
    """Average over independent random symbols of which the first two moments are given.

    Raises
    ------
    ValueError
        If a power above the second occurs: two moments do not determine its mean.
    """
    for symbol, (first, second) in drawn.items():
        powers = {0: sp.S.One, 1: first, 2: second}
        terms = sp.Poly(sp.expand(expr), symbol).terms()
        highest = max(power for (power,), _ in terms)
        if highest > 2:
            raise ValueError(f"the mean of {symbol}**{highest} needs a higher moment; give a rule that is linear in it")
        expr = sp.expand(sum(coefficient * powers[power] for (power,), coefficient in terms))
    return expr


def moment_map(update: Mapping[sp.Symbol, sp.Expr], monomials: Sequence[sp.Expr], drawn: Moments) -> tuple[sp.Matrix, sp.Matrix]:
    r"""Matrix and constant of one step on the moments `monomials`.

    Parameters
    ----------
    update : dict of state symbol -> its next value, in state and random symbols
    monomials : sequence of sympy expressions in the state symbols
    drawn : dict of random symbol -> (first, second) moment, in state symbols

    Returns
    -------
    matrix : sympy Matrix (len(monomials), len(monomials))
    constant : sympy Matrix (len(monomials), 1)

    Raises
    ------
    ValueError
        If the moments do not close; the message names what is missing.
    """
    variables = list(update)
    columns = {sp.Poly(monomial, *variables).monoms()[0]: index for index, monomial in enumerate(monomials)}
    matrix, constant = sp.zeros(len(monomials)), sp.zeros(len(monomials), 1)
    for row, monomial in enumerate(monomials):
        moved = expect(monomial.subs(update, simultaneous=True), drawn)
        for powers, coefficient in sp.Poly(moved, *variables).terms():
            if powers in columns:
                matrix[row, columns[powers]] += coefficient
            elif not any(powers):
                constant[row] += coefficient
            else:
                missing = sp.prod(variable**power for variable, power in zip(variables, powers, strict=True))
                raise ValueError(f"moments do not close: E[{monomial}] after a step needs E[{missing}]; add it")
    return matrix, constant


def asgd_update(step: Step) -> dict[sp.Symbol, sp.Expr]:
    """Next x, expected read and second moment of a read, for geometric staleness and the given rule."""
    moved, _ = trace(step)
    return {x: moved, z: mu * z + (1 - mu) * moved, q: mu * q + (1 - mu) * moved**2}


def asgd_moments(step: Step) -> tuple[sp.Matrix, sp.Matrix]:
    """Matrix and constant of discrete ASGD on (E x^2, E xz, E z^2, E q)."""
    return moment_map(asgd_update(step), ASGD_MONOMIALS, {**READ, **ROW})


def asgd_means(step: Step) -> sp.Matrix:
    """Matrix of discrete ASGD on (E x, E z)."""
    update = {symbol: moved for symbol, moved in asgd_update(step).items() if symbol != q}
    return moment_map(update, (x, z), {**READ, **ROW})[0]


def heavy_ball_moments(step: Step) -> tuple[sp.Matrix, sp.Matrix]:
    """Matrix and constant of momentum SGD on (E x^2, E xv, E v^2)."""
    return moment_map(heavy_ball_update(step), HEAVY_BALL_MONOMIALS, ROW)


def heavy_ball_update(step: Step) -> dict[sp.Symbol, sp.Expr]:
    """Next x and v of a rule with a velocity."""
    moved, velocity = trace(step)
    return {x: moved, v: velocity}
