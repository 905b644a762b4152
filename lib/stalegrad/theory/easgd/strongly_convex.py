r"""Section 3.2: a recursion that bounds the mean squared errors of EASGD for a strongly convex objective.

:math:`a_t` is the mean squared error of the spatial average :math:`y_t`, :math:`b_t` the average one of the local variables,
:math:`c_t` that of the centre. The proof, step by step, is in `stalegrad.theory.easgd.convex_proof`.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.symbols import WORKERS, L, alpha, beta, eta, mu, p, sigma
from stalegrad.theory.formula import Formula, register

gamma1, gamma2 = sp.symbols("gamma_1 gamma_2", nonnegative=True)
"""Contraction by the curvature, and how much of the spread of the workers comes back as an error of their average."""

RATES = {
    gamma1: 2 * eta * mu * L / (mu + L),
    gamma2: 2 * eta * L * (1 - 2 * sp.sqrt(mu * L) / (mu + L)),
}
SHARP_GAMMA2 = eta * (L - mu) ** 2 / (2 * (mu + L))
r"""The smallest gamma_2 that (3.49) allows: between a quarter and all of the printed one.

With it :math:`\gamma_1+\gamma_2=\eta(\mu+L)/2`, so the theorem's condition on eta keeps every entry of the matrix at 0 or above."""

MATRIX = sp.Matrix(
    [
        [1 - gamma1 - gamma2 - alpha, gamma2, alpha],
        [0, 1 - gamma1 - alpha, alpha],
        [beta, 0, 1 - beta],
    ]
)
CONSTANT = sp.Matrix([eta**2 * sigma**2 / p, eta**2 * sigma**2, 0])

_root = sp.sqrt((alpha + beta + gamma1) ** 2 - 4 * beta * gamma1)
EIGENVALUES = {
    "lambda_1": 1 - alpha - gamma1 - gamma2,
    "lambda_2": 1 + (-alpha - beta - gamma1 + _root) / 2,
    "lambda_3": 1 + (-alpha - beta - gamma1 - _root) / 2,
}

_arguments = ("mu", "L", "eta", "alpha", "beta", "p", "sigma")
_domains = {**WORKERS, "mu": "positive", "L": "positive", "alpha": "in [0, 1)", "beta": "at least 0"}
_conditions = (
    (lambda v: v["mu"] <= v["L"], "mu <= L"),
    (lambda v: v["beta"] <= 1, "beta <= 1"),
    (lambda v: v["eta"] * (v["mu"] + v["L"]) <= 2 * (1 - v["alpha"]) * (1 + 1e-12), "eta <= 2 (1 - alpha) / (mu + L)"),
)

RECURSION = register(
    Formula(
        "EASGD-T3.2.1",
        {"matrix": MATRIX, "constant": CONSTANT},
        _arguments,
        where=RATES,
        domains=_domains,
        requires=_conditions,
    )
)

_level = eta**2 * sigma**2 / (gamma1 * (alpha + gamma1 + gamma2))
_error = (alpha / p + gamma1 / p + gamma2) * _level

STATIONARY = register(
    Formula(
        "EASGD-3.2-stationary",
        {"a": _error, "b": (alpha / p + gamma1 + gamma2) * _level, "c": _error},
        _arguments,
        where=RATES,
        domains={**_domains, "beta": "positive"},
        requires=_conditions,
    )
)
r"""Fixed point of the recursion. It bounds the stationary errors wherever the theorem holds: the fixed point with `SHARP_GAMMA2` does,
since that matrix has no negative entry, and it is the smaller of the two."""

SHARP_STATIONARY = {name: expr.subs(gamma2, SHARP_GAMMA2) for name, expr in STATIONARY.expr.items()}
"""Beyond the thesis: the same with the smallest gamma_2; gamma_1 stands as a symbol."""

NON_NEGATIVE_RATE = (1 - alpha) * (mu + L) / (2 * L * (L + 2 * mu - 2 * sp.sqrt(mu * L)))
r"""Largest eta with :math:`\lambda_1\ge0` as printed: the one of the section's three conditions on eta that implies the others."""

s = sp.Symbol("s", nonnegative=True)
FLOOR_SHARE = 2 / sp.pi * (1 - s) ** 2 / (1 - s + s**2)
r"""Beyond the thesis: on the kinked parabola, :math:`\lim_{p\to\infty}a_\infty` over its value at p = 1, for alpha = 0, eta to 0 and
:math:`s=\sqrt{\mu/L}`. The slope is :math:`\mu x` to the left of 0 and :math:`Lx` to the right, so the stationary law is half of one
normal law beside half of another, and its mean is not the minimum."""


def written_out(expr: sp.Basic) -> sp.Basic:
    """An expression in gamma_1 and gamma_2 in terms of mu, L and eta."""
    return expr.subs(RATES)


def errors_on_a_quadratic(curvature) -> tuple[sp.Matrix, sp.Matrix]:
    r"""Exact one-step map of :math:`(E y^2, E y\tilde x, E\tilde x^2)` in one direction of a quadratic, minimum at 0.

    There the bound can be compared with what it bounds: the spatial average moves as if it were alone,
    :math:`y'=(1-\eta h-\alpha)y+\alpha\tilde x+\eta\xi` with :math:`E\xi^2=\sigma^2/p`.

    Returns
    -------
    matrix : sympy Matrix (3, 3)
    constant : sympy Matrix (3, 1)
    """
    y, x, xi = sp.symbols("y x xi")
    moved_y, moved_x = (1 - eta * curvature - alpha) * y + alpha * x + eta * xi, (1 - beta) * x + beta * y
    rows = [sp.Poly(sp.expand(term), y, x, xi) for term in (moved_y**2, moved_y * moved_x, moved_x**2)]
    matrix = sp.Matrix([[row.coeff_monomial(monomial) for monomial in (y**2, y * x, x**2)] for row in rows])
    return matrix, sp.Matrix([row.coeff_monomial(xi**2) * sigma**2 / p for row in rows])
