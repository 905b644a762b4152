"""SME-embedding: which staleness laws a few auxiliary variables can carry."""

import numpy as np
import pytest
import scipy.linalg

import stalegrad as sg

ETA, WEIGHTS, MUS, N_STEPS = 0.01, (0.6, 0.4), (0.5, 0.96), 600


def quadratic():
    return sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)


def mean_gap(process, limit):
    """Largest distance of the exact first moments over the run."""
    discrete = sg.moments.of(process, 1.0, n_steps=N_STEPS).mean
    return np.abs(discrete - sg.moments.of(limit, 1.0, n_steps=N_STEPS).mean).max()


@pytest.mark.claim("SME-embedding", "exact")
def test_two_exponentials_are_carried_by_two_variables(check):
    """ASGD under a two-exponential law against its limit with two auxiliary variables, both without Monte Carlo.

    The tolerance is the size of one step, eta * |f'(x0)| = 0.02, the most an Euler scheme of step dt can resolve. The negative control is the
    one-exponential limit with the same mean staleness, which must miss by more than that.
    """
    problem = quadratic()
    process = sg.asgd(problem, eta=ETA, staleness=sg.mixture(WEIGHTS, MUS))
    two = sg.sme_asgd_mixture(problem, eta=ETA, weights=WEIGHTS, mus=MUS)
    check("largest gap of the mean, two variables", mean_gap(process, two), 0.0, 0.02)

    mean_staleness = sum(w * mu / (1 - mu) for w, mu in zip(WEIGHTS, MUS))
    one = sg.sme_asgd(problem, eta=ETA, mu=mean_staleness / (1 + mean_staleness))
    assert mean_gap(process, one) > 0.02


def hankel_singular_values(pmf):
    """Singular values of the Hankel matrix of a kernel with finite support."""
    return np.linalg.svd(scipy.linalg.hankel(pmf), compute_uv=False)


@pytest.mark.claim("SME-embedding", "counterexample")
@pytest.mark.parametrize("delay", [1, 5, 40])
def test_a_constant_delay_has_no_short_sum_of_exponentials(delay, check):
    """The n-th Hankel singular value bounds the l1 distance to every sum of fewer than n exponentials from below."""
    kernel = np.array(sg.constant(delay).pmf(np.arange(delay + 1)))
    smallest = hankel_singular_values(kernel)[delay]
    check(f"distance of a delay of {delay} to sums of {delay} exponentials, at least", smallest, 1.0, 1e-12)


@pytest.mark.claim("SME-embedding", "exact")
def test_a_mixture_of_two_exponentials_has_hankel_rank_two():
    """Rank counts the exponentials: the third singular value vanishes for two of them and not for three."""
    lags = np.arange(400)
    two = hankel_singular_values(np.array(sg.mixture([0.6, 0.4], [0.5, 0.9]).pmf(lags)))
    three = hankel_singular_values(np.array(sg.mixture([0.5, 0.3, 0.2], [0.3, 0.6, 0.9]).pmf(lags)))
    assert two[1] > 1e-3 and two[2] < 1e-12
    assert three[2] > 1e-5
