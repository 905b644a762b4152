"""Exact moments by running a step on basis states, against simulation, against matrices of theory, against brute force."""

import itertools

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.moments import traced
from stalegrad.moments.components import linear_of
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula

NOISY = sg.problems.noisy_quadratic(h=1.0, sigma=1.0, minimum=0.3)
GAMMA = sg.problems.gamma_quadratic(2.0, 2.0)
PLANE = sg.problems.noisy_quadratic(h=[[1.0, 0.3], [0.3, 0.5]], covariance=[[1.0, -0.4], [-0.4, 0.5]])
TURNS = sg.schedule
N_PATHS, N_STEPS, LIMIT = 20_000, 12, 5.0
"""24 processes with at most 20 comparisons each: by chance one of them exceeds 5 standard errors with probability 3e-4."""


def processes(eta):
    """Every kind of traced process, with learning rate eta."""
    both = ("centre", "average")
    for problem in (NOISY, GAMMA):
        yield sg.easgd(problem, eta, 0.2, 0.6, 3, observe=("centre", "average", "double_average", "local"))
        yield sg.easgd_gauss_seidel(problem, eta, 0.3, 1.2, 2, observe=both)
        yield sg.eamsgd(problem, eta, 0.2, 0.6, 0.5, 3, observe=both)
        yield sg.nesterov(problem, eta, 0.5)
        yield sg.async_easgd(problem, eta, 0.3, 3, period=2, observe=("centre", "local"))
        yield sg.async_easgd(problem, eta, 0.3, 3, 3, TURNS.round_robin(), observe=("centre", "local"))
        yield sg.async_eamsgd(problem, eta, 0.3, 0.4, 2, period=2)
        yield sg.easgd_tree(problem, eta, 0.3, 2, 2, sg.multiscale(1, 3), observe=("root", "leaf_average", "leaf"))
    yield sg.easgd(NOISY, eta, 0.2, 0.6, 3, observe=("local", "centre"), local0=[[1.0], [2.0], [-1.0]])
    yield sg.eamsgd_heavy_ball(NOISY, eta, 0.2, 0.6, 0.5, 3, observe=both)
    yield sg.round_robin_easgd(PLANE, eta, 0.3, 2, observe=both)
    yield sg.admm(NOISY, eta, 2.5, 3)
    yield sg.downpour(NOISY, eta, 3, 2, observe=both)
    yield sg.mdownpour(NOISY, eta, 0.3, 3)
    yield sg.adownpour(NOISY, eta, 3)
    yield sg.mvadownpour(NOISY, eta, 0.2, 2, 2)
    yield sg.averaged_sgd(GAMMA, eta, observe=("time_average", "x"))
    yield sg.moving_average_sgd(NOISY, eta, 0.3)
    yield sg.async_easgd(NOISY, eta, 0.2, 3, 2, TURNS.synchronous())
    yield sg.easgd_tree(NOISY, eta, 0.3, 2, 2, sg.up_down(1, 2), delay=2)


NAMES = [f"{i} {process}" for i, process in enumerate(processes(0.2))]
RECORDS = {i for i, process in enumerate(processes(0.2)) if process.name in ("averaged_sgd", "adownpour") or "double_average" in process.observed}
"""Plain averages over time, which converge like 1/t."""


def start_of(process):
    return [1.0, -0.5][: process.problem.dim] if process.problem.dim > 1 else 1.0


def errors_in_units(final, exact):
    """Mean and second moments of simulated values (paths, D) minus the exact ones, in standard errors."""
    pairs = np.einsum("pi,pj->pij", final, final).reshape(len(final), -1)
    values = np.hstack([final, pairs])
    expected = np.concatenate([exact.mean[-1], exact.second_moment[-1].ravel()])
    return (values.mean(axis=0) - expected) / (values.std(axis=0) / np.sqrt(len(final)) + 1e-12)


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_against_simulation_with_a_planted_error(index):
    process, other = (list(processes(eta))[index] for eta in (0.2, 0.26))
    start = start_of(process)
    run = sg.simulate(process, start, n_paths=N_PATHS, n_steps=N_STEPS, seed=11, keep="final")
    final = run.final.reshape(N_PATHS, -1)
    assert np.abs(errors_in_units(final, sg.moments.of(process, start, N_STEPS))).max() < LIMIT
    planted = sg.moments.of(other, start, N_STEPS)
    assert np.abs(errors_in_units(final, planted)).max() > LIMIT, "the same sample rejects eta larger by three tenths"


@pytest.mark.parametrize("index", sorted(set(range(len(NAMES))) - RECORDS))
def test_stationary_moments_are_where_the_recursion_goes(index):
    process = list(processes(0.2))[index]
    cycle = 72
    path = sg.moments.of(process, start_of(process), 1000 + cycle)
    limit = sg.moments.stationary(process)
    assert np.allclose(path.mean[-cycle:].mean(axis=0), limit.mean, atol=1e-9)
    assert np.allclose(path.second_moment[-cycle:].mean(axis=0), limit.second_moment, atol=1e-9)


def algorithm_1(order, eta, alpha, period, p):
    """E centre, E centre^2 of Algorithm 1 for a given order of workers, by hand: start 1, h = sigma = 1, minimum 0."""
    S, mean, clock = np.ones((p + 1, p + 1)), np.ones(p + 1), [0] * p
    for worker in order:
        M = np.eye(p + 1)
        M[worker, worker] = 1.0 - eta
        if clock[worker] % period == 0:
            M[worker, [worker, p]] += -alpha, alpha
            M[p, [worker, p]] += alpha, -alpha
        S, mean = M @ S @ M.T, M @ mean
        S[worker, worker] += eta**2
        clock[worker] += 1
    return mean[p], S[p, p]


@pytest.mark.claim("EASGD-async-easgd", "exact")
@pytest.mark.parametrize(("p", "period", "n_steps"), [(2, 1, 8), (2, 3, 9), (3, 2, 7)])
def test_random_workers_against_all_their_orders(p, period, n_steps, check):
    eta, alpha = 0.3, 0.4
    orders = itertools.product(range(p), repeat=n_steps)
    mean, second = np.mean([algorithm_1(order, eta, alpha, period, p) for order in orders], axis=0)
    exact = sg.moments.of(sg.async_easgd(sg.problems.noisy_quadratic(), eta, alpha, p, period), 1.0, n_steps)
    check(f"mean of the centre, all {p}^{n_steps} orders", exact.mean[-1, 0], mean, 1e-12)
    check("its second moment", exact.second_moment[-1, 0, 0], second, 1e-12)


def test_round_robin_against_its_order():
    eta, alpha, p, period = 0.3, 0.4, 3, 2
    exact = sg.moments.of(sg.async_easgd(sg.problems.noisy_quadratic(), eta, alpha, p, period, TURNS.round_robin()), 1.0, 11)
    mean, second = algorithm_1([k % p for k in range(11)], eta, alpha, period, p)
    assert exact.mean[-1, 0] == pytest.approx(mean, abs=1e-13)
    assert exact.second_moment[-1, 0, 0] == pytest.approx(second, abs=1e-13)


@pytest.mark.claim("EASGD-5.34", "exact")
@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
@pytest.mark.parametrize("p", [1, 2, 3, 16, 256])
def test_multiplicative_noise_against_the_matrices(p, check):
    law = {"lam": 0.5, "omega": 0.5}
    problem = sg.problems.gamma_quadratic(**law)
    for eta, alpha, beta in ((0.3, 0.9 / p, 0.9), (0.2, -0.1, 1.3)):
        four = formula("EASGD-5.34").numeric(eta=eta, alpha=alpha, beta=beta, p=p, **law)
        of_process = sg.moments.spectral_radius(sg.easgd(problem, eta, alpha, beta, p))
        check(f"(5.34), p = {p}, alpha = {alpha}", of_process, _without_unused(four, p, (0, 1, 2)), 1e-9)
        nine = sg.claim("EASGD-eamsgd-nine").value(eta=eta, alpha=alpha, beta=beta, delta=0.4, p=p, **law)
        if p > 1:
            of_process = sg.moments.spectral_radius(sg.eamsgd(problem, eta, alpha, beta, 0.4, p))
            check(f"nine variables, p = {p}", of_process, nine, 1e-9)


def _without_unused(matrix, p, kept):
    """(5.34) has b and d apart; for one worker they are the same number, and their difference is not a variable."""
    if p > 1:
        return spectral_radius_of(matrix)
    merged = matrix.copy()
    merged[:, 1] += merged[:, 3]
    return spectral_radius_of(merged[np.ix_(kept, kept)])


@pytest.mark.claim("EASGD-5.14", "exact")
@pytest.mark.claim("EASGD-eamsgd-stationary", "exact")
@pytest.mark.parametrize("p", [1, 2, 5, 256])
def test_additive_noise_against_closed_forms(p, check):
    values = {"eta": 0.3, "alpha": 0.2, "beta": 0.8, "h": 1.5, "sigma": 2.0, "p": p}
    problem = sg.problems.noisy_quadratic(h=1.5, sigma=2.0)
    for process, closed in (
        (sg.easgd(problem, 0.3, 0.2, 0.8, p, observe=("average", "centre")), sg.claim("EASGD-5.14").value(**values)),
        (sg.eamsgd(problem, 0.3, 0.2, 0.8, 0.5, p, observe=("average", "centre")), sg.claim("EASGD-eamsgd-stationary").value(delta=0.5, **values)),
    ):
        found = np.diag(sg.moments.stationary(process).second_moment)
        check(f"{process.name}, p = {p}: spatial average and centre", found, [closed["y2"], closed["x2"]], 1e-10)


def test_two_routes_for_many_workers():
    """Workers that are alike as few unknowns, and the whole matrix of second moments of 40 workers."""
    process = sg.easgd(GAMMA, 0.2, 0.05, 0.9, 40, observe=("centre", "average"))
    whole = traced._advanced(traced._source(process, linear_of(GAMMA), np.ones(1)), 20)
    few = sg.moments.of(process, 1.0, 20)
    assert np.allclose(few.second_moment, whole.second_moment, rtol=1e-11, atol=0)
    assert np.allclose(few.mean, whole.mean, rtol=1e-11, atol=0)


def test_laws_are_replaced_by_rows_with_their_first_two_moments():
    for problem in (NOISY, GAMMA, PLANE):
        H, b = linear_of(problem)
        x = np.arange(1.0, problem.dim + 1)
        slopes = H @ x - b
        assert np.allclose(slopes.mean(axis=0), problem.mean_gradient(x))
        assert np.allclose(np.cov(slopes.T, bias=True).reshape(problem.dim, -1), problem.gradient_covariance(x))


@pytest.mark.claim("EASGD-5.3", "exact")
@pytest.mark.claim("EASGD-5.26", "exact")
def test_plain_sgd_on_both_noise_models(check):
    eta, p = 0.3, 4
    additive = sg.moments.stationary(sg.minibatch_sgd(sg.problems.noisy_quadratic(h=2.0, sigma=3.0), eta, p))
    check("variance of mini-batch SGD", additive.second_moment[0, 0], eta**2 / (1 - (1 - 2 * eta) ** 2) * 9 / p, 1e-13)
    rate = sg.moments.spectral_radius(sg.minibatch_sgd(GAMMA, eta, p))
    check("rate under multiplicative noise", rate, 1 - 2 * eta + eta**2 * 2.0 * (p * 2.0 + 1) / (p * 4.0), 1e-13)


def test_a_plain_average_over_time_stands_at_the_mean():
    process = sg.easgd(NOISY, 0.3, 0.2, 0.6, 2, observe=("double_average", "centre"))
    limit, path = sg.moments.stationary(process), sg.moments.of(process, 1.0, 4000)
    assert limit.mean == pytest.approx([0.3, 0.3])
    assert limit.second_moment[0, 0] == pytest.approx(0.09)
    assert path.second_moment[-1, 0, 0] == pytest.approx(0.09, abs=1e-3)
    running = np.cumsum(path.mean[:, 1]) / np.arange(1, 4002)
    assert np.allclose(path.mean[1:, 0], running[:-1], atol=1e-12)


def test_no_limit_where_workers_drift_apart():
    """The reduced system of (5.12) is stable at this negative alpha; the workers are not."""
    process = sg.easgd(sg.problems.noisy_quadratic(), 0.1, -0.4, 0.9, 4)
    assert sg.moments.spectral_radius(process) == pytest.approx(1.3**2)
    with pytest.warns(RuntimeWarning, match="no stationary"):
        assert np.isinf(sg.moments.stationary(process).second_moment).all()


@pytest.mark.parametrize(
    ("process", "message"),
    [
        (lambda: sg.async_easgd(NOISY, 0.1, 0.2, 2, schedule=TURNS.queue()), "remembers how long"),
        (lambda: sg.async_easgd(NOISY, 0.1, 0.02, 40, period=10), "too many phases"),
        (lambda: sg.easgd(sg.problems.double_well(), 0.1, 0.2, 0.4, 2), "no linear gradients"),
        (lambda: sg.easgd_tree(GAMMA, 0.1, 0.1, 8, 2, sg.multiscale(1, 2)), "too many unknowns"),
    ],
)
def test_what_does_not_close_is_refused(process, message):
    with pytest.raises(ValueError, match=message):
        sg.moments.stationary(process())
