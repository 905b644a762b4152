"""Expected reads and matched variances: the numbers behind the figures of sections 2.1 and A."""

import numpy as np
import pytest

from stalegrad.figures.sme import langevin
from stalegrad.problems import quadratic
from stalegrad.staleness import geometric


def test_expected_reads_are_averages_over_the_staleness():
    path, mu, k = np.array([1.0, 0.5, -0.3, 0.2]), 0.7, 3
    lags = np.arange(300)
    direct = geometric(mu).pmf(lags) @ path[np.maximum(k - lags, 0)]
    assert langevin.expected_reads(path, mu)[k] == pytest.approx(direct, abs=1e-12)


def test_matched_variances_part_as_the_staleness_grows():
    """In units of the common level: momentum SGD stays near 1, ASGD's iterate is near 1 + a eta/(1 - mu)."""
    mus, problem, eta = np.array([0.5, 0.99]), quadratic([[1.0], [-1.0]], curvature=2.0), 0.01
    found = langevin.matched_variances(problem, eta, mus)
    excess = 2.0 * eta / (1 - mus)
    assert found["msgd"] == pytest.approx([1, 1], abs=0.01)
    assert found["sme-asgd"] == pytest.approx(1 + excess, rel=1e-12)
    assert found["asgd"] == pytest.approx(1 + excess, rel=0.05)


@pytest.mark.claim("SME-5.2", "counterexample")
def test_momentum_sgd_is_not_the_euler_scheme_of_its_limit():
    """Halving the step quarters the error of the one and halves that of the other."""
    errors = langevin.scheme_errors(quadratic([[1.0], [-1.0]]), 2.0, np.array([0.02, 0.01]))
    assert errors["msgd"][0] / errors["msgd"][1] == pytest.approx(4, rel=0.05)
    assert errors["sme-msgd"][0] / errors["sme-msgd"][1] == pytest.approx(2, rel=0.05)
