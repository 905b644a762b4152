"""Problems whose data follow a law: averages by quadrature over the law, rows by their distribution, bad input."""

import pickle

import numpy as np
import pytest
from scipy import special, stats

import stalegrad as sg
from problem_checks import assert_derivatives
from stalegrad.engine.streams import Tape
from stalegrad.problems.laws import Gamma, Rows

A, SIGMA, MINIMUM = [[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.5], [-0.5, 2.0]], [1.0, -3.0]
POINTS = np.array([[0.3, -2.0, 1.0], [1.5, 0.7, -3.0]])
PATHS = np.arange(20000, dtype=np.uint64)
LEVEL = 1e-6
"""Chance of a false alarm of one statistical test; there are six."""


def additive():
    return sg.problems.noisy_quadratic(A, minimum=MINIMUM, covariance=SIGMA)


def averaged(problem, rows, weights, x):
    """E grad and E grad grad^T at x (d, B) as sums over nodes z of a quadrature, by the source of the gradient."""
    mean, second = 0.0, 0.0
    for z, weight in zip(rows, weights, strict=True):
        g = np.empty(x.shape)
        problem.blocks.gradient(x, np.repeat(z[:, None], x.shape[1], axis=1), g)
        mean, second = mean + weight * g, second + weight * g[:, None] * g[None]
    return mean, second


def normal_nodes(location, factor):
    """Nodes and weights that are exact for polynomials of degree 5 in two normals."""
    nodes, weights = special.roots_hermitenorm(3)
    pairs = np.array([[a, b] for a in nodes for b in nodes])
    return location + pairs @ factor.T, np.array([v * w for v in weights for w in weights]) / (2.0 * np.pi)


@pytest.mark.claim("EASGD-3.1", "definition")
def test_additive_noise_has_the_stated_mean_and_covariance():
    problem = additive()
    nodes = normal_nodes(problem.law.location, np.linalg.cholesky(SIGMA))
    mean, second = averaged(problem, *nodes, POINTS)
    assert np.allclose(problem.mean_gradient(POINTS), mean) and np.allclose(problem.second_moment(POINTS), second)
    assert np.allclose(mean, A @ (POINTS - np.array(MINIMUM)[:, None]))
    assert np.allclose(problem.gradient_covariance(POINTS), np.array(SIGMA)[:, :, None])
    assert np.allclose(problem.law.factor @ problem.law.factor.T, SIGMA)
    assert problem.curvature == pytest.approx(np.linalg.eigvalsh(A)[-1]) and problem.minimisers.tolist() == [MINIMUM]


@pytest.mark.parametrize("lam", [0.5, 2.0])
def test_multiplicative_noise_has_the_stated_mean_and_variance(lam):
    problem, omega, x = sg.problems.gamma_quadratic(lam, 3.0), 3.0, POINTS[:1]
    nodes, weights = special.roots_genlaguerre(4, lam - 1.0)
    mean, second = averaged(problem, nodes[:, None] / omega, weights / special.gamma(lam), x)
    assert np.allclose(problem.mean_gradient(x), mean) and np.allclose(problem.second_moment(x), second)
    assert np.allclose(mean, lam / omega * x) and np.allclose(problem.gradient_covariance(x), lam / omega**2 * x[None] ** 2)


@pytest.mark.parametrize("problem", [additive(), sg.problems.noisy_quadratic(h=3.0, minimum=[1.0, 2.0]), sg.problems.gamma_quadratic(0.5, 2.0)])
def test_gradients_are_derivatives_of_the_objective(problem):
    assert_derivatives(problem, POINTS[: problem.dim])


@pytest.mark.parametrize("law", [additive().law, Gamma(0.5, 2.0), Gamma(3.0, 2.0), Gamma(1.7, 2.0), Rows(np.arange(12.0).reshape(4, 3))])
def test_rows_do_not_depend_on_how_they_are_read(law):
    tape = Tape(5, PATHS[:3])
    whole = law.rows(tape, 0, 7)
    assert whole.shape == (7, len(law.mean), 3)
    assert np.array_equal(whole, np.concatenate([law.rows(tape, 0, 3), law.rows(tape, 3, 1), law.rows(tape, 4, 3)]))


def p_value(rows, distribution):
    return stats.kstest(rows.ravel(), distribution.cdf).pvalue


def test_normal_rows_follow_their_law():
    law = additive().law
    rows = np.moveaxis(law.rows(Tape(1, PATHS), 0, 2), 1, 2).reshape(-1, 2)
    white = np.linalg.solve(np.linalg.cholesky(SIGMA), (rows - law.mean).T)
    assert p_value(white, stats.norm()) > LEVEL and abs(stats.pearsonr(*white).statistic) < 5.0 / np.sqrt(len(rows))
    assert p_value(1.04 * white, stats.norm()) < LEVEL


@pytest.mark.parametrize("shape", [0.5, 2.0, 1.7])
def test_gamma_rows_follow_their_law(shape):
    rows = Gamma(shape, 3.0).rows(Tape(1, PATHS), 0, 2)
    assert p_value(rows, stats.gamma(shape, scale=1.0 / 3.0)) > LEVEL
    assert p_value(1.06 * rows, stats.gamma(shape, scale=1.0 / 3.0)) < LEVEL


def test_components_are_as_likely():
    rows = Rows(np.array([[1.0], [2.0], [4.0]])).rows(Tape(1, PATHS), 0, 2)
    counts = np.array([(rows == value).sum() for value in (1.0, 2.0, 4.0)])
    assert stats.chisquare(counts).pvalue > LEVEL
    assert stats.chisquare(counts + np.array([700, -700, 0])).pvalue < LEVEL


def test_a_finite_sum_has_the_law_of_its_rows():
    law = sg.problems.quadratic([[1.0, 0.0], [2.0, 4.0]]).law
    assert isinstance(law, Rows) and law.mean.tolist() == [1.5, 2.0] and law.second_moment.tolist() == [[2.5, 4.0], [4.0, 8.0]]


def test_a_covariance_may_be_singular():
    problem = sg.problems.noisy_quadratic(minimum=[0.0, 0.0], covariance=[[1.0, 1.0], [1.0, 1.0]])
    final = sg.simulate(sg.sgd(problem, 0.1), [0.0, 0.0], 50, 3, keep="final").final
    assert np.array_equal(final[:, 0], final[:, 1]) and np.ptp(final) > 0.1


@pytest.mark.parametrize("problem", [additive(), sg.problems.gamma_quadratic(0.5, 2.0)])
def test_a_problem_can_be_pickled_and_has_no_components(problem):
    copy = pickle.loads(pickle.dumps(problem))
    assert repr(copy) == repr(problem) and np.array_equal(copy.summary, problem.summary)
    with pytest.raises(ValueError, match="has no components.*use mean_gradient"):
        problem.component_gradient(np.zeros(problem.dim), 0)


def test_the_diffusion_limits_are_those_the_thesis_names():
    """Ornstein-Uhlenbeck with noise sqrt(eta) sigma, geometric Brownian motion with sqrt(eta lam) / omega times X.

    The drift of `sme_sgd` is one order better than the thesis' -h X.
    """
    x, dB = np.array([[1.0, -2.0]]), np.array([[0.3, 0.3]])
    for problem, h, noise in (
        (sg.problems.noisy_quadratic(h=2.0, sigma=3.0), 2.0, 3.0 + 0.0 * x),
        (sg.problems.gamma_quadratic(0.5, 2.0), 0.25, np.sqrt(0.5) / 2.0 * np.abs(x)),
    ):
        limit = sg.sme_sgd(problem, eta=0.04)
        state = limit.start(x)
        assert np.allclose(limit.drift(state, 0).x, -(h + 0.04 * h**2 / 2.0) * x)
        assert np.allclose(limit.diffusion(state, 0, dB).x, 0.2 * noise * dB)


def test_gradient_descent_and_its_limit_share_the_normals():
    """After one step of each, path by path, they differ by the second-order drift alone."""
    problem, eta, x = sg.problems.noisy_quadratic(h=2.0, sigma=3.0), 0.04, 1.5
    discrete, limit = (sg.simulate(model, x, 200, 1, keep="final").final for model in (sg.sgd(problem, eta), sg.sme_sgd(problem, eta)))
    assert np.ptp(discrete) > 0.3 and np.allclose(discrete - limit, eta * eta * 2.0**2 / 2.0 * x, atol=1e-14)


BAD = {
    "negative curvature": (lambda: sg.problems.noisy_quadratic(h=-1.0), "h=-1.0.*positive"),
    "indefinite matrix": (lambda: sg.problems.noisy_quadratic([[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
    "asymmetric matrix": (lambda: sg.problems.noisy_quadratic([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
    "matrix that is not square": (lambda: sg.problems.noisy_quadratic([[1.0, 0.5]]), "h has shape \\(1, 2\\)"),
    "minimum of another dimension": (lambda: sg.problems.noisy_quadratic(A, minimum=[0.0, 0.0, 0.0]), "h has shape \\(2, 2\\) and minimum \\(3,\\)"),
    "infinite minimum": (lambda: sg.problems.noisy_quadratic(minimum=np.inf), "minimum=inf"),
    "negative sigma": (lambda: sg.problems.noisy_quadratic(sigma=-1.0), "sigma=-1.0.*0 or more"),
    "sigma and covariance": (lambda: sg.problems.noisy_quadratic(sigma=1.0, covariance=[[1.0]]), "give one of them"),
    "covariance of another dimension": (lambda: sg.problems.noisy_quadratic(covariance=SIGMA), "covariance has shape \\(2, 2\\).*dimension 1"),
    "covariance that is negative": (lambda: sg.problems.noisy_quadratic(covariance=[[-1.0]]), "semidefinite"),
    "gamma shape": (lambda: sg.problems.gamma_quadratic(0.0, 1.0), "lam=0.0.*positive"),
    "gamma rate": (lambda: sg.problems.gamma_quadratic(1.0, float("nan")), "omega=nan.*positive"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused(what):
    make, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        make()
