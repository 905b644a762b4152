"""Computed values of sections 5.3 and 6.2 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

from stalegrad.theory.easgd import nonconvex, unified
from stalegrad.theory.formula import check_domain


def critical_points(rho) -> list[list[float]]:
    """All real solutions [x, y] of (5.37), by x and then y (EASGD-5.39)."""
    return [[point.x, point.y] for point in nonconvex.critical_points(rho)]


def printed_critical_points(rho) -> list[list[float]]:
    """Those of them with x = y or x = -y, said to be all."""
    return [[point.x, point.y] for point in nonconvex.critical_points(rho) if abs(point.x) == abs(point.y)]


def gauss_seidel(eta, alpha, beta) -> dict:
    """Spectral radius and stability of the linear system (6.4) (EASGD-T6.2.1)."""
    check_domain({"alpha": "positive", "beta": "positive"}, eta=eta, alpha=alpha, beta=beta)
    return {"sp": float(unified.radius(eta, alpha, beta)), "stable": bool(unified.stable(eta, alpha, beta))}


def learning_rates(alpha, beta) -> list[float]:
    """Ends of the interval of stable learning rates of (6.3), beta > 2; empty if there are none (EASGD-6.2-downpour)."""
    return list(unified.stable_learning_rates(alpha, beta) or ())


VALUES = {
    "EASGD-5.39": critical_points,
    "EASGD-T6.2.1": gauss_seidel,
    "EASGD-6.2-downpour": learning_rates,
}
PRINTED = {"EASGD-5.39": printed_critical_points}
