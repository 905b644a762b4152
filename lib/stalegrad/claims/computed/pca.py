"""Computed values of Liu et al. (paper key `PCA`); lists of eigenvalues are lambda_1 > lambda_2 >= ... > 0."""

from __future__ import annotations

from stalegrad import theory
from stalegrad.theory.formula import check_domain
from stalegrad.theory.pca import flow, phases, stability, symbols
from stalegrad.theory.pca.diffusion import delayed_variance


def ode_solution(H0, lam, momentum, t) -> list:
    """The flow (7) at time t from H0, in the basis of the eigenvectors (PCA-ode-solution)."""
    return flow.solution(H0, lam, momentum, t).tolist()


def ode_solution_printed(H0, lam, momentum, t) -> list:
    """The closed form as printed, of length 1 whatever the start; the same on the sphere (PCA-ode-solution)."""
    return flow.solution(H0, lam, momentum, t, printed=True).tolist()


def settling_time(eta, momentum, lam, delta2, eps, phi) -> float:
    """T_3 (PCA-P6)."""
    return theory.formula("PCA-P6").numeric(**_phase_three(eta, momentum, lam, delta2, eps, phi))


def settling_time_printed(eta, momentum, lam, delta2, eps, phi) -> float:
    """T_3 as printed, without the factor 4 (PCA-P6)."""
    return theory.formula("PCA-P6").numeric_printed(**_phase_three(eta, momentum, lam, delta2, eps, phi))


def _phase_three(eta, momentum, lam, delta2, eps, phi) -> dict:
    return {"eta": eta, "momentum": momentum, "gap": symbols.eigengap(lam), "delta2": delta2, "eps": eps, "phi": phi}


def crossing_time(momentum, lam, delta2, eta=1.0) -> float:
    """T_2, in units of time t = k eta, in which eta does not occur (PCA-P8)."""
    check_domain(eta=eta)
    return theory.formula("PCA-P8").numeric(momentum=momentum, gap=symbols.eigengap(lam), delta2=delta2)


def crossing_time_printed(momentum, lam, delta2, eta=1.0) -> float:
    """T_2 as printed, half of it (PCA-P8)."""
    check_domain(eta=eta)
    return theory.formula("PCA-P8").numeric_printed(momentum=momentum, gap=symbols.eigengap(lam), delta2=delta2)


def figure1(momentum, tau, n_runs=100, seed=0) -> dict:
    """Error of one point of Figure 1, simulated, with its standard error and the number of runs that diverged (PCA-F1)."""
    # Imported here: a closed formula must be evaluated without loading the engine.
    from stalegrad.figures.pca import figure1

    return figure1.error(momentum, tau, n_runs, seed)


VALUES = {
    "PCA-ode-solution": ode_solution,
    "PCA-delayed-variance": delayed_variance,
    "PCA-critical-delay": stability.critical_delay,
    "PCA-P6": settling_time,
    "PCA-P8": crossing_time,
    "PCA-P10": phases.escape_time,
    "PCA-F1": figure1,
}
PRINTED = {"PCA-ode-solution": ode_solution_printed, "PCA-P6": settling_time_printed, "PCA-P8": crossing_time_printed}
LISTS = {
    "PCA-ode-solution": ("H0", "lam"),
    "PCA-critical-delay": ("lam",),
    "PCA-P6": ("lam",),
    "PCA-P8": ("lam",),
    "PCA-P10": ("lam",),
}
