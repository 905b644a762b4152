"""Exact moments against enumeration of every outcome, and against closed forms."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import sympy

import stalegrad as sg
from stalegrad import moments, staleness
from stalegrad.moments import continuous, quadratic
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import iterate
from stalegrad.theory import formula

H = np.array([[[1.5, 0.2], [0.2, 0.7]], [[0.5, -0.4], [-0.4, 1.1]]])
B = np.array([[1.0, -0.5], [0.3, 0.8]])
START = np.array([1.0, -2.0])
STEP = 0.3


def _problem():
    """The two components x.H_i x/2 - b_i.x, from expressions."""
    x = sympy.Matrix(sympy.symbols("x0 x1"))
    components = [(x.T * sympy.Matrix(h) * x)[0] / 2 - (sympy.Matrix(b).T * x)[0] for h, b in zip(H, B, strict=True)]
    return sg.problems.from_sympy(components, list(x))


PROBLEM = _problem()


def _moments(weights, points):
    weights, points = np.array(weights), np.array(points)
    return weights @ points, np.einsum("p,pi,pj->ij", weights, points, points)


def _law_on_past(law, k):
    """Probabilities of reading lag 0 .. k, all older reads counted as lag k: before step 0 the past is frozen."""
    return np.append(law.pmf(np.arange(k)), law.tail(k)) if k else np.ones(1)


def _enumerate(law, n_steps, batch=1, shared=False):
    """Mean and second moment of x_k over every sequence of draws, each with its probability."""
    paths = [(1.0, [START])]
    for k in range(n_steps):
        lags = _law_on_past(law, k)
        grown = []
        for weight, past in paths:
            for chosen in itertools.product(range(2), repeat=batch):
                for delays in itertools.product(range(k + 1), repeat=1 if shared else batch):
                    reads = delays * batch if shared else delays
                    slope = sum(H[i] @ past[-1 - lag] - B[i] for i, lag in zip(chosen, reads, strict=True)) / batch
                    chance = weight * 0.5**batch * np.prod(lags[list(delays)])
                    grown.append((chance, [*past, past[-1] - STEP * slope]))
        paths = grown
    return _moments([w for w, _ in paths], [past[-1] for _, past in paths])


LAWS = [staleness.none(), staleness.geometric(0.7), staleness.constant(2), staleness.empirical([1, 2, 1]), staleness.mixture([0.3, 0.7], [0.2, 0.8])]


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_asgd_against_enumeration(law, check):
    """Two dimensions, components with different Hessians: multiplicative noise."""
    system = Rule((H, B), STEP, Memory.of(law)).system(START)
    found = system.moments(iterate(system.matrix, system.start, 4))
    mean, second = _enumerate(law, 4)
    check(f"mean after 4 steps, {law.name}", found.mean[4], mean, 1e-12)
    check(f"second moment after 4 steps, {law.name}", found.second_moment[4], second, 1e-12)


def test_enumeration_rejects_a_wrong_staleness():
    """Negative control: mu off by 0.01 is a thousand tolerances away."""
    system = Rule((H, B), STEP, Memory.of(staleness.geometric(0.71))).system(START)
    found = system.moments(iterate(system.matrix, system.start, 4))
    assert np.abs(found.second_moment[4] - _enumerate(staleness.geometric(0.7), 4)[1]).max() > 1e-9


@pytest.mark.claim("SME-4.2", "exact")
@pytest.mark.parametrize("shared", [True, False])
def test_mini_batches_against_enumeration(shared, check):
    law = staleness.geometric(0.6)
    system = Rule((H, B), STEP, Memory.of(law)).system(START, batch=2, shared=shared)
    found = system.moments(iterate(system.matrix, system.start, 3))
    mean, second = _enumerate(law, 3, batch=2, shared=shared)
    check(f"mean, batch of 2, shared = {shared}", found.mean[3], mean, 1e-12)
    check(f"second moment, batch of 2, shared = {shared}", found.second_moment[3], second, 1e-12)


@pytest.mark.claim("SME-4.2", "refutes")
def test_the_two_batch_models_differ():
    rule = Rule((H, B), STEP, Memory.of(staleness.geometric(0.6)))
    ends = [
        system.moments(iterate(system.matrix, system.start, 3)).second_moment[3]
        for system in (rule.system(START, batch=2, shared=shared) for shared in (True, False))
    ]
    assert np.trace(ends[0]) > np.trace(ends[1]) + 1e-3


@pytest.mark.parametrize("make", [sg.minibatch_asgd, sg.minibatch_asgd_separate_reads], ids=["one read", "separate reads"])
def test_schedule_of_batches_against_one_matrix_per_size(make):
    law, sizes = staleness.geometric(0.6), [1, 3, 7]
    scheduled = moments.of(make(PROBLEM, STEP, law, batch=sizes), START, 3).second_moment[-1]
    rule = Rule((H, B), STEP, Memory.of(law))
    vector = rule.system(START).start
    for size in sizes:
        vector = rule.matrix(size, shared=make is sg.minibatch_asgd) @ vector
    assert np.allclose(scheduled, rule.system(START).moments(vector).second_moment, rtol=0, atol=1e-12)


def test_heavy_ball_against_enumeration():
    system = Rule((H, B), STEP, Memory(np.ones(1), None), momentum=0.8).system(START)
    found = system.moments(iterate(system.matrix, system.start, 5))
    ends = []
    for chosen in itertools.product(range(2), repeat=5):
        x, v = START, np.zeros(2)
        for i in chosen:
            v = 0.8 * v - STEP * (H[i] @ x - B[i])
            x = x + v
        ends.append(x)
    mean, second = _moments(np.full(32, 1 / 32), ends)
    assert np.allclose(found.mean[5], mean, atol=1e-12) and np.allclose(found.second_moment[5], second, atol=1e-12)


def _euler_ends(limit, noise_root, n_steps, sigma_step):
    """Every path of the Euler scheme with coin-toss noise, which has the first two moments of the normal."""
    ends = []
    for coins in itertools.product([-1.0, 1.0], repeat=n_steps):
        state, sigma = limit.state(np.ones(1)), limit.extras(np.ones(1))[0][0, 0]
        for coin in coins:
            full = np.append(state, 1.0)
            moved = full + limit.dt * limit.drift @ full + (limit.inject * noise_root(full, sigma) * coin * np.sqrt(limit.dt)).ravel()
            sigma = sigma + limit.dt * sigma_step(full, sigma)
            state = moved[:-1]
        ends.append(state[:1])
    return _moments(np.full(2**n_steps, 0.5**n_steps), ends)


@pytest.mark.claim("SME-F4", "exact")
def test_euler_scheme_of_sme_asgd_against_enumeration(check):
    """(2.11) + (2.12) written out a second time, as in the paper, and run over all signs of the noise."""
    rate, share, curvature, spread = 0.05, 0.8, 2.0, 4.0
    limit = continuous.sme_asgd(quadratic.components(curvature, spread), rate, share)

    def sigma_step(full, sigma):
        g = curvature * full[0]
        return formula("SME-2.12").numeric(Sigma=sigma, Y=full[1], g=g, G=spread + g**2, eta=rate, mu=share)

    found = limit.euler(np.ones(1))
    got = found.moments(iterate(found.matrix, found.start, 8))
    mean, second = _euler_ends(limit, lambda _, sigma: np.sqrt(sigma) * rate**0.75 / (1 - share) ** 0.25, 8, sigma_step)
    check("mean of the Euler scheme after 8 steps", got.mean[8], mean, 1e-12)
    check("second moment of the Euler scheme after 8 steps", got.second_moment[8], second, 1e-12)


def test_limit_of_the_flow_is_the_limit_of_the_scheme():
    """As dt goes to 0 with the equation fixed, the Euler moments tend to the flow's at first order."""
    flow = continuous.sme_asgd((H, B), 0.05, 0.7)
    exact = moments.exact_limit(sg.sme_asgd(PROBLEM, eta=0.05, mu=0.7), START, [0.5]).second_moment[0]
    errors = []
    for n in (200, 400):
        finer = continuous.LinearLimit(**{**vars(flow), "dt": 0.5 / n})
        system = finer.euler(START)
        errors.append(np.abs(system.moments(iterate(system.matrix, system.start, n)[-1]).second_moment - exact).max())
    assert 1.9 < errors[0] / errors[1] < 2.1


MODELS = [
    sg.sgd(PROBLEM, 0.05),
    sg.minibatch_sgd(PROBLEM, 0.05, batch=3),
    sg.asgd(PROBLEM, 0.05, sg.geometric(0.5)),
    sg.asgd(PROBLEM, 0.05, sg.uniform(1, 3)),
    sg.minibatch_asgd(PROBLEM, 0.05, sg.geometric(0.5), batch=3),
    sg.async_msgd(PROBLEM, 0.05, 0.4, sg.uniform(0, 4), batch=2),
    sg.minibatch_asgd_separate_reads(PROBLEM, 0.05, sg.geometric(0.5), batch=3),
    sg.msgd(PROBLEM, 0.05, momentum=0.5),
    sg.sme_sgd(PROBLEM, 0.05),
    sg.sme_msgd(PROBLEM, 0.05, momentum=0.5),
    sg.sme_asgd(PROBLEM, 0.05, mu=0.5, batch=2),
    sg.sme_asgd_linear(PROBLEM, 0.05, mu=0.5),
    sg.sme_asgd_linear(PROBLEM, 0.05, mu=0.5, Sigma=np.eye(2)),
    sg.sme_asgd_mixture(PROBLEM, 0.05, weights=[0.4, 0.6], mus=[0.3, 0.7]),
]
EVERY_MODEL = pytest.mark.parametrize("model", MODELS, ids=[f"{i}-{model.name}" for i, model in enumerate(MODELS)])


@EVERY_MODEL
def test_stationary_moments_are_where_the_recursion_ends(model):
    path, final = moments.of(model, START, 3000), moments.stationary(model)
    assert np.allclose(path.mean[-1], final.mean, atol=1e-10)
    assert np.allclose(path.second_moment[-1], final.second_moment, atol=1e-10)
    assert 0 < moments.spectral_radius(model) < 1 and moments.decay_rate(model) > 0


@EVERY_MODEL
def test_simulation_agrees_with_exact_moments(model):
    """Both moments of both coordinates at three steps, 5,120 paths: 12 numbers within 5 standard errors (1e-5 together)."""
    exact, run = moments.of(model, START, 40), sg.simulate(model, START, n_paths=5120, n_steps=40, seed=11)
    for k in (3, 10, 40):
        assert np.all(np.abs(run.mean[k] - exact.mean[k]) < 5 * run.standard_error[k] + 1e-12)
        squares = np.diagonal(run.second_moment[k] - exact.second_moment[k])
        assert np.all(np.abs(squares) < 5 * run.second_moment_standard_error[k] + 1e-12)


def test_simulation_rejects_wrong_exact_moments():
    """Negative control at the same size: staleness off by 0.05 in mu, noise off by a tenth."""
    run = sg.simulate(sg.asgd(PROBLEM, 0.3, sg.geometric(0.5)), START, n_paths=5120, n_steps=40, seed=11)
    wrong = moments.of(sg.asgd(PROBLEM, 0.3, sg.geometric(0.55)), START, 40)
    z = np.diagonal(run.second_moment - wrong.second_moment, axis1=1, axis2=2)[1:] / run.second_moment_standard_error[1:]
    assert np.abs(z).max() > 5


def test_no_staleness_is_sgd_and_a_batch_of_one_is_no_batch():
    sgd = moments.of(sg.sgd(PROBLEM, 0.1), START, 20)
    for same in (sg.asgd(PROBLEM, 0.1, sg.none()), sg.minibatch_sgd(PROBLEM, 0.1, batch=1), sg.msgd(PROBLEM, 0.1, momentum=0.0)):
        assert np.allclose(moments.of(same, START, 20).second_moment, sgd.second_moment, rtol=0, atol=1e-12)


def test_limits_step_and_start_like_the_library():
    """dt, Y_0 and S_0 of the moment description are those of the limit that is simulated."""
    limit = sg.sme_asgd_mixture(PROBLEM, 0.05, weights=[0.4, 0.6], mus=[0.3, 0.7])
    described = continuous.sme_asgd_mixture((H, B), 0.05, (0.4, 0.6), (0.3, 0.7))
    state = limit.start(START[:, None])
    assert described.dt == pytest.approx(limit.dt, rel=1e-15)
    assert np.allclose(described.state(START), np.concatenate([START, *state.y[:, :, 0]]), atol=1e-14)
    assert np.allclose(described.extras(START), state.s[..., 0], atol=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: moments.of(sg.sgd(PROBLEM, 0.1), [1.0, 2.0, 3.0]), "has dimension 2"),
        (lambda: moments.of(sg.sgd(PROBLEM, 0.1), [1.0, float("inf")]), "must be finite"),
        (lambda: moments.of(sg.sgd(PROBLEM, 0.1), START, n_steps=1.5), "whole number"),
        (lambda: moments.of(SimpleNamespace(name="adam", problem=PROBLEM, parameters={}), START), "no moment equations for 'adam'"),
        (lambda: moments.stationary(sg.asgd(PROBLEM, 0.1, sg.constant(60))), "shorter staleness window"),
        (lambda: moments.stationary(sg.minibatch_sgd(PROBLEM, 0.1, batch=[1, 2])), "no stationary law"),
        (lambda: moments.of(sg.minibatch_sgd(PROBLEM, 0.1, batch=[1, 2]), START, 3), "at least one a step"),
        (lambda: moments.exact_limit(sg.sme_sgd(PROBLEM, 0.1), START, [-1.0]), "at least 0"),
        (lambda: moments.exact_limit(sg.sgd(PROBLEM, 0.1), START, [1.0]), "not one of the limits"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_nonlinear_problem_is_refused():
    with pytest.raises(ValueError, match="do not close"):
        moments.of(sg.sgd(sg.problems.double_well(), 0.1), 1.0)


@pytest.mark.parametrize("batch", [np.ones(3000, int), np.where(np.arange(3000) < 2000, 1, 4)], ids=["1", "1 then 4"])
def test_moments_beyond_the_largest_float_are_infinite_and_means_stay_right(batch):
    """Curvatures 1 and 3, eta = 0.95: the mean falls by -0.9 a step, E x^2 changes by 0.9^2 + 0.95^2 / B and overflows on the way."""
    problem = sg.problems.least_squares([[1.0], [3.0**0.5]], [0.0, 0.0])
    process = sg.minibatch_sgd(problem, 0.95, batch) if batch[-1] > 1 else sg.sgd(problem, 0.95)
    found = moments.of(process, 1.0, 3000)
    assert found.mean[:, 0] == pytest.approx((-0.9) ** np.arange(3001), rel=1e-9, abs=1e-300)
    with np.errstate(over="ignore"):
        expected = np.cumprod([1.0, *(0.81 + 0.9025 / batch)])
    assert np.isinf(expected[-1]) and found.second_moment[:, 0, 0] == pytest.approx(expected, rel=1e-9)
