"""Computed values of section 3.1 of Zhang's thesis (paper key `EASGD`), all with elastic averaging, alpha = beta / p."""

from __future__ import annotations

from stalegrad.theory.easgd.centre import centre_moments, double_average
from stalegrad.theory.formula import check_domain


def lemma(t, p, eta, beta, h=1.0, sigma=1.0, centre0=1.0, local0=1.0) -> dict:
    """Bias, variance and mean squared error of the centre at step t, or as t grows for "inf" (EASGD-L3.1.1)."""
    _check_workers(p)
    moments = centre_moments(t, p, eta, beta / p, beta, h, sigma, centre0, local0)
    return {name: float(value) for name, value in moments.items()}


def figure(t, p, eta, beta) -> float:
    """Mean squared error of the centre in Figure 3.1: start 1, h = 1, sigma = 10; infinite where it diverges (EASGD-F3.1)."""
    return lemma(t, p, eta, beta, h=1.0, sigma=10.0)["mse"]


def normalised_variance(t, p, eta, beta, h=1.0, sigma=1.0) -> float:
    """t times the variance of the average of the first t centres, from constant starts (EASGD-L3.1.2)."""
    _check_workers(p)
    check_domain(h=h, sigma=sigma)
    return float(t * double_average(t, p, eta, beta / p, beta, [[h]], [[sigma**2]])["covariance"][0, 0])


def _check_workers(p) -> None:
    """Before dividing by p."""
    check_domain({"p": "at least 1"}, p=p)


VALUES = {"EASGD-L3.1.1": lemma, "EASGD-F3.1": figure, "EASGD-L3.1.2": normalised_variance}
WORDS = {"EASGD-L3.1.1": {"t": ("inf",)}, "EASGD-F3.1": {"t": ("inf",)}}
