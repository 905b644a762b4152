"""Computed values of An, Lu and Ying (paper key `SME`)."""

from __future__ import annotations

from stalegrad import moments, theory
from stalegrad.claims.figure5 import right_hand_well


def second_moment_eigenvalues(eta, mu, a) -> list:
    """The three eigenvalues of B(μ, η) as a list (SME-second-moment-eigenvalues)."""
    return list(theory.formula("SME-second-moment-eigenvalues").numeric(eta=eta, mu=mu, a=a).values())


def figure4(model, mu, k) -> dict:
    """Exact moments of one curve of Figure 4 at step k (SME-F4)."""
    return moments.figure4(model, mu, k)


VALUES = {
    "SME-second-moment-eigenvalues": second_moment_eigenvalues,
    "SME-exact-moments": moments.exact_moments,
    "SME-best-mu": moments.best_mu,
    "SME-F4": figure4,
    "SME-F5": right_hand_well,
}
WORDS = {
    "SME-exact-moments": {"k": ("inf",)},
    "SME-F4": {"model": ("asgd", "sme-asgd", "sme-sgd")},
    "SME-F5": {"model": ("asgd", "sme-asgd", "sme-sgd")},
}
