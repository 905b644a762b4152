"""Computed values of the thesis' sections 3.2 and 3.3 (paper key `EASGD`)."""

from __future__ import annotations

from stalegrad import theory
from stalegrad.engine.checks import whole
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import round_robin
from stalegrad.theory.formula import check_domain


def bounds_at_infinity(mu, L, eta, alpha, beta, p, sigma) -> dict:
    """Fixed point of the recursion of Theorem 3.2.1 (EASGD-T3.2.1); a bound where its matrix has no negative entry."""
    return theory.formula("EASGD-3.2-stationary").numeric(mu=mu, L=L, eta=eta, alpha=alpha, beta=beta, p=p, sigma=sigma)


def admm_radius(p, eta, rho) -> float:
    """Spectral radius of a round-robin sweep of ADMM (EASGD-F3.2, EASGD-3.3-admm-unstable)."""
    p = whole(p, "p", 1)
    check_domain({"rho": "at least 0"}, eta=eta, rho=rho)
    return float(spectral_radius_of(round_robin.admm_sweep(p, eta, rho)))


def admm_centre(t) -> float:
    """Centre of Figure 3.3 after t turns: p = 3, eta = 0.001, rho = 2.5, start 1000 with multipliers 0 (EASGD-F3.3)."""
    return round_robin.admm_centre(t)


def largest_alpha(p, eta) -> float:
    """Largest stable moving rate of round-robin EASGD (EASGD-3.3-easgd-stability)."""
    return round_robin.largest_alpha(p, eta)


def printed_alpha(p, eta) -> float:
    """The same as printed, whatever p; right for odd p."""
    whole(p, "p", 1)
    return round_robin.EASGD_EDGE.numeric_printed(eta=eta, psi=0.0)


VALUES = {
    "EASGD-T3.2.1": bounds_at_infinity,
    "EASGD-F3.2": admm_radius,
    "EASGD-3.3-admm-unstable": admm_radius,
    "EASGD-F3.3": admm_centre,
    "EASGD-3.3-easgd-stability": largest_alpha,
}
PRINTED = {"EASGD-3.3-easgd-stability": printed_alpha}
