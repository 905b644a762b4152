"""SME-temperature: what the temperature of (2.5) decides, and what it does not."""

import numpy as np
import pytest

import stalegrad as sg

ETA, MU, CURVATURE = 0.01, 0.9, 2.0
LATE = np.array([8.0, 9.0])  # the second mode has died out to exp(-11) by then


def second_moments(problem, Sigma, times):
    limit = sg.sme_asgd_linear(problem, eta=ETA, mu=MU, Sigma=Sigma)
    return sg.moments.exact_limit(limit, 1.0, times).second_moment[:, 0, 0]


@pytest.mark.claim("SME-temperature", "exact")
@pytest.mark.parametrize("Sigma", [1.0, 100.0])
def test_temperature_is_the_stationary_width(square, Sigma, check):
    """a E M^2 = Sigma eta / 2 once the start is forgotten."""
    width = CURVATURE * second_moments(square, Sigma, [40.0])[0]
    check(f"temperature at Sigma = {Sigma}", width, Sigma * ETA / 2, 1e-9 * Sigma)


@pytest.mark.claim("SME-temperature", "counterexample")
def test_temperature_does_not_decide_the_rate(square, check):
    """At a hundred times the temperature the second moment approaches its limit at the same rate, set by the friction."""
    kappa = np.sqrt((1 - MU) / ETA)
    slowest = kappa - np.sqrt(kappa**2 - 4 * CURVATURE)
    for Sigma in (1.0, 100.0):
        left = second_moments(square, Sigma, LATE) - second_moments(square, Sigma, [60.0])
        check(f"rate at Sigma = {Sigma}", np.log(left[0] / left[1]), slowest, 1e-3)
