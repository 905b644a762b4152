"""Problems from sympy expressions: against sympy, against the built-in ones, and what is refused."""

import pickle
import re

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from problem_checks import assert_averages, assert_derivatives, assert_linear
from stalegrad import problems
from stalegrad.problems.template import common_form

x, y, a, b, c = sympy.symbols("x y a b c")
rng = np.random.default_rng(2)
ROWS = np.column_stack([rng.normal(size=(12, 2)), rng.choice([-1.0, 1.0], 12)])

EXAMPLES = {
    "several forms": ([x**2 + sympy.sin(y) * x, sympy.log(1 + x**2) + y**4, sympy.sqrt(1 + y**2) * sympy.tanh(x)], [x, y]),
    "cosine and powers": ([sympy.cos(x) / (1 + x**2), sympy.cos(x + 1) / (1 + x**2)], [x]),
    "logistic regression": (sympy.log(1 + sympy.exp(-c * (a * x + b * y))), [x, y], ROWS, [a, b, c]),
    "least squares": ((a * x + b * y - c) ** 2 / 2, [x, y], ROWS, [a, b, c]),
    "Huber": (sympy.Piecewise((x**2 / 2, sympy.Abs(x) < 1), (sympy.Abs(x) - sympy.Rational(1, 2), True)), [x]),
}


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize("name", EXAMPLES)
def test_averages_and_derivatives(name):
    problem = problems.from_sympy(*EXAMPLES[name])
    points = rng.normal(size=(problem.dim, 25))
    assert_averages(problem, points)
    assert_derivatives(problem, points)


@pytest.mark.parametrize(
    "components, built_in",
    [
        ([(x - 1) ** 2 - 1, (x + 1) ** 2 - 1], problems.quadratic([[1.0], [-1.0]], 2.0)),
        ([(x - 1) ** 4 - 1, (x + 1) ** 4 - 1], problems.quartic()),
        ([1 - 2 * sympy.exp(-((x - 1) ** 2)), 1 - 2 * sympy.exp(-((x + 1) ** 2))], problems.double_well()),
    ],
)
def test_equals_the_built_in_problem(components, built_in):
    problem = problems.from_sympy(components, [x])
    points = np.linspace(-2.5, 2.5, 31)[None, :]
    for name in ("mean_gradient", "second_moment", "gradient_covariance", "hessian_gradient", "objective"):
        expected = getattr(built_in, name)(points)
        if name == "objective" and built_in.name == "quadratic":
            expected = expected - 1.0
        np.testing.assert_allclose(getattr(problem, name)(points), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    assert (problem.linear is None) == (built_in.linear is None)


powers = st.integers(0, 4)
terms = st.tuples(st.integers(-3, 3), powers, powers).map(lambda t: t[0] * x ** t[1] * y ** t[2])
polynomials = st.lists(terms, min_size=1, max_size=4).map(lambda t: sympy.Add(*t))
outer = st.sampled_from([lambda e: e, sympy.exp, sympy.tanh, sympy.sin, lambda e: sympy.sqrt(1 + e**2), lambda e: sympy.log(2 + e**2)])
components = st.tuples(outer, polynomials).map(lambda pair: pair[0](pair[1]))


@settings(deadline=None, max_examples=8)
@given(st.lists(components, min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_component_gradients_are_those_of_sympy(expressions, seed):
    problem = problems.from_sympy(expressions, [x, y])
    points = np.random.default_rng(seed).uniform(-1.0, 1.0, size=(2, 5))
    for i, expression in enumerate(expressions):
        got = problem.component_gradient(points, i)
        for j, symbol in enumerate([x, y]):
            exact = sympy.lambdify([x, y], sympy.diff(expression, symbol), "mpmath")
            expected = [float(exact(*point)) for point in points.T]
            np.testing.assert_allclose(got[j], expected, rtol=1e-10, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.lists(components, min_size=1, max_size=4))
def test_the_common_form_gives_every_component_back(expressions):
    template, symbols, rows = common_form(expressions)
    point = {x: sympy.Rational(3, 7), y: sympy.Rational(-5, 8)}
    for expression, row in zip(expressions, rows, strict=True):
        back = template.subs(dict(zip(symbols, map(sympy.nsimplify, row), strict=True))).subs(point)
        assert float(back) == pytest.approx(float(expression.subs(point)), rel=1e-12, abs=1e-300)


def test_numbers_that_differ_become_data():
    template, symbols, rows = common_form([3 * (x - 1) ** 2 + y, 5 * (x + 2) ** 2 + y])
    assert len(symbols) == 2 and sorted(map(sorted, rows)) == [[-1.0, 3.0], [2.0, 5.0]]
    assert problems.from_sympy([x**2, x**4], [x]).data.tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize(
    "arguments",
    [
        ([(x - 1) ** 2, 3 * (x + 2) ** 2 - x], [x]),
        ([x**2 + x * y + y**2, (x - y) ** 2 + x], [x, y]),
        ((a * x + b * y - c) ** 2 / 2, [x, y], ROWS, [a, b, c]),
    ],
)
def test_quadratic_components_are_recognised(arguments):
    assert_linear(problems.from_sympy(*arguments), rng.normal(size=(len(arguments[1]), 9)))


def test_minimiser_and_curvature_of_quadratic_components():
    problem = problems.from_sympy([(x - 1) ** 2 + 2 * y**2, x**2 + x * y + (y - 3) ** 2], [x, y])
    np.testing.assert_allclose(problem.mean_gradient(problem.minimisers[0]), 0.0, atol=1e-14)
    # mean Hessian [[2, 1/2], [1/2, 3]]
    assert problem.curvature == pytest.approx((5 + np.sqrt(2)) / 2, rel=1e-14)
    saddle = problems.from_sympy([x**2 - y**2], [x, y])
    assert saddle.minimisers is None and saddle.curvature is None


@pytest.mark.parametrize("components", [[x**3], [sympy.Abs(x)], [x**2, sympy.exp(x)], [sympy.Piecewise((x**2, x > 0), (2 * x**2, True))]])
def test_other_components_are_not_linear(components):
    assert problems.from_sympy(components, [x]).linear is None


def test_closed_forms_do_not_depend_on_the_number_of_components():
    problem = problems.from_sympy((x - c) ** 2, [x], np.arange(1000.0)[:, None], [c])
    assert problem.summary.shape == (4, 3)
    assert_averages(problem, np.array([[499.0, -3.0]]))


def test_kinks_and_travel():
    problem = problems.from_sympy([sympy.Abs(x - 1), sympy.Abs(x + 1)], [x])
    assert problem.mean_gradient([[-2.0, 0.5, 2.0]]).tolist() == [[-1.0, 0.0, 1.0]]
    assert problem.hessian_gradient([2.0]) == 0.0
    assert pickle.loads(pickle.dumps(problem)).mean_gradient([2.0]) == 1.0


def test_all_digits_of_numbers_are_kept():
    slope = 0.1 + 2.0**-54
    assert problems.from_sympy([slope * x], [x]).mean_gradient([1.0])[0] == slope
    assert problems.from_sympy([sympy.pi * x], [x]).mean_gradient([1.0])[0] == np.pi


ONE = [[1.0]]
REFUSED = [
    (lambda: problems.from_sympy([], [x]), "components is empty"),
    (lambda: problems.from_sympy([x * y], [x]), "y in x*y is neither variable nor data"),
    (lambda: problems.from_sympy(x * a, [x], ONE, [b]), "a in a*x is neither variable nor data"),
    (lambda: problems.from_sympy([x], []), "variables=[]"),
    (lambda: problems.from_sympy([x], [x, x]), "all different"),
    (lambda: problems.from_sympy([x], ["x"]), "sympy symbol"),
    (lambda: problems.from_sympy([x * sympy.I], [x]), "not a real finite expression"),
    (lambda: problems.from_sympy([x * sympy.oo], [x]), "not a real finite expression"),
    (lambda: problems.from_sympy([sympy.gamma(x)], [x]), "gamma"),
    (lambda: problems.from_sympy([sympy.erf(x)], [x]), "erf"),
    (lambda: problems.from_sympy([x > 1], [x]), "not a sympy expression"),
    (lambda: problems.from_sympy(x * a, [x], [[1.0], [np.nan]], [a]), "data[1, 0] is nan"),
    (lambda: problems.from_sympy(x * a, [x], [[1.0, 2.0]], [a]), "data has 2 columns; 1 are needed"),
    (lambda: problems.from_sympy(x * a, [x], np.empty((0, 1)), [a]), "at least one component"),
    (lambda: problems.from_sympy(x * a, [x], ONE), "data and data_symbols come together"),
    (lambda: problems.from_sympy(x * a, [x], ONE, [x]), "both variable and data symbol"),
    (lambda: problems.from_sympy([x * a], [x], ONE, [a]), "a list of components takes no data"),
]


@pytest.mark.parametrize("make, message", REFUSED)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
