"""Problems from a gradient the reader wrote: all forms, the check of the gradient, and what is refused."""

import math
import pickle
import re

import numba
import numpy as np
import pytest

from problem_checks import assert_averages, assert_derivatives
from stalegrad import problems
from stalegrad.engine.blocks import block_function
from stalegrad.problems.functions import exp

CENTRES = [[1.0], [-1.0]]
DATA = np.random.default_rng(3).normal(size=(9, 3))


def quartic_loop(x, z, out):
    for p in range(x.shape[1]):
        u = x[0, p] - z[0, p]
        out[0, p] = 4.0 * u * u * u


def quartic_array(x, z):
    u = x - z
    return 4.0 * u * u * u


def quartic_values(x, z):
    return (x[0] - z[0]) ** 4 - 1.0


def bump(x, z, out):
    """Gradient of 1 - exp(-(z0 x0^2 + x0 x1 + z1 z2 x1)^2 / 2)."""
    for p in range(x.shape[1]):
        u = z[0, p] * x[0, p] * x[0, p] + x[0, p] * x[1, p] + z[1, p] * z[2, p] * x[1, p]
        weight = u * exp(-0.5 * u * u)
        out[0, p] = weight * (2.0 * z[0, p] * x[0, p] + x[1, p])
        out[1, p] = weight * (x[0, p] + z[1, p] * z[2, p])


def bump_values(x, z):
    return 1.0 - np.exp(-((z[0] * x[0] ** 2 + x[0] * x[1] + z[1] * z[2] * x[1]) ** 2) / 2)


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize(
    "gradient",
    [
        quartic_loop,
        numba.njit(quartic_loop),
        numba.njit(quartic_array),
        block_function(quartic_loop),
    ],
    ids=["loop", "compiled loop", "compiled array", "block function"],
)
def test_every_form_of_the_gradient(gradient):
    problem, known = problems.finite_sum(gradient, CENTRES, 1, quartic_values), problems.quartic()
    points = np.linspace(-2.0, 2.0, 21)[None, :]
    for name in ("mean_gradient", "second_moment", "objective"):
        expected = getattr(known, name)(points)
        np.testing.assert_allclose(getattr(problem, name)(points), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    expected = known.hessian_gradient(points)  # the sum has no Hessian, but central differences of error 4e-11
    np.testing.assert_allclose(problem.hessian_gradient(points), expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())


@pytest.mark.claim("SME-1.1", "definition")
def test_averages_and_derivatives():
    problem = problems.finite_sum(bump, DATA, 2, bump_values)
    points = np.random.default_rng(4).normal(size=(2, 30))
    assert_averages(problem, points)
    assert_derivatives(problem, points)


def test_without_an_objective_and_at_a_stationary_point():
    problem = problems.finite_sum(quartic_loop, [[1.0]], 1)
    assert problem.objective is None
    assert problem.hessian_gradient([1.0]) == 0.0


def test_travels():
    problem = pickle.loads(pickle.dumps(problems.finite_sum(bump, DATA, 2, bump_values)))
    assert problem.mean_gradient([0.3, 0.4]).shape == (2,)


def log_loop(x, z, out):
    for p in range(x.shape[1]):
        out[0, p] = z[0, p] / x[0, p]


def test_points_inside_the_domain():
    values = lambda x, z: z[0] * np.log(x[0])  # noqa: E731
    assert problems.finite_sum(log_loop, CENTRES, 1, values, points=[[0.5], [2.0]]).objective([1.0]) == 0.0


def wrong_sign_in_one_component(x, z, out):
    for p in range(x.shape[1]):
        u = x[0, p] - z[0, p]
        out[0, p] = 4.0 * u * u * u if z[0, p] > 0.0 else -4.0 * u * u * u


def test_a_wrong_gradient_is_named():
    with pytest.raises(ValueError) as refusal:
        problems.finite_sum(wrong_sign_in_one_component, CENTRES, 1, quartic_values, points=[[0.5]])
    message = str(refusal.value)
    assert message.startswith("wrong gradient of component 1 at x=[0.5]: entry 0 should be 13.5")
    assert "got -13.5" in message


@pytest.mark.parametrize("factor, right", [(1.0, True), (1.0 + 1e-4, False), (1.0 - 1e-4, False)])
def test_an_error_of_one_in_ten_thousand_is_seen(factor, right):
    def nearly(x, z, out):
        for p in range(x.shape[1]):
            out[0, p] = factor * 4.0 * (x[0, p] - z[0, p]) ** 3

    def attempt():
        return problems.finite_sum(nearly, CENTRES, 1, quartic_values)

    if right:
        assert attempt().n_components == 2
    else:
        with pytest.raises(ValueError, match="wrong gradient"):
            attempt()


def test_check_gradient_by_hand():
    problems.check_gradient(problems.double_well())
    with pytest.raises(ValueError, match=re.escape("shape (3,) must be finite, one row of 1 coordinates each")):
        problems.check_gradient(problems.quartic(), points=[1.0, 2.0, 3.0])


def nan_loop(x, z, out):
    for p in range(x.shape[1]):
        out[0, p] = math.sqrt(x[0, p] - 9.0)


def lazy_loop(x, z, out):
    for p in range(1):
        out[0, p] = 4.0 * (x[0, p] - z[0, p]) ** 3


def greedy_loop(x, z, out):
    for p in range(x.shape[1]):
        x[0, p] -= z[0, p]
        out[0, p] = 4.0 * x[0, p] ** 3


def long_loop(x, z, out):
    for p in range(x.shape[1]):
        out[1, p] = x[0, p]


def words(x, z):
    return np.array([["a"] * x.shape[1]])


def text(x, z):
    return {"x": x - z}["x"] + len(words.__name__) - 5


REFUSED = [
    (lambda: problems.finite_sum(nan_loop, CENTRES, 1, points=[[0.5]]), "has entry 0 = nan"),
    (lambda: problems.finite_sum(lazy_loop, CENTRES, 1), "leaves it unwritten"),
    (lambda: problems.finite_sum(greedy_loop, CENTRES, 1), "changes its inputs"),
    (lambda: problems.finite_sum(long_loop, CENTRES, 1), "reads or writes outside"),
    (lambda: problems.finite_sum(lambda x, z: (x - z)[0], CENTRES, 1), "returns shape (4,)"),
    (lambda: problems.finite_sum(lambda x: x, CENTRES, 1), "takes 1 arguments"),
    (lambda: problems.finite_sum(text, CENTRES, 1), "numba cannot compile the gradient"),
    (lambda: problems.finite_sum("gradient", CENTRES, 1), "not a function"),
    (lambda: problems.finite_sum(quartic_loop, [1.0, -1.0], 1), "give one row per component"),
    (lambda: problems.finite_sum(quartic_loop, [[np.inf]], 1), "data[0, 0] is inf"),
    (lambda: problems.finite_sum(quartic_loop, np.empty((0, 1)), 1), "at least one component"),
    (lambda: problems.finite_sum(quartic_loop, CENTRES, 0), "dim=0"),
    (lambda: problems.finite_sum(quartic_loop, CENTRES, 1.5), "dim=1.5"),
    (lambda: problems.finite_sum(quartic_loop, CENTRES, 1, lambda x, z: 1.0), "the objective returns shape ()"),
    (lambda: problems.finite_sum(quartic_loop, CENTRES, 1, points=[[np.nan]]), "must be finite"),
]


@pytest.mark.parametrize("make, message", REFUSED)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
