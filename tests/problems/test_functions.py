"""Elementary functions of block functions: digits against mpmath, and the edges of their domains."""

import math

import mpmath
import numpy as np
import pytest

from stalegrad.problems import functions

rng = np.random.default_rng(5)
POINTS = {
    "exp": np.concatenate([rng.uniform(-700.0, 700.0, 400), rng.normal(size=400)]),
    "log": np.concatenate([np.exp(rng.uniform(-744.0, 709.0, 400)), 1.0 + 0.1 * rng.normal(size=400)]),
    "tanh": np.concatenate([rng.uniform(-1.0, 1.0, 600), rng.uniform(-20.0, 20.0, 200)]),
    "sqrt": np.exp(rng.uniform(-700.0, 700.0, 400)),
    "sin": rng.uniform(-100.0, 100.0, 400),
    "cos": rng.uniform(-100.0, 100.0, 400),
}
ULPS = {"exp": 1.0, "log": 1.0, "tanh": 2.0, "sqrt": 0.5, "sin": 1.0, "cos": 1.0}


@pytest.mark.parametrize("name", POINTS)
def test_digits(name):
    function = getattr(functions, name)
    with mpmath.workprec(120):
        for point in POINTS[name]:
            exact = getattr(mpmath, name)(mpmath.mpf(float(point)))
            error = abs(mpmath.mpf(function(float(point))) - exact) / float(np.spacing(abs(float(exact))))
            assert error <= ULPS[name], f"{name}({point!r}) is {float(error):.2f} units in the last place off"


@pytest.mark.parametrize(
    "name, x, expected",
    [
        ("exp", -1000.0, 0.0),
        ("exp", 1000.0, math.inf),
        ("exp", math.nan, math.nan),
        ("log", 0.0, -math.inf),
        ("log", -1.0, math.nan),
        ("log", math.inf, math.inf),
        ("log", math.nan, math.nan),
        ("tanh", 0.0, 0.0),
        ("tanh", math.inf, 1.0),
        ("tanh", -math.inf, -1.0),
        ("tanh", math.nan, math.nan),
        ("tanh", 1e300, 1.0),
        ("sqrt", -1.0, math.nan),
        ("sin", math.inf, math.nan),
        ("cos", math.inf, math.nan),
        ("sign", -2.0, -1.0),
        ("sign", 0.0, 0.0),
        ("sign", 3.0, 1.0),
        ("sign", math.nan, math.nan),
    ],
)
def test_edges(name, x, expected):
    np.testing.assert_equal(getattr(functions, name)(x), expected)
