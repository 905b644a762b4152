"""Learning rates eta u_k of SGD and ASGD: kernel against reference, by hand, exact moments by enumeration, and bad input."""

from itertools import product

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 30, 5
PROBLEM = sg.problems.least_squares(np.random.default_rng(1).normal(size=(5, 2)), np.random.default_rng(2).normal(size=5))
NOISY = sg.problems.noisy_quadratic(h=2.0)


def root(k):
    return k**-0.5


def processes(rates):
    return {
        "sgd": (sg.sgd(PROBLEM, 0.1, rates=rates), [1.0, 2.0]),
        "sgd on a law": (sg.sgd(NOISY, 0.1, rates=rates), [1.0]),
        "asgd": (sg.asgd(PROBLEM, 0.1, sg.uniform(1, 4), rates=rates), [1.0, 2.0]),
        "minibatch_asgd": (sg.minibatch_asgd(PROBLEM, 0.1, sg.geometric(0.5), 3, rates=rates), [1.0, 2.0]),
    }


@pytest.mark.claim("SDDE-4", "definition")
@pytest.mark.parametrize("name", processes(None))
def test_reference_and_kernel_agree_path_by_path(name):
    paths = FIRST + np.arange(N_PATHS, dtype=np.uint64)
    for rates in (root, np.linspace(1.0, 0.0, N_STEPS)):
        process, start = processes(rates)[name]
        run = sg.simulate(process, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
        assert np.abs(run.paths - reference_paths(process, start, N_STEPS, paths, SEED)).max() < 1e-12


@pytest.mark.parametrize("name", processes(None))
def test_factors_of_one_change_no_bit_and_others_do(name):
    ones, plain, falling = (processes(rates)[name] for rates in (np.ones(N_STEPS), None, root))
    means = [sg.simulate(process, start, 200, N_STEPS).mean for process, start in (ones, plain, falling)]
    assert np.array_equal(means[0], means[1])
    assert np.array_equal(means[0][:2], means[2][:2]) and not np.allclose(means[0][2], means[2][2])  # u_1 = 1, u_2 < 1
    assert "rates" not in plain[0].parameters


def test_the_first_step_takes_the_first_factor():
    """x_{k+1} = (1 - eta h / k) x_k without noise: with eta h = 1/2 the first step leaves 1/2, the second 3/4 of that."""
    process = sg.sgd(sg.problems.noisy_quadratic(h=1.0, sigma=0.0), 0.5, rates=lambda k: 1 / k)
    assert sg.simulate(process, 1.0, 1, 3).mean[:, 0].tolist() == pytest.approx([1.0, 0.5, 0.375, 0.3125])


@pytest.mark.claim("SDDE-4", "exact")
def test_moments_are_those_of_all_draws(check):
    """Every sequence of delays and components of four steps, one sample a step."""
    objective, law, eta = sg.problems.least_squares([[1.0], [2.0]], [0.5, -1.0]), sg.uniform(0, 2), 0.3
    H, b = (part.reshape(2) for part in objective.linear)
    total, square, n = 0.0, 0.0, 4
    for delays in product(range(3), repeat=n):
        for rows in product(range(2), repeat=n):
            x = [1.5]
            for k in range(n):
                read = x[max(k - delays[k], 0)]
                x.append(x[-1] - eta * root(k + 1.0) * (H[rows[k]] * read - b[rows[k]]))
            total, square = total + x[-1] / 6**n, square + x[-1] ** 2 / 6**n
    moments = sg.moments.of(sg.asgd(objective, eta, law, rates=root), 1.5, n)
    check("mean", moments.mean[-1, 0], total, 1e-13)
    check("second moment", moments.second_moment[-1, 0, 0], square, 1e-13)
    planted = sg.moments.of(sg.asgd(objective, eta, law, rates=lambda k: (k + 1) ** -0.5), 1.5, n)
    assert abs(planted.second_moment[-1, 0, 0] - square) > 1e-3


@pytest.mark.claim("SDDE-5", "exact")
@pytest.mark.parametrize("law", [sg.constant(3), sg.uniform(0, 4)], ids=repr)
def test_the_scheme_has_the_moments_of_mini_batch_asgd(law, check):
    """One read a batch: (SDDE-5) replaces the noise by a normal one with the same covariance, so that two moments stay as they are."""
    start = [1.0, -2.0]
    algorithm = sg.moments.of(sg.minibatch_asgd(PROBLEM, 0.2, law, 3, rates=root), start, 25)
    scheme = sg.moments.of(sg.sdde(PROBLEM, 0.2, law, batch=3, rates=root), start, 25)
    check("mean", scheme.mean, algorithm.mean, 1e-14)
    check("second moment", scheme.second_moment, algorithm.second_moment, 1e-14)
    run = sg.simulate(sg.sdde(PROBLEM, 0.2, law, batch=3, rates=root), start, 4000, 25)
    z = (run.mean - scheme.mean)[1:] / run.standard_error[1:]
    assert np.abs(z).max() < 5.0  # 50 correlated comparisons: a right program fails with probability below 3e-5
    wrong = sg.moments.of(sg.sdde(PROBLEM, 0.2, sg.constant(8), batch=3, rates=root), start, 25)
    assert np.abs((run.mean - wrong.mean)[1:] / run.standard_error[1:]).max() > 8.0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="factor number 3 is nan"):
        sg.asgd(PROBLEM, 0.1, sg.constant(1), rates=[1.0, 1.0, np.nan])
    with pytest.raises(ValueError, match="lists 2 factors for 3 steps"):
        sg.simulate(sg.sgd(PROBLEM, 0.1, rates=[1.0, 0.5]), [0.0, 0.0], 1, 3)
    with pytest.raises(ValueError, match="no stationary law"):
        sg.moments.stationary(sg.sgd(PROBLEM, 0.1, rates=root))
