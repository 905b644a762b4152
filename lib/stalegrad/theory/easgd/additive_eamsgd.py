r"""Section 5.1.3, third part: EAMSGD with additive noise, (5.20) and (5.21), and its stationary variance, which the thesis leaves out.

The averages of the velocities, of the local variables and the centre form a system of three, with the characteristic polynomial -v of
(5.21). In :math:`k=\alpha+\beta` and :math:`w=1-\delta_h+\delta_hk` the stationary moments fit on two lines; their denominators are the
edges of stability, :math:`N=v(-1)` and J, which vanishes where two eigenvalues of the three have the product 1.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.additive import ONE_CURVATURE, SHORTHANDS, UNIT_NOISE, UNITS, delta_h, eta_h
from stalegrad.theory.easgd.symbols import WORKERS, alpha, beta, delta, eta, p, z
from stalegrad.theory.formula import Formula, register

RATES = ("eta", "alpha", "beta", "delta", "h")
WORKER = sp.Matrix([[delta_h, -eta_h], [delta_h, 1 - eta_h - alpha]])
"""What (v^i, x^i) of a worker do to themselves: the diagonal block of (5.20)."""
REDUCED = sp.Matrix([[delta_h, -eta_h, 0], [delta_h, 1 - eta_h - alpha, alpha], [0, beta, 1 - beta]])
"""Drift of the averages of v^i and x^i, and of the centre."""


def drift_matrix(n_workers: int) -> sp.Matrix:
    """M_p of (5.20): drift of (v^1, x^1, ..., v^p, x^p, centre), for p = `n_workers`."""
    matrix = sp.diag(*[WORKER] * n_workers, 1 - beta)
    for worker in range(n_workers):
        matrix[2 * worker + 1, -1] = alpha
        matrix[-1, 2 * worker + 1] = beta / n_workers
    return matrix


register(Formula("EASGD-5.20", drift_matrix(2), RATES, defaults=ONE_CURVATURE, where=SHORTHANDS, lhs="M_2"))


def _factors(u_sign: int, momentum, rate) -> dict[str, sp.Expr]:
    return {
        "u": z**2 - (1 - rate - alpha + u_sign * momentum) * z + momentum * (1 - alpha),
        "v": (momentum - z) * (1 - rate - alpha - z) * (1 - beta - z) + rate * momentum * (1 - beta - z) - alpha * beta * (momentum - z),
    }


FACTORS = register(
    Formula(
        "EASGD-5.21",
        _factors(1, delta_h, eta_h),
        ("z", *RATES),
        defaults=ONE_CURVATURE,
        printed=_factors(-1, delta, eta),
        where=SHORTHANDS,
    )
)
r"""The factors of :math:`\det(M_p-z)=u(z)^{p-1}v(z)`; the printed form is in :math:`\delta,\eta` and has the opposite sign of delta in u."""

k, w, N, J = sp.symbols("k w N J", real=True)
_x2 = beta * ((1 + delta_h) * (2 - k) * w - eta_h * (w - beta)) / (eta_h * N * J)
STATIONARY = register(
    Formula(
        "EASGD-eamsgd-stationary",
        {
            "y2": (_x2 + 2 * (1 - beta) * (1 + delta_h - delta_h * k) / (N * J)) * UNIT_NOISE / p,
            "x2": _x2 * UNIT_NOISE / p,
        },
        ("eta", "alpha", "beta", "delta", "h", "sigma", "p"),
        defaults={**UNITS, "p": 1.0},
        where={
            N: 2 * (1 + delta_h) * (2 - k) - eta_h * (2 - beta),
            J: w * ((1 - delta_h) * k + eta_h) - beta * eta_h,
            w: 1 - delta_h + delta_h * k,
            k: alpha + beta,
            **SHORTHANDS,
        },
        domains=WORKERS,
    )
)
