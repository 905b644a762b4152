"""Variation of constants (3.2), and the size of the bound (3.1)."""

import numpy as np
import pytest

from stalegrad.theory import formula
from stalegrad.theory.sme import paths
from stalegrad.theory.sme.symbols import vanishes


@pytest.mark.claim("SME-3.2", "proved")
def test_variation_of_constants_solves_the_first_line():
    assert paths.auxiliary_residual() == 0
    assert paths.auxiliary_path(0).doit() == paths.Y0


@pytest.mark.claim("SME-3.1", "counterexample")
@pytest.mark.claim("SME-T2", "counterexample")
def test_the_constant_process_satisfies_the_bound():
    assert vanishes(paths.stay_put_bound() - formula("SME-3.1").expr)


@pytest.mark.claim("SME-3.1", "counterexample")
@pytest.mark.claim("SME-T2", "counterexample")
@pytest.mark.parametrize("eta", [1e-2, 1e-3, 1e-4])
def test_standing_still_meets_the_bound_along_runs(eta):
    """ASGD on the components 2(x -+ 1), clipped to |x| <= 1 by its own gradients: |gradient| <= 4."""
    mu, T, bound = 0.9, 2.0, 4.0
    rng = np.random.default_rng(3)
    steps = int(T / np.sqrt(eta * (1 - mu)))
    past = np.ones((steps + 1, 200))
    for k in range(steps):
        tau = np.minimum(rng.geometric(1 - mu, 200) - 1, k)
        read = past[k - tau, np.arange(200)]
        past[k + 1] = past[k] - eta * np.clip(2 * (read - rng.choice([-1.0, 1.0], 200)), -bound, bound)
    farthest = np.abs(past - 1.0).mean(axis=1).max()
    assert farthest <= formula("SME-3.1").numeric(slope=bound, T=T, eta=eta, mu=mu)


@pytest.mark.claim("SME-T2", "proved")
def test_noise_terms_of_the_proof_are_of_the_stated_size(check):
    """eta^{3/4} (1-mu)^{-1/4} sqrt(dt) = dt^2/(1-mu) = eta."""
    eta, mu = 0.01, 0.95
    dt = np.sqrt(eta * (1 - mu))
    check("noise of one step", eta**0.75 / (1 - mu) ** 0.25 * np.sqrt(dt), dt**2 / (1 - mu), 1e-15)


@pytest.mark.claim("SME-T2", "counterexample")
def test_the_bound_does_not_vanish_where_the_figures_live(check):
    """With 1 - mu proportional to eta the right-hand side of (3.1) stays the same as eta goes to 0."""
    sizes = [formula("SME-3.1").numeric(slope=1.0, T=1.0, eta=eta, mu=1 - 5 * eta) for eta in (1e-2, 1e-3, 1e-4)]
    check("bound at eta = 1e-2, 1e-3, 1e-4", sizes, [np.sqrt(0.2)] * 3, 1e-12)
