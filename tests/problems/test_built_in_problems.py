"""The papers' objectives against their definitions: by differences, by averages, and in sympy."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from problem_checks import assert_averages, assert_derivatives, assert_linear
from stalegrad import problems

rng = np.random.default_rng(1)
PROBLEMS = {
    "quadratic": problems.quadratic(rng.normal(size=(5, 3)), 1.7),
    "quartic": problems.quartic(),
    "double well": problems.double_well(),
    "least squares, closed form": problems.least_squares(rng.normal(size=(30, 2)), rng.normal(size=30)),
    "least squares, sum over rows": problems.least_squares(rng.normal(size=(4, 5)), rng.normal(size=4)),
}
X = sympy.Symbol("x", real=True)
IN_SYMPY = {
    "quartic": [(X - 1) ** 4 - 1, (X + 1) ** 4 - 1],
    "double well": [1 - 2 * sympy.exp(-((X - 1) ** 2)), 1 - 2 * sympy.exp(-((X + 1) ** 2))],
}
coordinates = st.floats(-3.0, 3.0, allow_subnormal=False)


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize("name", PROBLEMS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_averages_and_derivatives(name, data):
    problem = PROBLEMS[name]
    x = data.draw(arrays(float, (problem.dim, 3), elements=coordinates))
    assert_averages(problem, x)
    assert_derivatives(problem, x)
    if problem.linear is not None:
        assert_linear(problem, x)


@pytest.mark.claim("SME-1.1", "definition")
def test_components_average_to_the_stated_functions():
    """Captions of Figures 4 and 5: f(x) = x^2, x^4 + 6 x^2, 1 - exp(-(x-1)^2) - exp(-(x+1)^2)."""
    quadratic = [(X - 1) ** 2 - 1, (X + 1) ** 2 - 1]
    assert sympy.expand(sum(quadratic) / 2) == X**2
    assert sympy.expand(sum(IN_SYMPY["quartic"]) / 2) == X**4 + 6 * X**2
    stated = 1 - sympy.exp(-((X - 1) ** 2)) - sympy.exp(-((X + 1) ** 2))
    assert sympy.simplify(sum(IN_SYMPY["double well"]) / 2 - stated) == 0


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize("name", ["quadratic of Figure 4", "quartic", "double well"])
def test_against_sympy(name, check):
    """Gradients, second moment and (Hess F) grad F are those of the figures' components, derived by sympy."""
    figure4 = problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    problem = PROBLEMS.get(name, figure4)
    f = IN_SYMPY.get(name, [(X - 1) ** 2 - 1, (X + 1) ** 2 - 1])
    slopes = [sympy.diff(component, X) for component in f]
    mean = sum(slopes) / 2
    points = np.linspace(-2.5, 2.5, 41)
    x = points[None, :]
    for label, got, expression in [
        ("gradient of f_1", problem.component_gradient(x, 0), slopes[0]),
        ("gradient of f_2", problem.component_gradient(x, 1), slopes[1]),
        ("mean gradient", problem.mean_gradient(x), mean),
        ("second moment", problem.second_moment(x), sum(s**2 for s in slopes) / 2),
        ("Hess F grad F", problem.hessian_gradient(x), sympy.diff(mean, X) * mean),
    ]:
        expected = sympy.lambdify(X, expression, "numpy")(points)
        check(f"{name}: {label}", got.ravel(), expected, 1e-13 * np.abs(expected).max())


@pytest.mark.claim("SME-fig5-argmin", "proved")
def test_minimisers_of_the_double_well(check):
    """F' is a positive multiple of x - tanh 2x, which is odd, negative just right of 0, convex there: one positive zero."""
    slope = sympy.diff(sum(IN_SYMPY["double well"]) / 2, X)
    positive = 4 * sympy.exp(-(X**2) - 1) * sympy.cosh(2 * X)
    assert sympy.simplify((slope - positive * (X - sympy.tanh(2 * X))).rewrite(sympy.exp)) == 0
    height = X - sympy.tanh(2 * X)
    assert height.subs(X, -X) == -height
    assert sympy.diff(height, X).subs(X, 0) == -1
    bend = sympy.diff(height, X, 2)
    # tanh > 0 for x > 0, so the second derivative is positive there
    assert sympy.simplify((bend - 8 * sympy.tanh(2 * X) / sympy.cosh(2 * X) ** 2).rewrite(sympy.exp)) == 0
    assert height.subs(X, 1) > 0
    root = sympy.nsolve(height, X, 0.9, prec=30)
    check("positive minimiser, to the printed digits", float(root), 0.9575, 0.5e-4)
    check("the library's minimisers", problems.double_well().minimisers.ravel(), [-float(root), float(root)], 1e-14)


@pytest.mark.claim("SME-A1", "counterexample")
def test_quartic_gradients_are_not_lipschitz():
    """Between 1 and 1 + r the gradient of (x - 1)^4 - 1 grows 4 r^2 times the distance: more than any constant."""
    L, r = sympy.symbols("L r", positive=True)
    slope = sympy.diff(IN_SYMPY["quartic"][0], X)
    quotient = sympy.simplify((slope.subs(X, 1 + r) - slope.subs(X, 1)) / r)
    assert quotient == 4 * r**2
    assert sympy.simplify(quotient.subs(r, sympy.sqrt(L)) - L) == 3 * L
    compiled = problems.quartic().component_gradient(np.array([[1.0, 1001.0]]), 0)[0]
    assert compiled[1] - compiled[0] == 4e6 * 1000.0


@pytest.mark.claim("SME-A1", "definition")
def test_the_other_figures_have_lipschitz_gradients():
    """|f_i''| is 2 on the quadratic, and at most 4 on the double well: |(1 - 2w) e^{-w}| <= 1 for w = (x -+ 1)^2 >= 0."""
    w = sympy.Symbol("w", nonnegative=True)
    u = X - 1
    second = sympy.diff(IN_SYMPY["double well"][0], X, 2)
    assert sympy.simplify(second - 4 * (1 - 2 * u**2) * sympy.exp(-(u**2))) == 0
    curve = (1 - 2 * w) * sympy.exp(-w)
    extremes = [curve.subs(w, 0), curve.subs(w, sympy.Rational(3, 2)), sympy.limit(curve, w, sympy.oo)]
    assert sympy.solve(sympy.diff(curve, w), w) == [sympy.Rational(3, 2)]
    assert max(abs(e) for e in extremes) == 1
    assert sympy.diff((X - 1) ** 2 - 1, X, 2) == 2


def test_minimisers_and_curvature():
    for problem in PROBLEMS.values():
        bottoms = problem.minimisers.T
        np.testing.assert_allclose(problem.mean_gradient(bottoms), 0.0, atol=1e-14)
        h = 1e-6
        slopes = [
            (problem.mean_gradient(bottoms + h * e) - problem.mean_gradient(bottoms - h * e)) / (2 * h) for e in np.eye(problem.dim)[:, :, None]
        ]
        steepest = np.linalg.eigvalsh(np.stack(slopes)[:, :, 0]).max()
        assert problem.curvature == pytest.approx(steepest, rel=1e-7)


def test_shapes_and_pickling():
    for problem in PROBLEMS.values():
        d = problem.dim
        x = np.full(d, 0.3)
        assert problem.mean_gradient(x).shape == problem.component_gradient(x, 0).shape == (d,)
        assert problem.gradient_covariance(x).shape == problem.second_moment(x).shape == (d, d)
        assert problem.gradient_covariance(np.ones((d, 7))).shape == (d, d, 7)
        assert isinstance(problem.objective(x), float)
        again = pickle.loads(pickle.dumps(problem))
        assert (again.mean_gradient(x) == problem.mean_gradient(x)).all()


def test_numba_is_loaded_only_when_a_gradient_is_asked_for():
    code = (
        "import sys; from stalegrad import problems; problems.quadratic([[1.0]]); problems.quartic(); "
        "problems.least_squares([[1.0], [2.0]], [0.0, 1.0]); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_second_moment_keeps_its_digits_far_from_the_origin():
    """The quadratic and least squares expand about the minimiser, so a common shift of the data costs nothing."""
    shift, targets = 1e6, np.array([0.1, 1.0, 2.7, 5.3])
    for near, far in [
        (problems.quadratic([[0.3], [-0.9]], 2.0), problems.quadratic([[shift + 0.3], [shift - 0.9]], 2.0)),
        (problems.least_squares(np.ones((4, 1)), targets), problems.least_squares(np.ones((4, 1)), shift + targets)),
    ]:
        np.testing.assert_allclose(far.second_moment([shift + 0.5]), near.second_moment([0.5]), rtol=1e-7)


REFUSED = [
    (lambda: problems.quadratic([1.0, -1.0]), "give one row per component"),
    (lambda: problems.quadratic(np.empty((0, 1))), "at least one component"),
    (lambda: problems.quadratic([[1.0], [np.nan]]), "centres[1, 0] is nan"),
    (lambda: problems.quadratic([[1.0]], curvature=0.0), "curvature=0.0 must be positive"),
    (lambda: problems.quadratic([[1.0]], curvature=np.inf), "curvature=inf must be positive"),
    (lambda: problems.least_squares([[1.0], [2.0]], [1.0]), "b has shape (1,), A has 2 rows"),
    (lambda: problems.least_squares([[1.0], [np.inf]], [1.0, 2.0]), "A[1, 0] is inf"),
    (lambda: problems.least_squares([[1.0], [2.0]], [1.0, np.nan]), "is nan"),
    (lambda: problems.least_squares([[0.0], [0.0]], [1.0, 2.0]), "A is zero"),
    (lambda: problems.quartic().mean_gradient([1.0, 2.0]), "has dimension 1"),
    (lambda: problems.quartic().mean_gradient(np.ones((1, 1, 1))), "has dimension 1"),
    (lambda: problems.quartic().component_gradient([1.0], 2), "components 0 to 1"),
    (lambda: problems.quartic().component_gradient([1.0], -1), "components 0 to 1"),
]


@pytest.mark.parametrize("make, message", REFUSED)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
