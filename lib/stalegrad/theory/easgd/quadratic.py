r"""Chapters 1 to 3.1: the update rules, and bias, variance and stability of synchronous EASGD on quadratics.

Coordinates have the minimum at 0, as in the proofs of the thesis. The centre sees the p workers only through their
average :math:`y_t`, so the pair :math:`(y_t,\tilde x_t)` carries everything that (3.2) to (3.26) speak of.
Numbers for every t, stable where the closed forms are not, are in `stalegrad.theory.easgd.centre`.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.symbols import WORKERS, alpha, beta, delta, eta, h, p, rho, sigma, t, z
from stalegrad.theory.formula import Formula, register

local, centre, average, velocity, slope, noise, offset = sp.symbols("x centre y v g xi b", real=True)
"""A local variable, the centre, the average of the local variables, a velocity, a stochastic gradient, its noise, and b of (3.1)."""
centre0, local0 = sp.symbols("centre0 local0", real=True)
"""Starts of the centre and of the average of the local variables, measured from the minimum."""
gamma, phi, projection = sp.symbols("gamma phi u")
a, c2, u0 = sp.Symbol("a", real=True), sp.Symbol("c^2", real=True), sp.Symbol("u_0")
"""Shorthands of Lemma 3.1.1: the two roots, the projection on the second eigenvector, and the coefficients of (3.26)."""

_NAMES = {
    "x": "x^i_t",
    "centre": r"\tilde x_t",
    "y": r"\tfrac1p\textstyle\sum_i x^i_t",
    "v": "v^i_t",
    "g": "g^i_t",
    "xi": r"\xi^i_t",
    "centre0": r"(\tilde x_0-x^*)",
    "local0": r"(\tfrac1p\textstyle\sum_i x^i_0-x^*)",
}

TRACE = eta * h + (p + 1) * alpha
PRODUCT = eta * h * p * alpha
GAMMA = 1 - (a - sp.sqrt(a**2 - 4 * c2)) / 2
PHI = 1 - (a + sp.sqrt(a**2 - 4 * c2)) / 2
ELASTIC = {beta: p * alpha}
"""The elastic relation beta = p alpha, under which sections 3.1.1 and 3.1.2 work."""

_ROOTS = {gamma: GAMMA, phi: PHI, a: TRACE, c2: PRODUCT}

# Update rules.

register(Formula("EASGD-2.1", local - eta * (slope + rho * (local - centre)), ("x", "g", "centre", "eta", "rho"), lhs="x^i_{t+1}", names=_NAMES))
register(
    Formula(
        "EASGD-2.2",
        centre + eta * rho * p * (average - centre),
        ("centre", "y", "eta", "rho", "p"),
        lhs=r"\tilde x_{t+1}",
        names=_NAMES,
        domains=WORKERS,
    )
)
register(Formula("EASGD-2.3", local - eta * slope - alpha * (local - centre), ("x", "g", "centre", "eta", "alpha"), lhs="x^i_{t+1}", names=_NAMES))
register(Formula("EASGD-2.4", (1 - beta) * centre + beta * average, ("centre", "y", "beta"), lhs=r"\tilde x_{t+1}", names=_NAMES))

_velocity = delta * velocity - eta * slope
for _id, _at in (("EASGD-2.5", r"g^i_t(x^i_t+\delta v^i_t)"), ("EASGD-2.6", "g^i_t(x^i_t)")):
    register(
        Formula(
            _id,
            {"v^i_{t+1}": _velocity, "x^i_{t+1}": local + _velocity - eta * rho * (local - centre)},
            ("x", "v", "g", "centre", "eta", "rho", "delta"),
            names={**_NAMES, "g": _at},
        )
    )

register(Formula("EASGD-3.1", h * local - offset - noise, ("x", "h", "b", "xi"), lhs="g^i_t(x^i_t)", names=_NAMES))

# The pair (average, centre) and its roots.

REDUCED = sp.Matrix([[1 - eta * h - alpha, alpha], [beta, 1 - beta]])
"""Drift of (y_t, centre), one dimension: (3.18) and (3.19)."""

register(Formula("EASGD-3.22", REDUCED, ("eta", "alpha", "beta", "h"), lhs="M"))
register(
    Formula(
        "EASGD-3.26",
        z**2 - (2 - a) * z + (1 - a + c2),
        ("z", "eta", "alpha", "p", "h"),
        lhs=r"\chi(z)",
        where={a: TRACE, c2: PRODUCT},
        domains=WORKERS,
    )
)
register(
    Formula(
        "EASGD-3.4",
        {"gamma": GAMMA, "phi": PHI},
        ("eta", "alpha", "p", "h"),
        where={a: TRACE, c2: PRODUCT},
        domains=WORKERS | {"eta": "a number"},
    )
)

# Lemma 3.1.1 and what follows from it.

_geometric = (gamma**t - phi**t) / (gamma - phi)
BIAS = gamma**t * centre0 + _geometric * alpha * u0
PROJECTED_START = p * (local0 - alpha / (1 - p * alpha - phi) * centre0)
UNIT_VARIANCE = (
    (gamma**2 - gamma ** (2 * t)) / (1 - gamma**2)
    + (phi**2 - phi ** (2 * t)) / (1 - phi**2)
    - 2 * (gamma * phi - (gamma * phi) ** t) / (1 - gamma * phi)
) / (gamma - phi) ** 2
r"""Sum of :math:`((\gamma^n-\phi^n)/(\gamma-\phi))^2` over n = 1 .. t-1: each squared impulse response that has reached the centre."""

register(
    Formula(
        "EASGD-3.2",
        BIAS,
        ("t", "p", "eta", "alpha", "h", "centre0", "local0"),
        lhs=r"E[\tilde x_t-x^*]",
        where={u0: PROJECTED_START, **_ROOTS},
        names=_NAMES,
        domains=WORKERS,
    )
)
register(
    Formula(
        "EASGD-3.3",
        p**2 * alpha**2 * eta**2 * UNIT_VARIANCE * sigma**2 / p,
        ("t", "p", "eta", "alpha", "h", "sigma"),
        lhs=r"V[\tilde x_t-x^*]",
        where=_ROOTS,
        domains=WORKERS,
    )
)
register(
    Formula(
        "EASGD-3.7",
        phi * projection + eta * noise,
        ("u", "phi", "eta", "xi"),
        lhs="u_{t+1}",
        names={"u": "u_t", "xi": r"\xi_t"},
        domains={"u": "a number"},
    )
)
register(
    Formula(
        "EASGD-3.8",
        gamma * centre + alpha * projection,
        ("centre", "u", "gamma", "alpha"),
        lhs=r"\tilde x_{t+1}",
        names={**_NAMES, "u": "u_t"},
        domains={"gamma": "a number", "u": "a number"},
    )
)

_stable = sp.And(beta > 0, beta < 2, eta * h < 2)
_crowd = beta * eta * h / ((2 - beta) * (2 - eta * h)) * (2 - beta - eta * h + beta * eta * h) / (beta + eta * h - beta * eta * h)
CROWD = register(
    Formula(
        "EASGD-C3.1.1",
        sp.Piecewise((_crowd * sigma**2 / h**2, _stable), (sp.oo, True)),
        ("eta", "beta", "h", "sigma"),
        lhs=r"\lim_p\lim_t\,p\,E[(\tilde x_t-x^*)^2]",
    )
)
register(Formula("EASGD-3.14", sigma**2 / (p * h**2), ("p", "h", "sigma"), lhs=r"\lim_t\,t\,V[z_t]", domains=WORKERS))


_trace, _product = eta * h + alpha + beta, eta * h * beta
STATIONARY = Formula(
    "EASGD-3.3",
    beta**2 * eta**2 * (2 - _trace + _product) / (_product * (4 - 2 * _trace + _product) * (_trace - _product)) * sigma**2 / p,
    ("p", "eta", "alpha", "beta", "h", "sigma"),
    lhs=r"\lim_tV[\tilde x_t]",
    domains=WORKERS,
)
r"""(3.3) as t grows, for any alpha and beta that are stable: the roots enter through their sum and product only.

:math:`\beta^2\eta^2\frac{1+\gamma\phi}{(1-\gamma^2)(1-\phi^2)(1-\gamma\phi)}\frac{\sigma^2}{p}`, free of the square root.
"""


def impulse_response(n: int) -> sp.Expr:
    """What a unit push of the average does to the centre n steps later, divided by beta."""
    return sp.expand((REDUCED**n)[1, 0] / beta)


def penalised_objective(workers: int, objective: sp.Expr, at: sp.Symbol):
    """Objective (1.2) with the expectation written as `objective` in the symbol `at`, and its variables (workers, then centre)."""
    variables = sp.symbols(f"x1:{workers + 1}", real=True)
    terms = (objective.subs(at, x) + rho / 2 * (x - centre) ** 2 for x in variables)
    return sum(terms), (*variables, centre)
