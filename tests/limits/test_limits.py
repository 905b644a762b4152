"""The limits: reference against kernel path by path, starts, time steps, reductions, and bad input."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths
from stalegrad.engine.square_root import square_root
from stalegrad.limits.sme_asgd import outer, stale_covariance

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 40, 11
ETA, MU = 0.01, 0.9


def problem(n, d):
    return sg.problems.quadratic(np.random.default_rng(n).normal(size=(n, d)), curvature=1.3)


def limits(objective, eta=ETA):
    sigma = np.eye(objective.dim) + 0.5
    return {
        "sme_sgd": sg.sme_sgd(objective, eta),
        "sme_msgd": sg.sme_msgd(objective, eta, MU),
        "sme_asgd_linear": sg.sme_asgd_linear(objective, eta, MU),
        "sme_asgd_linear with Sigma": sg.sme_asgd_linear(objective, eta, MU, Sigma=sigma),
        "sme_asgd": sg.sme_asgd(objective, eta, MU),
        "sme_asgd with batch": sg.sme_asgd(objective, eta, MU, batch=np.arange(1, N_STEPS + 1)),
        "sme_asgd_mixture": sg.sme_asgd_mixture(objective, eta, [0.3, 0.7], [0.5, 0.95]),
    }


def distance(limit, start):
    run = sg.simulate(limit, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    paths = FIRST + np.arange(N_PATHS, dtype=np.uint64)
    return np.abs(run.paths - reference_paths(sg.euler_maruyama(limit), start, N_STEPS, paths, SEED)).max()


@pytest.mark.parametrize("name", limits(problem(2, 1)))
def test_reference_and_kernel_agree_path_by_path(name):
    assert distance(limits(problem(2, 1))[name], 1.0) < 1e-12
    assert distance(limits(problem(5, 2))[name], [1.0, -2.0]) < 1e-12
    assert distance(limits(problem(7, 3))[name], [1.0, -2.0, 0.5]) < 1e-12
    assert distance(limits(sg.problems.quartic(), eta=1e-4)[name], 0.5) < 1e-12
    assert distance(limits(sg.problems.double_well())[name], 0.5) < 1e-12


@pytest.mark.parametrize("name", limits(problem(2, 1)))
def test_a_singular_covariance_gives_noise_in_its_range_only(name):
    """Two components in three dimensions: rounding of a variance that is zero shows as a noise of 1e-7 at most."""
    if "with Sigma" not in name:
        assert distance(limits(problem(2, 3))[name], [1.0, -2.0, 0.5]) < 1e-6


@pytest.mark.parametrize("name", limits(problem(2, 1)))
def test_one_component_has_a_variance_of_nothing_but_rounding(name):
    """Its sign is anybody's guess: a variance below 0 is 0, and no root of it is taken."""
    objective = sg.problems.quadratic([[0.3]], curvature=1.3)
    for start in (1.0, 0.7, -2.1):
        assert "with Sigma" in name or distance(limits(objective)[name], start) < 1e-7


@pytest.mark.parametrize("name", limits(problem(2, 1)))
def test_noise_of_two_components_moves_along_the_line_between_them(name):
    """In three dimensions, from a point of the line: beside it there is rounding of the point, not the root of the rounding of a variance."""
    if "with Sigma" not in name:
        centre, way = np.array([1.0, -0.3, 0.7]), np.array([0.6, 0.9, -1.1])
        limit = limits(sg.problems.quadratic([centre + way, centre - way], curvature=1.3))[name]
        moved = sg.simulate(limit, centre + 0.3 * way, N_PATHS, N_STEPS, SEED, keep="paths").paths - centre
        unit = way / np.linalg.norm(way)
        along = moved @ unit
        assert np.abs(moved - along[..., None] * unit).max() < 1e-13
        assert np.ptp(along[:, -1]) > 0.01


@pytest.mark.parametrize("name", limits(problem(2, 1)))
def test_a_variance_a_billion_times_smaller_than_another_is_kept(name):
    """Only what rounding may have left, 1e-13 of a variance, counts as zero."""
    if "with Sigma" not in name:
        nearly_on_a_line = sg.problems.quadratic([[1.0, 1.0], [-1.0, -1.0], [0.0, 1e-4], [0.0, -1e-4]], curvature=1.3)
        limit = limits(nearly_on_a_line)[name]
        assert distance(limit, [0.1, 0.1]) < 1e-10
        beside = np.diff(sg.simulate(limit, [0.1, 0.1], N_PATHS, N_STEPS, SEED, keep="final").final)
        assert 1e-8 < beside.std() < 1e-4


def test_square_roots():
    a = np.random.default_rng(0).normal(size=(4, 4, 9))
    full = np.einsum("ikp,jkp->ijp", a, a)
    singular = np.einsum("ikp,jkp->ijp", a[:, :2], a[:, :2])
    for matrix in (full, singular, 0.0 * full):
        root = square_root(matrix)
        assert np.allclose(np.einsum("ikp,jkp->ijp", root, root), matrix, atol=1e-10)
        assert np.array_equal(root, np.tril(np.moveaxis(root, 2, 0)).transpose(1, 2, 0))


def test_the_covariance_stays_semidefinite_under_euler_steps():
    """The identity in the docstring of sme_asgd: an Euler step is mu Sigma + (1 - mu)(C + h h^T / mu)."""
    objective, mu = problem(5, 2), 0.3
    limit = sg.sme_asgd(objective, 0.2, mu)
    process = sg.euler_maruyama(limit)
    state = process.init(np.array([[3.0], [-2.0]]))
    alpha = 0.2 / limit.dt
    for k in range(30):
        drift = limit.drift(state, k)
        h = objective.mean_gradient(state.x) + state.y[0] / alpha
        expected = mu * state.s[0] + (1 - mu) * (objective.gradient_covariance(state.x) + outer(h, h) / mu)
        assert np.allclose(state.s[0] + limit.dt * drift.s[0], expected, atol=1e-12)
        state = process.step(state, process.draw(type("T", (), {"normals": lambda self, first, count: np.ones((count, 1))})(), k))
        assert np.linalg.eigvalsh(stale_covariance([1.0], alpha, state)[:, :, 0]).min() > 0.0


def test_one_exponential_is_sme_asgd():
    objective = problem(3, 2)
    runs = [
        sg.simulate(limit, [1.0, -1.0], 200, 50, keep="paths").paths
        for limit in (sg.sme_asgd(objective, ETA, MU), sg.sme_asgd_mixture(objective, ETA, [1.0], [MU]))
    ]
    assert np.abs(runs[0] - runs[1]).max() < 1e-13


def test_equal_exponentials_are_one():
    """Two parts with one mu: the parts stay equal, and the between-part covariance is zero."""
    objective = problem(3, 2)
    runs = [
        sg.simulate(limit, [1.0, -1.0], 200, 50, keep="paths").paths
        for limit in (sg.sme_asgd(objective, ETA, MU), sg.sme_asgd_mixture(objective, ETA, [0.4, 0.6], [MU, MU]))
    ]
    assert np.abs(runs[0] - runs[1]).max() < 1e-12


def test_starts_for_a_frozen_past():
    objective, x0 = problem(3, 2), np.array([[1.0], [-2.0]])
    state = sg.sme_asgd(objective, ETA, MU).start(x0)
    assert np.allclose(state.y[0], -np.sqrt(ETA / (1 - MU)) * objective.mean_gradient(x0))
    assert np.allclose(state.s[0], objective.gradient_covariance(x0))
    rest = sg.sme_asgd_linear(objective, ETA, MU).start(x0)
    assert np.array_equal(rest.x, x0) and not rest.p.any()


def test_matched_time_steps():
    objective = problem(2, 1)
    assert sg.sme_sgd(objective, ETA).dt == ETA
    assert sg.sme_msgd(objective, ETA, MU).dt == pytest.approx(ETA**0.5)
    for limit in (sg.sme_asgd(objective, ETA, MU), sg.sme_asgd_linear(objective, ETA, MU)):
        assert limit.dt == pytest.approx((ETA * (1 - MU)) ** 0.5)
        assert limit.dt == pytest.approx(sg.asgd(objective, ETA, sg.geometric(MU)).dt)


def test_the_limit_follows_the_algorithm_and_a_wrong_limit_does_not():
    """Second moments on f = x^2 (mu = 0.9): SME-ASGD within 6 standard errors of both plus 3 %, SME-SGD far outside."""
    objective = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    runs = {
        name: sg.simulate(model, 1.0, 20000, 300, seed=seed)
        for seed, (name, model) in enumerate(
            {
                "asgd": sg.asgd(objective, ETA, sg.geometric(MU)),
                "limit": sg.sme_asgd(objective, ETA, MU),
                "wrong": sg.sme_sgd(objective, ETA),
            }.items()
        )
    }
    exact, limit, wrong = (runs[name].second_moment[100, 0, 0] for name in ("asgd", "limit", "wrong"))
    error = np.hypot(*(runs[name].second_moment_standard_error[100, 0] for name in ("asgd", "limit")))
    assert abs(limit - exact) < 6 * error + 0.03 * exact
    assert abs(wrong - exact) > 0.1 * exact


BAD = {
    "eta": (lambda p: sg.sme_sgd(p, -1.0), "eta=-1.0"),
    "eta NaN": (lambda p: sg.sme_asgd(p, float("nan"), 0.5), "eta=nan"),
    "mu": (lambda p: sg.sme_asgd(p, 0.1, 1.0), "mu=1.0 must lie in"),
    "mu zero": (lambda p: sg.sme_asgd(p, 0.1, 0.0), "mu=0.*use sme_sgd"),
    "mixture mu zero": (lambda p: sg.sme_asgd_mixture(p, 0.1, [0.5, 0.5], [0.0, 0.5]), "mu=0.*use sme_sgd"),
    "weights": (lambda p: sg.sme_asgd_mixture(p, 0.1, [0.5, 0.6], [0.1, 0.5]), "sum to 1"),
    "momentum": (lambda p: sg.sme_msgd(p, 0.1, 1.2), "momentum=1.2"),
    "batch": (lambda p: sg.sme_asgd(p, 0.1, 0.5, batch=0), "batch=0"),
    "Sigma shape": (lambda p: sg.sme_asgd_linear(p, 0.1, 0.5, Sigma=np.eye(2)), "Sigma has shape"),
    "Sigma negative": (lambda p: sg.sme_asgd_linear(p, 0.1, 0.5, Sigma=-1.0), "no covariance"),
    "Sigma NaN": (lambda p: sg.sme_asgd_linear(p, 0.1, 0.5, Sigma=float("nan")), "no covariance"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused(what):
    make, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        make(problem(2, 1))


def test_a_schedule_shorter_than_the_run_is_refused():
    with pytest.raises(ValueError, match="batch lists 3 values for 4 steps"):
        sg.simulate(sg.sme_asgd(problem(2, 1), ETA, MU, batch=[1, 2, 3]), 1.0, 10, 4)
