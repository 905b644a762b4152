"""Computed values of section 5.1 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

from stalegrad.moments import additive_noise as additive
from stalegrad.theory.formula import check_domain


def _numbers(found: dict) -> dict:
    return {name: float(value) for name, value in found.items()}


def momentum_stationary(eta, delta, h, sigma) -> dict:
    """(5.7), EASGD-5.7."""
    return _numbers(additive.momentum_stationary(eta, delta, h, sigma))


def elastic_stationary(eta, alpha, beta, h, sigma, p) -> dict:
    """(5.14), EASGD-5.14."""
    return _numbers(additive.elastic_stationary(eta, alpha, beta, h, sigma, p))


def eamsgd_stationary(eta, alpha, beta, delta, h, sigma, p) -> dict:
    """Stationary variance of EAMSGD, EASGD-eamsgd-stationary."""
    return _numbers(additive.eamsgd_stationary(eta, alpha, beta, delta, h, sigma, p))


def figure1(eta, delta) -> float:
    """Radius of (5.6), EASGD-F5.1."""
    return float(additive.momentum_radius(eta, delta))


def figure2(eta, alpha) -> float:
    """Radius of (5.12), EASGD-F5.2."""
    return float(additive.reduced_radius(eta, alpha))


def figure3(alpha, t) -> float:
    """E centre_t^2 at eta = 0.1, EASGD-F5.3."""
    return additive.centre_second_moment(alpha, t, additive.SMALL_RATE)


def figure4(alpha) -> list:
    """Moduli of (5.19) at eta = 0.1, EASGD-F5.4."""
    return [float(value) for value in additive.moduli(alpha, additive.SMALL_RATE)]


def figure5(alpha) -> list:
    """Moduli of (5.19) at eta = 1.5, EASGD-F5.5."""
    return [float(value) for value in additive.moduli(alpha, additive.LARGE_RATE)]


def figure6(eta, alpha) -> float:
    """Radius of (5.18), EASGD-F5.6."""
    return float(additive.drift_radius(eta, alpha))


def figure7(alpha, t) -> float:
    """E centre_t^2 at eta = 1.5, EASGD-F5.7."""
    return additive.centre_second_moment(alpha, t, additive.LARGE_RATE)


def figure8(eta, alpha) -> float:
    """Radius of (5.20), EASGD-F5.8."""
    return float(additive.momentum_drift_radius(eta, alpha))


def full_optimal(eta, beta) -> dict:
    """True optimum of the full system, EASGD-easgd-full-optimal."""
    return _numbers(additive.full_optimum(eta, beta))


def full_optimal_printed(eta, beta) -> dict:
    """The printed rule, and the radius that it attains."""
    return _numbers(additive.full_optimum(eta, beta, printed=True))


def eamsgd_optimal(eta, beta=additive.BETA, delta=additive.MOMENTUM) -> dict:
    """The best alpha of EAMSGD by search, EASGD-eamsgd-optimal."""
    check_domain(eta=eta, beta=beta, delta=delta)
    return additive.best_alpha(eta, beta, delta)


VALUES = {
    "EASGD-5.7": momentum_stationary,
    "EASGD-5.14": elastic_stationary,
    "EASGD-F5.1": figure1,
    "EASGD-F5.2": figure2,
    "EASGD-F5.3": figure3,
    "EASGD-F5.4": figure4,
    "EASGD-F5.5": figure5,
    "EASGD-F5.6": figure6,
    "EASGD-F5.7": figure7,
    "EASGD-F5.8": figure8,
    "EASGD-easgd-full-optimal": full_optimal,
    "EASGD-eamsgd-optimal": eamsgd_optimal,
    "EASGD-eamsgd-stationary": eamsgd_stationary,
}
PRINTED = {"EASGD-easgd-full-optimal": full_optimal_printed}
