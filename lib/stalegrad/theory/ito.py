"""Itô's formula for polynomial moments, in sympy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

Drift = Mapping[sp.Symbol, sp.Expr]
Covariance = Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]


def generator(observable: sp.Expr, drift: Drift, covariance: Covariance) -> sp.Expr:
    r"""Apply :math:`\mathcal L\phi = b\cdot\nabla\phi + \tfrac12 D:\nabla^2\phi`.

    Parameters
    ----------
    observable : sympy expression
        The function :math:`\phi` of the state.
    drift : dict of symbol -> expression
        :math:`b`, one entry a state variable.
    covariance : dict of (symbol, symbol) -> expression
        Entries of :math:`D = \sigma\sigma^T` (noise covariance per unit of time); pairs left out are zero,
        off-diagonal pairs must be given in both orders.
    """
    transport = sum(rate * sp.diff(observable, variable) for variable, rate in drift.items())
    spread = sum(rate * sp.diff(observable, i, j) for (i, j), rate in covariance.items())
    return sp.expand(transport + spread / 2)


def adjoint(density: sp.Expr, drift: Drift, covariance: Covariance) -> sp.Expr:
    r"""Right-hand side of the Fokker-Planck equation, :math:`-\nabla\cdot(b\rho)+\tfrac12\nabla^2:(D\rho)`."""
    transport = -sum(sp.diff(rate * density, variable) for variable, rate in drift.items())
    spread = sum(sp.diff(rate * density, i, j) for (i, j), rate in covariance.items())
    return transport + spread / 2


def ito_moments(drift: Drift, covariance: Covariance, monomials: Sequence[sp.Expr]) -> tuple[sp.Matrix, sp.Matrix]:
    r"""Moment system :math:`\frac{d}{dt}E[m] = B\,E[m] + c` of the monomials `m`.

    Returns
    -------
    B : sympy Matrix, (len(monomials), len(monomials))
    c : sympy Matrix, (len(monomials), 1)

    Raises
    ------
    ValueError
        If the monomials do not close: the message names the moment that is missing.
    """
    variables = list(drift)
    columns = {sp.Poly(m, *variables).monoms()[0]: index for index, m in enumerate(monomials)}
    matrix, constant = sp.zeros(len(monomials)), sp.zeros(len(monomials), 1)
    for row, monomial in enumerate(monomials):
        for powers, coefficient in sp.Poly(generator(monomial, drift, covariance), *variables).terms():
            if not any(powers):
                constant[row] += coefficient
            elif powers in columns:
                matrix[row, columns[powers]] += coefficient
            else:
                missing = sp.prod(v**p for v, p in zip(variables, powers, strict=True))
                raise ValueError(f"moments do not close: d E[{monomial}] needs E[{missing}]; add it to the monomials")
    return matrix, constant
