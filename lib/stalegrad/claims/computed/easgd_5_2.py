"""Computed values of section 5.2 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

from stalegrad.moments import gamma_noise
from stalegrad.theory.formula import check_domain


def density(lam, xi) -> float:
    """Density of the Gamma law with omega = lam at xi (EASGD-F5.9)."""
    return float(gamma_noise.density(xi, lam, lam))


def msgd_at(shape):
    """Map of (5.30) with lam = omega = `shape` (EASGD-F5.10 to EASGD-F5.12)."""

    def radius(eta, delta) -> float:
        return float(gamma_noise.msgd_radius(eta, delta, shape, shape))

    return radius


def msgd_at_best_rate(lam, delta) -> float:
    """The same at omega = lam and eta = lam/(lam + 1), the best rate without momentum (EASGD-F5.13)."""
    check_domain(lam=lam)
    return float(gamma_noise.msgd_radius(lam / (lam + 1.0), delta, lam, lam))


def msgd(eta, delta, lam, omega) -> float:
    """Spectral radius of (5.30) (EASGD-F5.14)."""
    return float(gamma_noise.msgd_radius(eta, delta, lam, omega))


def easgd_at(shape):
    """Map of (5.34) with lam = omega = `shape`, beta = 0.9, alpha = beta/p (EASGD-F5.15 to EASGD-F5.18)."""

    def radius(eta, p) -> float:
        check_domain({"p": "at least 1"}, p=p)
        return float(gamma_noise.setting_of_workers(shape).radius(eta, p))

    return radius


def easgd_alpha(eta, alpha) -> float:
    """Map of (5.34) with lam = omega = 0.5, beta = 0.9, p = 100 (EASGD-F5.19)."""
    return float(gamma_noise.setting_of_alpha().radius(eta, alpha))


def eamsgd(eta, alpha, beta, delta, p, lam, omega) -> float:
    """Spectral radius of EAMSGD's map of nine second moments (EASGD-eamsgd-nine)."""
    return float(gamma_noise.eamsgd_radius(eta, alpha, beta, delta, p, lam, omega))


def minimum(setting):
    """Lowest point of a map, on the thesis' presumable grid and over real arguments."""

    def both() -> dict:
        grid = setting.on_grid()
        return {"grid": grid, "continuous": setting.continuous(near=grid)}

    return both


VALUES = {
    "EASGD-F5.9": density,
    "EASGD-F5.10": msgd_at(0.5),
    "EASGD-F5.11": msgd_at(1.0),
    "EASGD-F5.12": msgd_at(2.0),
    "EASGD-F5.13": msgd_at_best_rate,
    "EASGD-F5.14": msgd,
    "EASGD-F5.15": easgd_at(0.5),
    "EASGD-F5.16": easgd_at(1.0),
    "EASGD-F5.17": easgd_at(2.0),
    "EASGD-F5.18": easgd_at(10.0),
    "EASGD-F5.19": easgd_alpha,
    "EASGD-eamsgd-nine": eamsgd,
    "EASGD-sp-easgd-0.5": minimum(gamma_noise.setting_of_workers(0.5)),
    "EASGD-sp-easgd-1": minimum(gamma_noise.setting_of_workers(1.0)),
    "EASGD-sp-easgd-2": minimum(gamma_noise.setting_of_workers(2.0)),
    "EASGD-sp-easgd-10": minimum(gamma_noise.setting_of_workers(10.0, top=2.0)),
    "EASGD-sp-easgd-alpha": minimum(gamma_noise.setting_of_alpha()),
}
PRINTED = {"EASGD-F5.9": density}
"""The figure has omega = lam, where the misprinted normaliser Gamma(omega) is the right one."""
