"""The two limits of chapter 5 of the thesis are delay equations without delay."""

import numpy as np
import pytest

import stalegrad as sg

ETA, TIMES = 0.1, np.array([0.5, 1.0, 3.0])


@pytest.mark.claim("EASGD-5.2", "exact")
def test_ornstein_uhlenbeck(check):
    """dX = -h X dt + sqrt(eta) sigma dB: mean and variance of the process in closed form."""
    h, sigma = 1.5, 0.7
    limit = sg.sdde(sg.problems.noisy_quadratic(h, sigma), ETA, sg.none())
    found = sg.moments.exact_limit(limit, 2.0, TIMES)
    variance = ETA * sigma**2 / (2 * h) * (1 - np.exp(-2 * h * TIMES))
    check("mean", found.mean[:, 0], 2 * np.exp(-h * TIMES), 1e-12)
    check("variance", found.second_moment[:, 0, 0] - found.mean[:, 0] ** 2, variance, 1e-12)


@pytest.mark.claim("EASGD-5.24", "exact")
def test_geometric_brownian_motion(check):
    """dX = -h X dt + sqrt(eta lam)/omega X dB: log E X^2 grows at -2 h + eta lam/omega^2, and the scheme's error falls with its step."""
    lam, omega = 0.5, 0.7
    problem, growth = sg.problems.gamma_quadratic(lam, omega), -2 * lam / omega + ETA * lam / omega**2

    def rate(substeps):
        limit = sg.sdde(problem, ETA, sg.none(), substeps=substeps)
        second = sg.moments.of(limit, 2.0, n_steps=10).second_moment[:, 0, 0]
        return np.log(second[10] / second[0]) / (10 * limit.discretised().dt)

    coarse, fine = rate(50), rate(100)
    assert 1.9 < (coarse - growth) / (fine - growth) < 2.1
    check("growth of E X^2, two steps extrapolated to none", 2 * fine - coarse, growth, 1e-5)
    sme = sg.sme_sgd(problem, ETA)  # the other limit keeps a term of order eta in the drift
    assert abs(-sg.moments.decay_rate(sme) - growth) > 0.02
