"""The delay equation: reference against kernel, the scheme by hand, its parameters, strong order, and bad input."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths
from stalegrad.moments import delay as exact

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 40, 11


def problem(n, d):
    return sg.problems.quadratic(np.random.default_rng(n).normal(size=(n, d)), curvature=1.3)


def inverse(k):
    return 1.0 / k


VARIANTS = {
    "no delay": lambda d: {"delay": 0},
    "constant": lambda d: {"delay": 7},
    "uniform": lambda d: {"delay": sg.uniform(2, 9), "batch": 4},
    "longer than the run": lambda d: {"delay": 60, "history": lambda s: np.full(d, 1.0 + s)},
    "substeps": lambda d: {"delay": sg.uniform(0, 5), "substeps": 3, "grid": 6},
    "falling rates": lambda d: {"delay": sg.empirical([1, 0, 2]), "rates": inverse, "substeps": 2},
    "listed rates": lambda d: {"delay": 3, "Sigma": np.eye(d) + 0.5, "rates": np.linspace(1, 0, N_STEPS), "delta": 0.3},
    "constant history": lambda d: {"delay": sg.geometric(0.8), "history": np.ones(d)},
}


def distance(limit, start):
    run = sg.simulate(limit, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    paths = FIRST + np.arange(N_PATHS, dtype=np.uint64)
    return np.abs(run.paths - reference_paths(limit.discretised(), start, N_STEPS, paths, SEED)).max()


@pytest.mark.claim("SDDE-6", "definition")
@pytest.mark.parametrize("name", VARIANTS)
def test_reference_and_kernel_agree_path_by_path(name):
    for objective, start in ((problem(2, 1), [1.0]), (problem(5, 2), [1.0, -2.0]), (problem(7, 3), [1.0, -2.0, 0.5])):
        assert distance(sg.sdde(objective, 0.05, **VARIANTS[name](objective.dim)), start) < 1e-12
    assert distance(sg.sdde(sg.problems.double_well(), 0.01, **VARIANTS[name](1)), [0.5]) < 1e-12


def test_threads_and_neighbours_change_no_bit():
    limit = sg.sdde(problem(5, 2), 0.05, sg.uniform(1, 6))
    runs = [sg.simulate(limit, [1.0, 2.0], 3000, 30, SEED, keep="paths", threads=n) for n in (1, 2, 3)]
    assert all(np.array_equal(run.mean, runs[0].mean) and np.array_equal(run.paths, runs[0].paths) for run in runs)
    alone = sg.simulate(limit, [1.0, 2.0], 1, 30, SEED, keep="paths", first_path=1500)
    assert np.array_equal(alone.paths[0], runs[0].paths[1500])


@pytest.mark.claim("SDDE-5", "definition")
def test_the_scheme_is_the_printed_recursion():
    """Without noise, step by step in plain Python: delay, rates from u_1 on, and history."""
    objective, eta, lag = sg.problems.noisy_quadratic(h=2.0), 0.1, 3
    past = [5.0, 4.0, 3.0]  # x_{-3}, x_{-2}, x_{-1}

    def history(s):
        return 2.0 - round(s / eta)  # x_{-j} = 2 + j

    x = [*past, 1.0]
    for k in range(1, 13):
        x.append(x[-1] - eta / k * 2.0 * x[-1 - lag])
    limit = sg.sdde(objective, eta, lag, rates=inverse, Sigma=0.0, history=history)
    assert np.allclose(sg.simulate(limit, 1.0, 1, 12).mean[:, 0], x[3:], rtol=0, atol=1e-14)


def test_the_time_of_an_update_names_the_axis_only():
    runs = [sg.simulate(sg.sdde(problem(5, 2), 0.05, 4, delta=delta), [1.0, 2.0], 200, 30) for delta in (None, 1.0, 0.01)]
    assert all(np.allclose(run.mean, runs[0].mean, rtol=0, atol=1e-13) for run in runs)
    assert [run.time[-1] for run in runs] == pytest.approx([1.5, 30.0, 0.3])


@pytest.mark.claim("SDDE-6", "exact")
@pytest.mark.parametrize("delta", [0.02, 0.25])
def test_the_printed_factors_are_the_rates_at_multiples_of_delta(delta):
    """U(t) = delta / t and sqrt(delta / t) are 1/k and 1/sqrt(k) at t = k delta, k = 1, 2, ...; at t = 0, where k = 0, neither exists."""
    k = np.arange(1, 20)
    for rate, factor in ((inverse, lambda t: delta / t), (lambda k: k**-0.5, lambda t: np.sqrt(delta) / np.sqrt(t))):
        limit = sg.sdde(problem(2, 1), 0.1, 2, rates=rate, delta=delta, substeps=4)
        t = delta + limit.discretised().dt * np.arange(4 * 19)
        assert np.allclose(limit.scheme.rates.of(4 * 19, 4), factor(t), rtol=1e-13)
        assert np.allclose(limit.scheme.rates.of(19), [rate(j) for j in k], rtol=1e-15)
    with pytest.raises(ZeroDivisionError):
        inverse(0)


@pytest.mark.claim("SDDE-8", "exact")
def test_without_delay_it_is_sgd_s_equation_without_the_second_order_drift(check):
    """Means of the two Euler schemes on F = h x^2 / 2, both known in closed form."""
    objective, eta, h, k = sg.problems.noisy_quadratic(h=2.0, sigma=3.0), 0.05, 2.0, 30
    plain, modified = sg.sdde(objective, eta, 0), sg.sme_sgd(objective, eta)
    check("SDE (8)", sg.moments.of(plain, 1.0, k).mean[-1, 0], (1 - eta * h) ** k, 1e-14)
    check("SME-SGD", sg.moments.of(modified, 1.0, k).mean[-1, 0], (1 - eta * h - (eta * h) ** 2 / 2) ** k, 1e-14)
    for limit in (plain, modified):
        check("variance of a step", sg.moments.of(limit, 0.0, 1).second_moment[1, 0, 0], (eta * 3.0) ** 2, 1e-15)


def strong_errors(objective, grid, sizes, n_deltas, seeds=(SEED, SEED), **parameters):
    """Root mean squared distance at the last time from the scheme with `grid` substeps, for fewer substeps."""
    finals = []
    for substeps, seed in zip((grid, *sizes), (seeds[0], *[seeds[1]] * len(sizes))):
        limit = sg.sdde(objective, 0.1, substeps=substeps, grid=grid, **parameters)
        finals.append(sg.simulate(limit, 1.0, 1500, n_deltas * substeps, seed, keep="final").final[:, 0])
    return np.array([np.sqrt(np.mean((finals[0] - final) ** 2)) for final in finals[1:]])


SIZES = (1, 2, 4, 8)


@pytest.mark.parametrize("delay", [sg.constant(4), sg.uniform(0, 4)], ids=repr)
def test_strong_order_is_one_for_constant_noise(delay):
    """Not 1/2, as the proof of Theorem 3.2 has it. With steps h and h / 64 the error of order 1 is C (h - h / 64), so ratios are near 2;
    of order 1/2 they would be near 1.4 (and between 1.41 and 1.6 with this reference)."""
    errors = strong_errors(sg.problems.noisy_quadratic(h=2.0), 64, SIZES, 12, delay=delay)
    ratios = errors[:-1] / errors[1:]
    assert np.all((1.7 < ratios) & (ratios < 2.6)), ratios
    unrelated = strong_errors(sg.problems.noisy_quadratic(h=2.0), 64, SIZES, 12, seeds=(SEED, SEED + 1), delay=delay)
    assert np.all(unrelated[:-1] / unrelated[1:] < 1.3)  # the coupling is what makes the distance small


def test_strong_order_is_a_half_for_noise_that_depends_on_the_point_without_delay():
    """Noise proportional to X, delay 0: the scheme's own order 1/2, ratios near 1.41 (to 1.6 for the step nearest the reference)."""
    errors = strong_errors(sg.problems.gamma_quadratic(0.5, 0.5), 128, SIZES, 8, delay=0)
    ratios = errors[:-1] / errors[1:]
    assert np.all((1.2 < ratios) & (ratios < 1.75)), ratios


def test_divergence_names_the_condition():
    objective = sg.problems.noisy_quadratic(h=1.0)
    bound = 2.0 * np.sin(np.pi / (4 * 5 + 2))
    assert sg.moments.spectral_radius(sg.sdde(objective, 0.999 * bound, 5)) < 1.0 < sg.moments.spectral_radius(sg.sdde(objective, 1.001 * bound, 5))
    with pytest.warns(sg.DivergenceWarning, match=r"below 2 sin\(pi / \(4 delay \+ 2\)\) = 0.285"):
        sg.simulate(sg.sdde(objective, 50.0, 5), 1.0, 2, 2000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, "eta=0.0"),
        ({"delta": -1.0}, "delta=-1.0"),
        ({"batch": 0}, "batch=0"),
        ({"delay": -1}, "lag=-1"),
        ({"delay": "ten"}, "delay='ten' is no law"),
        ({"rates": [1.0, -0.5]}, "factor number 2 is -0.5"),
        ({"rates": [[1.0]]}, "rates has shape"),
        ({"Sigma": [[1.0, 2.0], [2.0, 1.0]]}, "is no covariance"),
        ({"Sigma": 1.0}, "Sigma has shape"),
        ({"history": 1.0}, "history must give a finite point of dimension 2"),
        ({"history": lambda s: [1.0, np.inf]}, "history must give a finite point"),
        ({"substeps": 0}, "substeps=0"),
        ({"substeps": 2, "grid": 3}, "grid=3 must be a multiple of substeps=2"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        sg.sdde(problem(5, 2), **({"eta": 0.1, "delay": 2} | change))


def test_a_run_longer_than_its_rates_is_refused():
    with pytest.raises(ValueError, match="lists 3 factors for 4 steps"):
        sg.simulate(sg.sdde(problem(5, 2), 0.1, 2, rates=[1.0, 0.5, 0.25], substeps=2), [0.0, 0.0], 1, 7)


@pytest.mark.claim("SDDE-6", "exact")
def test_a_jump_of_the_history_gives_the_fundamental_solution():
    """History 0 and start 1: the mean of the scheme approaches r(t), whose error is of order one in the step."""
    objective, errors = sg.problems.noisy_quadratic(h=2.0), []
    for substeps in (8, 16):
        limit = sg.sdde(objective, 0.1, 3, delta=0.1, history=0.0, substeps=substeps)
        moments = sg.moments.of(limit, 1.0, 20 * substeps)
        errors.append(np.abs(moments.mean[::substeps, 0] - exact.fundamental(2.0, 0.3, 0.1 * np.arange(21))).max())
    assert 1.8 < errors[0] / errors[1] < 2.2 and errors[1] < 0.02
