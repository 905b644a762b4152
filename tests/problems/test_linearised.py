"""An objective as its quadratic model at a point."""

import pickle

import numpy as np
import pytest
import sympy

import stalegrad as sg
from problem_checks import assert_averages, assert_derivatives, assert_linear
from stalegrad.problems import linearised

x, y, c = sympy.symbols("x y c")


@pytest.mark.claim("SME-1.1", "definition")
def test_of_a_quadratic_it_is_the_same():
    problem = sg.problems.least_squares([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]], [1.0, 0.0, -1.0])
    model = linearised(problem)
    for found, expected in zip(model.linear, problem.linear, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-8)
    np.testing.assert_allclose(model.minimisers, problem.minimisers, atol=1e-8)
    np.testing.assert_allclose(model.curvature, problem.curvature, rtol=1e-8)


@pytest.mark.claim("SME-1.1", "definition")
def test_hessians_and_gradients_are_those_of_sympy():
    expression = sympy.cos(x * y) + (x - c) ** 4 + y**2 * c
    rows, at = [[1.0], [-0.5], [0.2]], np.array([0.4, -0.3])
    model = linearised(sg.problems.from_sympy(expression, [x, y], rows, [c]), at)
    for H, b, row in zip(*model.linear, rows, strict=True):
        where = {x: at[0], y: at[1], c: row[0]}
        np.testing.assert_allclose(H, np.array(sympy.hessian(expression, [x, y]).subs(where), float), atol=1e-8)
        np.testing.assert_allclose(H @ at - b, [float(expression.diff(v).subs(where)) for v in (x, y)], atol=1e-12)
    points = np.random.default_rng(2).normal(size=(2, 5))
    assert_averages(model, points)
    assert_derivatives(model, points)
    assert_linear(model, points)


def test_its_moments_are_those_of_the_objective_while_it_stays_near():
    """With a small rate the deviation of SGD in a double well is that of the quadratic model; a curvature 20 % off would show."""
    problem, eta = sg.problems.double_well(), 1e-3
    at = problem.minimisers[1]
    run = sg.simulate(sg.sgd(problem, eta), at, n_paths=4096, n_steps=4000, seed=1)
    variance, error = run.covariance[-1].item(), run.second_moment_standard_error[-1].item()
    model = linearised(problem, at)
    found = sg.moments.stationary(sg.sgd(model, eta))
    expected = found.second_moment.item() - found.mean.item() ** 2
    assert abs(variance / expected - 1) < 0.1  # 4 standard errors of a variance are 9 %
    assert error > 0 and abs(variance / (expected / 1.2) - 1) > 0.1


def test_a_copy_by_pickle():
    model = linearised(sg.problems.double_well(), 0.9)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).data, model.data)


@pytest.mark.parametrize(
    ("problem", "at", "message"),
    [
        (sg.problems.noisy_quadratic(h=1.0, sigma=1.0), None, "no components"),
        (sg.problems.from_sympy([x**4 - x**2], [x]), None, "give at="),
        (sg.problems.double_well(), [0.0, 1.0], "must be 1 finite numbers"),
        (sg.problems.double_well(), np.nan, "must be 1 finite numbers"),
        (sg.problems.from_sympy([sympy.log(x)], [x]), 0.0, "no finite gradient"),
    ],
)
def test_what_is_refused(problem, at, message):
    with pytest.raises(ValueError, match=message):
        linearised(problem, at)
