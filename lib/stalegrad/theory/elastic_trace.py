r"""Symbols through the steps of elastic averaging: drift matrices and second-moment matrices, for any number of workers.

A step is linear in the variables of the workers and the centre, so a trace with a few workers tells all of it: what a
worker does to itself, what it hears from the centre, and what the centre hears from each worker, a share 1/p. From one
worker, two distinct workers and the centre follow the second moments for every p. The variables are those of the thesis,
in its order (end of 5.2.3; the first four are those of (5.34)):

.. math::
    a=E\tilde x^2,\quad b=\tfrac1p\sum_iE(x^i)^2,\quad c=\tfrac1p\sum_iE\tilde xx^i,\quad d=\tfrac1{p^2}\sum_{ij}Ex^ix^j,\\
    e=\tfrac1p\sum_iE\tilde xv^i,\quad f=\tfrac1{p^2}\sum_{ij}Ev^iv^j,\quad g=\tfrac1p\sum_iE(v^i)^2,\quad
    h=\tfrac1p\sum_iEx^iv^i,\quad k=\tfrac1{p^2}\sum_{ij}Ex^iv^j.

`step` is everywhere a reference step of `stalegrad.algorithms.elastic` before its parameters are bound:
``step(problem, *parameters, state, draw)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from stalegrad.theory.easgd.symbols import alpha, beta, delta, eta, h, p, sigma
from stalegrad.theory.trace import expect

eta_h, delta_h = sp.symbols("eta_h delta_h", real=True)
"""eta h, and delta (1 - eta h)."""
u1, u2 = sp.symbols("u1 u2", positive=True)
"""First and second moment of multiplicative noise: lam/omega and lam (lam + 1)/omega^2 for the Gamma law."""

EASGD = (eta, alpha, beta)
EAMSGD = (eta, alpha, beta, delta)
"""Parameters of the steps, in the order of their arguments."""

Step = Callable
Moments = tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Noise:
    """A one-dimensional problem whose gradient is linear in x and in what is drawn.

    Attributes
    ----------
    gradient : callable (x, xi) -> expression
    moments : (first, second) moment of xi
    """

    gradient: Callable
    moments: Moments

    @property
    def problem(self):
        """The problem as a step takes it."""

        def fill(x, z, out):
            out[...] = self.gradient(x, z)

        return SimpleNamespace(blocks=SimpleNamespace(gradient=fill))


ADDITIVE = Noise(lambda x, xi: h * x - xi, (sp.S.Zero, sigma**2))
"""(3.1), (5.2): gradient h x - xi with variance sigma^2."""

MULTIPLICATIVE = Noise(lambda x, xi: xi * x, (u1, u2))
"""(5.23): gradient xi x with moments u1, u2."""


class _State(NamedTuple):
    """Symbols in the places where the steps look for arrays."""

    local: np.ndarray
    velocity: np.ndarray
    centre: np.ndarray
    double_average: np.ndarray
    k: int


@dataclass(frozen=True)
class Trace:
    """A step written out for some workers.

    Attributes
    ----------
    variables : tuple of tuples of Symbol
        Per worker (v^i, x^i), or (x^i,) without momentum.
    centre : Symbol
    drawn : tuple of Symbol
        What each worker draws.
    update : dict of Symbol -> expression
        Next value of every variable.
    noise : Noise
    """

    variables: tuple[tuple[sp.Symbol, ...], ...]
    centre: sp.Symbol
    drawn: tuple[sp.Symbol, ...]
    update: Mapping[sp.Symbol, sp.Expr]
    noise: Noise

    @property
    def order(self) -> tuple[sp.Symbol, ...]:
        r"""(v^1, x^1, v^2, x^2, ..., centre), the order of (5.18) and (5.20)."""
        return (*(symbol for own in self.variables for symbol in own), self.centre)

    def average(self, expr: sp.Expr) -> sp.Expr:
        """Mean over what is drawn, given the state."""
        return expect(expr, dict.fromkeys(self.drawn, self.noise.moments))


def trace(step: Step, parameters: Sequence, noise: Noise, n_workers: int) -> Trace:
    """A step on symbols.

    Parameters
    ----------
    step : callable (problem, *parameters, state, draw) -> state
    parameters : sequence of symbols or numbers, such as `EASGD` or `EAMSGD`; with `delta` there is a velocity
    noise : Noise
    n_workers : int

    Returns
    -------
    Trace
    """
    workers = range(1, n_workers + 1)
    x, v, xi = ([sp.Symbol(f"{letter}_{i}", real=True) for i in workers] for letter in ("x", "v", "xi"))
    centre = sp.Symbol("xtilde", real=True)
    at = _blocks([centre])[0]
    state = _State(_blocks(x), _blocks(v), at, at, 0)
    moved = step(noise.problem, *parameters, state, SimpleNamespace(z=_blocks(xi)))
    update = {symbol: sp.expand(moved.local[i, 0, 0]) for i, symbol in enumerate(x)} | {centre: sp.expand(moved.centre[0, 0])}
    if delta not in parameters:
        return Trace(tuple((symbol,) for symbol in x), centre, tuple(xi), update, noise)
    update |= {symbol: sp.expand(moved.velocity[i, 0, 0]) for i, symbol in enumerate(v)}
    return Trace(tuple(zip(v, x, strict=True)), centre, tuple(xi), update, noise)


def _blocks(symbols: Sequence[sp.Symbol]) -> np.ndarray:
    """Symbols in the shape (len, d, paths) = (len, 1, 1)."""
    return np.array(symbols, dtype=object)[:, None, None]


def drift(traced: Trace) -> sp.Matrix:
    r"""Matrix of one step on the means of (v^1, x^1, ..., centre): (5.18), (5.20) with p as many as were traced."""
    rows = [traced.average(traced.update[symbol]) for symbol in traced.order]
    return sp.Matrix([[row.coeff(symbol) for symbol in traced.order] for row in rows])


@dataclass(frozen=True)
class MomentSystem:
    """One step on second moments: matrix and constant, and the letters of the variables in their order."""

    letters: str
    matrix: sp.Matrix
    constant: sp.Matrix

    def part(self, letters: str) -> MomentSystem:
        """The system of some variables alone, in the given order.

        Raises
        ------
        ValueError
            If they depend on others.
        """
        kept = [self.letters.index(letter) for letter in letters]
        others = [index for index in range(len(self.letters)) if index not in kept]
        if any(self.matrix[row, column] != 0 for row in kept for column in others):
            raise ValueError(f"the moments {letters!r} depend on others of {self.letters!r}; take a set that is closed")
        return MomentSystem(letters, self.matrix[kept, kept], self.constant[kept, :])

    def stationary(self) -> dict[str, sp.Expr]:
        """Fixed point of every variable, where one exists; quotients of polynomials in lowest terms."""
        field = sp.QQ.frac_field(*sorted((self.matrix.free_symbols | self.constant.free_symbols), key=str))
        system, constant = (DomainMatrix.from_Matrix(part).convert_to(field) for part in (sp.eye(len(self.letters)) - self.matrix, self.constant))
        return dict(zip(self.letters, system.lu_solve(constant).to_Matrix(), strict=True))


def moment_system(step: Step, parameters: Sequence, noise: Noise) -> MomentSystem:
    r"""Second moments of a step for a symbolic number p of workers.

    Every quantity after the step is q^i(x^i, v^i, centre, xi^i) for a worker, or an average over workers of such q^i for the
    centre. So :math:`\tfrac1{p^2}\sum_{ij}E q^ir^j=\tfrac1pE q^1r^1+(1-\tfrac1p)E q^1r^2` gives every row.
    Parameters as in `trace`. The variables are (a, b, c, d) without momentum, and (a, ..., h, k) with it.

    Raises
    ------
    ValueError
        If workers act on each other otherwise than through the centre, or the centre does not hear all alike.

    Examples
    --------
    >>> from stalegrad.algorithms.elastic import easgd_step
    >>> moment_system(easgd_step, EASGD, MULTIPLICATIVE).matrix[0, :].applyfunc(sp.factor)
    Matrix([[(beta - 1)**2, 0, -2*beta*(beta - 1), beta**2]])
    """
    pair = trace(step, parameters, noise, 2)
    _require_star(pair, trace(step, parameters, noise, 3))
    v, x = pair.variables[0][0], pair.variables[0][-1]
    moved = {symbol: pair.update[symbol] for symbol in pair.variables[0]} | {pair.centre: _heard(pair, 0)}
    to_other = _renaming(pair, 0, 1)

    def of_one(left: sp.Symbol, right: sp.Symbol) -> sp.Expr:
        return pair.average(moved[left] * moved[right])

    def of_all(left: sp.Symbol, right: sp.Symbol) -> sp.Expr:
        return of_one(left, right) / p + (1 - 1 / p) * pair.average(moved[left] * moved[right].subs(to_other, simultaneous=True))

    rows = {"a": of_all(pair.centre, pair.centre), "b": of_one(x, x), "c": of_all(pair.centre, x), "d": of_all(x, x)}
    if v != x:
        rows |= {"e": of_all(pair.centre, v), "f": of_all(v, v), "g": of_one(v, v), "h": of_one(x, v), "k": of_all(x, v)}
    return _in_letters(rows, pair)


def _renaming(traced: Trace, source: int, target: int) -> dict[sp.Symbol, sp.Symbol]:
    """What turns the symbols of one worker into those of another."""
    return dict(zip((*traced.variables[source], traced.drawn[source]), (*traced.variables[target], traced.drawn[target]), strict=True))


def _heard(traced: Trace, worker: int) -> sp.Expr:
    """q^i such that the next centre is the average of q^i over the workers."""
    n_workers, moved = len(traced.variables), traced.update[traced.centre]
    silent = {symbol: 0 for i in range(n_workers) if i != worker for symbol in (*traced.variables[i], traced.drawn[i])}
    common = moved.subs(silent | dict.fromkeys((*traced.variables[worker], traced.drawn[worker]), 0))
    return sp.expand(n_workers * (moved.subs(silent) - common) + common)


def _require_star(pair: Trace, triple: Trace) -> None:
    """A worker knows itself and the centre; the centre hears all workers alike, with shares 1/2 and 1/3."""
    strangers = {symbol for i in (1, 2) for symbol in (*triple.variables[i], triple.drawn[i])}
    if any(triple.update[symbol].free_symbols & strangers for symbol in triple.variables[0]):
        raise ValueError("the workers of this step act on each other otherwise than through the centre; trace it with all its workers")
    for worker in range(3):
        alike = _heard(triple, worker).subs(_renaming(triple, worker, 0), simultaneous=True)
        if sp.expand(alike - _heard(pair, 0)) != 0:
            raise ValueError("the centre of this step does not hear every worker with a share 1/p; trace it with all its workers")


def _in_letters(rows: Mapping[str, sp.Expr], pair: Trace) -> MomentSystem:
    """Matrix and constant from second moments of two workers and the centre.

    Two distinct workers: E x^1 x^2 = (p d - b) / (p - 1), and so on; the division cancels, since they occur with 1 - 1/p.
    """
    (v, x), (w, y) = ((own[0], own[-1]) for own in pair.variables)
    centre = pair.centre
    a, b, c, d, e, f, g, xv, k = (sp.eye(9)[index, :] for index in range(9))

    def apart(of_all, of_one):
        return (p * of_all - of_one) / (p - 1)

    meaning = {centre**2: a, x**2: b, y**2: b, centre * x: c, centre * y: c, x * y: apart(d, b)}
    if v != x:
        meaning |= {centre * v: e, centre * w: e, v * w: apart(f, g), v**2: g, w**2: g, x * v: xv, y * w: xv}
        meaning |= {x * w: apart(k, xv), y * v: apart(k, xv)}
    letters = "".join(rows)
    matrix, constant = sp.zeros(len(letters)), sp.zeros(len(letters), 1)
    for row, moved in enumerate(rows.values()):
        polynomial = sp.Poly(moved, *pair.order)
        for powers, coefficient in polynomial.terms():
            monomial = sp.prod(symbol**power for symbol, power in zip(pair.order, powers, strict=True))
            if monomial == 1:
                constant[row] += coefficient
            else:
                matrix[row, :] += coefficient * meaning[monomial][:, : len(letters)]
    return MomentSystem(letters, matrix.applyfunc(sp.cancel), constant.applyfunc(sp.cancel))


def nine_variable_matrix(step: Step) -> sp.Matrix:
    """The 9 x 9 matrix of EAMSGD with multiplicative noise on (a, b, c, d, e, f, g, h, k), which the thesis does not print.

    `step` is `stalegrad.algorithms.elastic.eamsgd_step`; symbols eta, alpha, beta, delta, p, u1, u2 (claim EASGD-eamsgd-nine).
    """
    return moment_system(step, EAMSGD, MULTIPLICATIVE).matrix


def eamsgd_stationary(step: Step) -> dict[str, sp.Expr]:
    r"""Stationary second moments of EAMSGD with additive noise (claim EASGD-eamsgd-stationary).

    `step` is `stalegrad.algorithms.elastic.eamsgd_step`. "y2" is that of the spatial average, "x2" that of the centre, both in
    units of :math:`\eta^2\sigma^2/p`, in the symbols `eta_h` :math:`=\eta h`, `delta_h` :math:`=\delta(1-\eta h)`, alpha and beta.
    """
    noise = sp.Symbol("noise", positive=True)
    averages = moment_system(step, EAMSGD, ADDITIVE).part("fkdeca")
    shorter = {delta: delta_h / (1 - eta_h), eta: eta_h / h, sigma: sp.sqrt(noise * p) * h / eta_h}
    matrix, constant = (part.subs(shorter, simultaneous=True).applyfunc(sp.cancel) for part in (averages.matrix, averages.constant))
    moments = MomentSystem(averages.letters, matrix, constant.subs(noise, 1)).stationary()
    return {"y2": sp.factor(moments["d"]), "x2": sp.factor(moments["a"])}
