r"""Section 5.1.2: Nesterov's momentum SGD with additive noise, (5.4) to (5.8), and what follows from them.

With :math:`a=1-\eta_h+\delta_h` the means of (5.4) have the characteristic polynomial :math:`\lambda^2-a\lambda+\delta_h`. The
eigenvalues of the second moments are :math:`\delta_h=\lambda_1\lambda_2`, :math:`\lambda_1^2` and :math:`\lambda_2^2`. So
:math:`2b=a^2-2\delta_h`, and everything said of (5.8) is a statement about a monic quadratic.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.additive import NAMES, ONE_CURVATURE, SHORTHANDS, UNIT_NOISE, UNITS, delta_h, eta_h, v, x, xi
from stalegrad.theory.easgd.symbols import delta, eta, h, sigma
from stalegrad.theory.formula import Formula, register

_ARGUMENTS = ("eta", "delta", "h", "sigma")

_velocity = delta * v - eta * (h * (x + delta * v) - xi)
UPDATE = register(Formula("EASGD-5.4", {"v_{t+1}": _velocity, "x_{t+1}": x + _velocity}, ("x", "v", "xi", "eta", "delta", "h"), names=NAMES))

SQUARES = register(
    Formula(
        "EASGD-5.5",
        {
            "v_{t+1}^2": (delta_h * v - eta_h * x + eta * xi) ** 2,
            "v_{t+1}x_{t+1}": (delta_h * v - eta_h * x + eta * xi) * (delta_h * v + (1 - eta_h) * x + eta * xi),
            "x_{t+1}^2": (delta_h * v + (1 - eta_h) * x + eta * xi) ** 2,
        },
        ("x", "v", "xi", "eta", "delta", "h"),
        where=SHORTHANDS,
        names=NAMES,
    )
)

MATRIX = sp.Matrix(
    [
        [delta_h**2, -2 * delta_h * eta_h, eta_h**2],
        [delta_h**2, delta_h * (1 - 2 * eta_h), -eta_h * (1 - eta_h)],
        [delta_h**2, 2 * delta_h * (1 - eta_h), (1 - eta_h) ** 2],
    ]
)
"""M of (5.6), on (E v^2, E vx, E x^2)."""
ORDER = (v**2, v * x, x**2)

register(Formula("EASGD-5.6", {"matrix": MATRIX, "constant": UNIT_NOISE * sp.ones(3, 1)}, _ARGUMENTS, defaults=UNITS, where=SHORTHANDS))

GAP = 2 * (1 + delta_h) - eta_h
"""Positive, together with |delta_h| < 1 and eta_h > 0, exactly where M of (5.6) is stable."""
_over = (1 - delta_h) * GAP

STATIONARY = register(
    Formula(
        "EASGD-5.7",
        {
            "v2": 2 / _over * UNIT_NOISE,
            "vx": 1 / _over * UNIT_NOISE,
            "x2": (1 + delta_h) / (eta_h * _over) * UNIT_NOISE,
        },
        _ARGUMENTS,
        defaults=UNITS,
        where=SHORTHANDS,
    )
)

B = ((1 - eta_h) ** 2 - 2 * eta_h * delta_h + delta_h**2) / 2
"""b of (5.8); c is delta_h^2."""
_root = sp.sqrt(B**2 - delta_h**2)
EIGENVALUES = register(
    Formula("EASGD-5.8", {"z_1": delta_h, "z_2": B - _root, "z_3": B + _root}, ("eta", "delta", "h"), defaults=ONE_CURVATURE, where=SHORTHANDS)
)

VARIANCE_RATIO = register(
    Formula(
        "EASGD-msgd-variance",
        (1 + delta_h) * (2 - eta_h) / _over,
        ("eta", "delta", "h"),
        defaults=ONE_CURVATURE,
        lhs=r"\underline{x}^2_\infty(\delta)/\underline{x}^2_\infty(0)",
        where=SHORTHANDS,
    )
)

OPTIMAL = register(
    Formula(
        "EASGD-msgd-optimal",
        {
            "delta_h": (sp.sqrt(eta_h) - 1) ** 2,
            "delta": (1 - sp.sqrt(eta_h)) / (1 + sp.sqrt(eta_h)),
            "sp": (sp.sqrt(eta_h) - 1) ** 2,
        },
        ("eta", "h"),
        defaults=ONE_CURVATURE,
        where={eta_h: eta * h},
    )
)

_at_one = (2 - eta_h) / (4 - 3 * eta_h) * sigma**2 / h**2
LIMIT = register(
    Formula(
        "EASGD-msgd-limit",
        sp.Piecewise((_at_one, 3 * eta_h < 4), (sp.oo, True)),
        ("eta", "h", "sigma"),
        defaults=UNITS,
        printed=_at_one,
        lhs=r"\lim_{\delta\to1}\underline{x}^2_\infty",
        where={eta_h: eta * h},
    )
)


def heavy_ball_variance(momentum) -> sp.Expr:
    r"""Stationary variance if :math:`\delta_h=\delta` does not depend on the curvature: infinite as the momentum tends to 1."""
    return STATIONARY.expr["x2"].subs(delta_h, momentum)
