"""Ten first attempts at an objective of one's own: those that work, and what the others are told."""

import math

import numpy as np
import pytest
import sympy

import stalegrad as sg
from stalegrad.problems import finite_sum, from_sympy, pointwise

ROWS = [[1.0], [2.0]]
x, y, c, s = sympy.symbols("x y c s")


def with_cases(x, z):
    if x[0] > z[0]:
        return np.array([math.exp(-x[0]), 2.0 * x[1]])
    return np.array([x[0] - z[0], 2.0 * x[1]])


@pytest.mark.claim("SME-1.1", "definition")
def test_a_gradient_at_one_point_is_one_at_many():
    problem = finite_sum(pointwise(with_cases), ROWS, dim=2)
    points = np.random.default_rng(4).normal(1.0, 1.0, size=(2, 9))
    for i, row in enumerate(ROWS):
        expected = np.array([with_cases(point, row) for point in points.T]).T
        np.testing.assert_allclose(problem.component_gradient(points, i), expected, rtol=1e-14)
    run = sg.simulate(sg.asgd(problem, 0.05, sg.constant(2)), [0.0, 0.0], n_paths=256, n_steps=50)
    assert run.diverged == 0


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize(
    ("components", "variables", "data", "symbols", "start"),
    [
        ([x**4 - x, x**4 + x**2], [x], None, None, [0.5]),
        (sympy.sin(3 * x) + (x - c) ** 2, [x], ROWS, [c], [0.5]),
        (sympy.log(1 + sympy.exp(-s * (c * x + y))), [x, y], [[1.0, 1.0], [-1.0, 0.5], [1.0, -1.0]], [s, c], [0.0, 0.0]),
        ([sympy.Max(0, 1 - x), sympy.Max(0, 1 + x)], [x], None, None, [0.5]),
        (sum((v - c) ** 4 for v in sympy.symbols("v:20")), sympy.symbols("v:20"), ROWS, [c], [0.0] * 20),
    ],
    ids=["polynomial", "sine", "logistic", "hinge", "twenty dimensions"],
)
def test_expressions_that_work(components, variables, data, symbols, start):
    problem = from_sympy(components, variables, data, symbols)
    run = sg.simulate(sg.asgd(problem, 0.002, sg.geometric(0.5)), start, n_paths=256, n_steps=50)
    assert run.diverged == 0 and (run.covariance[-1].diagonal() >= 0).all() and (run.mean[-1] != start).any()


def test_a_hinge_is_what_it_says():
    problem = from_sympy([sympy.Max(0, 1 - x)], [x])
    np.testing.assert_array_equal(problem.mean_gradient(np.array([[-1.0, 0.5, 3.0]])), [[-1.0, -1.0, 0.0]])


def test_a_pole_is_infinite_and_nothing_else():
    problem = from_sympy([sympy.log(x), 1 / x**2], [x])
    expected = [[np.inf, 1.0, 0.5, -1.0], [-np.inf, -2.0, -0.25, 2.0]]
    for i, row in enumerate(expected):
        np.testing.assert_allclose(problem.component_gradient(np.array([[0.0, 1.0, 2.0, -1.0]]), i)[0], row)


@pytest.mark.parametrize(
    ("gradient", "dim", "message"),
    [
        (lambda x, z: x[0] - z[0], 1, r"returns shape \(4,\).*pointwise"),
        (lambda x, z: (x - z) if x > 0 else -x, 1, "fails for arrays .*truth value.*pointwise"),
        (lambda x, z: math.exp(x) - z, 1, "fails for arrays .*pointwise"),
        (lambda x, z: np.array([x[0] - z[0], 2 * x[1]]), 2, r"numba cannot compile .*np.stack.*pointwise"),
        (lambda x, z: x / np.sqrt((x * x).sum()), 2, "by itself, but .* in a block of points.*axis 0"),
        (lambda x, z: x * (x @ x), 4, "fails for arrays .*pointwise"),
        (pointwise(lambda x, z: x[0] - z[0]), 1, "pointwise, return a list of 1 numbers"),
        (pointwise(lambda x, z: (x[0] - z[0],)), 2, "out of range"),
        (pointwise(lambda x, z: [unknown(x[0])]), 1, "numba cannot compile"),  # noqa: F821
        (lambda x: 2 * x, 1, "takes 1 arguments"),
    ],
    ids=[
        "shape",
        "if",
        "math",
        "list of rows",
        "norm of a block",
        "four points in four dimensions",
        "number",
        "too short",
        "unknown name",
        "one argument",
    ],
)
def test_gradients_that_are_told_what_to_do(gradient, dim, message):
    with pytest.raises(ValueError, match=message):
        finite_sum(gradient, ROWS, dim)


def test_pointwise_refuses_another_number_of_arguments():
    with pytest.raises(ValueError, match="two arguments"):
        pointwise(lambda x: x)


@pytest.mark.parametrize("data", [[["a"], ["b"]], [[1.0], [2.0, 3.0]]], ids=["text", "ragged"])
def test_data_that_are_no_table(data):
    with pytest.raises(ValueError, match="data is no table of numbers .*rows of equal length"):
        finite_sum(lambda x, z: x - z, data, 1)


@pytest.mark.parametrize("dim", [0, 1.5, "1"])
def test_a_dimension_that_is_none(dim):
    with pytest.raises(ValueError, match="dim="):
        finite_sum(lambda x, z: x - z, ROWS, dim)


def test_an_unknown_function_is_named_in_the_readers_letters():
    with pytest.raises(ValueError, match=r"gamma in gamma\(x\) is not supported"):
        from_sympy([sympy.gamma(x)], [x])


def test_a_start_outside_the_domain_is_told_from_divergence():
    problem = from_sympy([sympy.log(x) ** 2, sympy.log(x)], [x])
    with pytest.warns(sg.DivergenceWarning, match=r"not finite at the start \[-1.0\]: start where"):
        sg.simulate(sg.sgd(problem, 0.01), -1.0, n_paths=16, n_steps=5)
    with pytest.warns(sg.DivergenceWarning, match="[Rr]educe"):
        sg.simulate(sg.sgd(from_sympy([x**4], [x]), 0.5), 3.0, n_paths=16, n_steps=20)


def test_a_function_is_no_problem():
    with pytest.raises(ValueError, match="is no problem: make one with"):
        sg.asgd(lambda x: x, 0.1, sg.constant(1))
