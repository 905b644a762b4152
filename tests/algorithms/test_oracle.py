"""Every discrete algorithm: the readable rule and the kernel agree path by path, to rounding.

131 paths are more than a block and no multiple of one; they straddle the border of the two words of a
path's index. The rules are applied independently of the kernels, so agreement checks both.
"""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 40, 11
RAMP = np.arange(N_STEPS) // 9 + 1
LAWS = {
    "none": sg.none(),
    "constant": sg.constant(3),
    "geometric": sg.geometric(0.8),
    "uniform": sg.uniform(1, 5),
    "longer than the run": sg.geometric(0.99),
}


def problem(n, d):
    return sg.problems.quadratic(np.random.default_rng(n).normal(size=(n, d)), curvature=1.3)


def algorithms(objective, law):
    return {
        "sgd": sg.sgd(objective, 0.1),
        "minibatch_sgd": sg.minibatch_sgd(objective, 0.1, RAMP),
        "msgd": sg.msgd(objective, 0.05, 0.8),
        "asgd": sg.asgd(objective, 0.1, law),
        "minibatch_asgd": sg.minibatch_asgd(objective, 0.1, law, RAMP),
        "minibatch_asgd_separate_reads": sg.minibatch_asgd_separate_reads(objective, 0.1, law, RAMP),
    }


def distance(process, start):
    run = sg.simulate(process, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    paths = FIRST + np.arange(N_PATHS, dtype=np.uint64)
    return np.abs(run.paths - reference_paths(process, start, N_STEPS, paths, SEED)).max()


@pytest.mark.parametrize("name", algorithms(problem(2, 1), sg.none()))
@pytest.mark.parametrize("n", [1, 2, 3])
def test_each_algorithm_in_one_and_two_dimensions(name, n):
    assert distance(algorithms(problem(n, 1), LAWS["geometric"])[name], 1.0) < 1e-13
    assert distance(algorithms(problem(n, 2), LAWS["geometric"])[name], [1.0, -2.0]) < 1e-13


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["asgd", "minibatch_asgd", "minibatch_asgd_separate_reads"])
def test_each_staleness_law(name, law):
    assert distance(algorithms(problem(3, 2), LAWS[law])[name], [1.0, -2.0]) < 1e-13


@pytest.mark.parametrize("objective", [sg.problems.quartic(), sg.problems.double_well()], ids=lambda objective: objective.name)
def test_nonlinear_gradients(objective):
    assert distance(sg.asgd(objective, 0.01, sg.geometric(0.8)), 0.5) < 1e-13


def test_the_comparison_sees_an_error_of_one_part_in_a_million():
    process, wrong = (sg.asgd(problem(2, 1), eta, LAWS["geometric"]) for eta in (0.1, 0.1 * (1 + 1e-6)))
    paths = np.arange(3, dtype=np.uint64)
    assert np.abs(sg.simulate(process, 1.0, 3, N_STEPS, keep="paths").paths - reference_paths(wrong, 1.0, N_STEPS, paths)).max() > 1e-9


@pytest.mark.claim("SME-2.1", "definition")
def test_asgd_by_hand():
    """Two steps with known draws: x_1 = x_0 - eta a (x_0 - c), x_2 reads x_0 or x_1."""
    objective = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    process = sg.asgd(objective, 0.1, sg.constant(1))
    x = reference_paths(process, 1.0, 3, np.arange(400, dtype=np.uint64))[:, :, 0]
    assert set(np.round(x[:, 1], 12)) == {1.0, 0.6}
    assert set(np.round(x[:, 2] - x[:, 1], 12)) == {0.0, -0.4}  # reads x_0 = 1: gradients 0 and 4
    steps = np.round(x[:, 3] - x[:, 2] + 0.2 * x[:, 1], 12)  # reads x_1: -eta a (x_1 - c)
    assert set(steps) == {0.2, -0.2}


@pytest.mark.claim("SME-2.6", "definition")
def test_heavy_ball_by_hand():
    """With one component the rule is deterministic: v_1 = -eta x_0, v_2 = momentum v_1 - eta x_1."""
    run = sg.simulate(sg.msgd(sg.problems.quadratic([[0.0]]), 0.1, 0.5), 1.0, 1, 2)
    assert np.allclose(run.mean[:, 0], [1.0, 0.9, 0.9 + 0.5 * -0.1 - 0.1 * 0.9], atol=1e-15)


@pytest.mark.claim("SME-4.1", "definition")
def test_a_batch_shares_one_read_or_has_separate_ones():
    """One component, so all noise is staleness: averaging 16 separate reads lowers its variance 16 times, sharing does not."""
    objective, law, size = sg.problems.quadratic([[0.0]]), sg.uniform(0, 1), 16
    one, shared, separate = (
        sg.simulate(process, 1.0, 20000, 2, keep="final", seed=1).covariance[2, 0, 0]
        for process in (
            sg.asgd(objective, 0.5, law),
            sg.minibatch_asgd(objective, 0.5, law, size),
            sg.minibatch_asgd_separate_reads(objective, 0.5, law, size),
        )
    )
    exact = (0.5 * 0.5) ** 2 / 4.0  # step 2 reads 1 or 1/2, each with probability 1/2
    error = 6.0 * exact * np.sqrt(2.0 / 20000)
    assert abs(one - exact) < error and abs(shared - exact) < error
    assert abs(separate - exact / size) < error / size


def test_a_batch_of_one_is_asgd_to_the_bit():
    objective = problem(2, 1)
    runs = [
        sg.simulate(process, 1.0, 300, 30).mean
        for process in (
            sg.asgd(objective, 0.1, sg.geometric(0.8)),
            sg.minibatch_asgd(objective, 0.1, sg.geometric(0.8), 1),
            sg.minibatch_asgd_separate_reads(objective, 0.1, sg.geometric(0.8), np.ones(30)),
        )
    ]
    assert np.array_equal(runs[0], runs[1]) and np.array_equal(runs[0], runs[2])


def test_without_staleness_asgd_is_sgd():
    objective = problem(3, 2)
    asgd, sgd = sg.asgd(objective, 0.1, sg.none()), sg.sgd(objective, 0.1)
    assert np.array_equal(sg.simulate(asgd, [1.0, 0.0], 200, 20).mean, sg.simulate(sgd, [1.0, 0.0], 200, 20).mean)
