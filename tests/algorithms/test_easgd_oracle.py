"""Elastic averaging, Nesterov and plain gradient steps on every law of the data: rule and kernel agree path by path.

131 paths straddle a block and the border of the two words of a path's index. A relative distance of 1e-12 is a few thousand
roundings: the logarithms of the generators differ by one each, and some draws are divided by small numbers.
"""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 25, 11
EVERYTHING = ("centre", "average", "double_average", "local")
TABLE = np.random.default_rng(3).normal(size=(5, 2))
PROBLEMS = {
    "one component": sg.problems.quadratic([[0.3]], curvature=1.3),
    "components": sg.problems.quadratic(TABLE, curvature=1.3),
    "double well": sg.problems.double_well(),
    "additive": sg.problems.noisy_quadratic(h=1.5, sigma=2.0, minimum=0.5),
    "additive, matrix": sg.problems.noisy_quadratic([[2.0, 0.5], [0.5, 1.0]], minimum=[1.0, 0.0], covariance=[[1.0, -0.5], [-0.5, 2.0]]),
    "gamma 1/2": sg.problems.gamma_quadratic(0.5, 0.5),
    "gamma 2": sg.problems.gamma_quadratic(2.0, 1.0),
    "gamma 0.3": sg.problems.gamma_quadratic(0.3, 1.0),
    "gamma 7.3": sg.problems.gamma_quadratic(7.3, 9.0),
}
ELASTIC = {
    "easgd": lambda problem, p, **options: sg.easgd(problem, 0.1, -0.05, 0.9, p, **options),
    "easgd_gauss_seidel": lambda problem, p, **options: sg.easgd_gauss_seidel(problem, 0.1, 0.3, 1.1, p, **options),
    "eamsgd": lambda problem, p, **options: sg.eamsgd(problem, 0.1, 0.2, 0.7, 0.6, p, **options),
    "eamsgd_heavy_ball": lambda problem, p, **options: sg.eamsgd_heavy_ball(problem, 0.1, 0.2, 0.7, -0.4, p, **options),
}
SINGLE = {
    "nesterov": lambda problem: sg.nesterov(problem, 0.1, 0.7),
    "sgd": lambda problem: sg.sgd(problem, 0.1),
    "minibatch_sgd": lambda problem: sg.minibatch_sgd(problem, 0.1, np.arange(N_STEPS) // 9 + 1),
    "msgd": lambda problem: sg.msgd(problem, 0.1, 0.5),
}


def start(problem):
    return [1.0, -2.0][: problem.dim]


def distance(process, other=None):
    """Largest distance between the kernel's paths and those of the rule (of `other`), relative to the size of the path."""
    run = sg.simulate(process, start(process.problem), N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    paths = FIRST + np.arange(N_PATHS, dtype=np.uint64)
    expected = reference_paths(other or process, start(process.problem), N_STEPS, paths, SEED)
    assert np.isfinite(expected).all() and np.ptp(expected) > 0.1
    return (np.abs(run.paths - expected) / (1.0 + np.abs(expected))).max()


@pytest.mark.parametrize("law", PROBLEMS)
@pytest.mark.parametrize("name", ELASTIC)
def test_elastic_algorithms_on_every_law(name, law):
    assert distance(ELASTIC[name](PROBLEMS[law], 2, observe=EVERYTHING)) < 1e-12


@pytest.mark.parametrize("p", [1, 5])
@pytest.mark.parametrize("law", ["components", "additive, matrix", "gamma 1/2", "gamma 7.3"])
@pytest.mark.parametrize("name", ELASTIC)
def test_elastic_algorithms_with_any_number_of_workers(name, law, p):
    problem = PROBLEMS[law]
    local0 = 1.0 + np.arange(p * problem.dim).reshape(p, problem.dim) / p
    assert distance(ELASTIC[name](problem, p, observe=("average", "local"), local0=local0)) < 1e-12


@pytest.mark.parametrize("law", PROBLEMS)
@pytest.mark.parametrize("name", SINGLE)
def test_single_iterates_on_every_law(name, law):
    assert distance(SINGLE[name](PROBLEMS[law])) < 1e-12


@pytest.mark.parametrize("observable", EVERYTHING)
def test_each_observable_alone_is_its_column_beside_the_others(observable):
    problem = PROBLEMS["additive, matrix"]
    alone, all_of_them = (
        sg.simulate(sg.easgd(problem, 0.1, 0.1, 0.3, 3, observe=names), start(problem), 300, 20, keep="final").final
        for names in (observable, EVERYTHING)
    )
    column = 2 * EVERYTHING.index(observable)
    assert np.array_equal(alone, all_of_them[:, column : column + 2])


@pytest.mark.parametrize("changed", [dict(eta=0.1), dict(alpha=0.2), dict(beta=0.7)])
def test_the_comparison_sees_a_rate_that_is_off_by_one_part_in_a_million(changed):
    rates = dict(eta=0.1, alpha=0.2, beta=0.7)
    wrong = rates | {name: value * (1.0 + 1e-6) for name, value in changed.items()}
    problem = PROBLEMS["gamma 2"]
    assert distance(sg.easgd(problem, n_workers=3, **rates), sg.easgd(problem, n_workers=3, **wrong)) > 1e-9
