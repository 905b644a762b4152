"""A reader's own problem runs in the engine exactly as the built-in one does: the same paths."""

import numpy as np
import pytest
import sympy

from stalegrad import problems
from stalegrad.algorithms.asgd import asgd
from stalegrad.engine.simulate import simulate
from stalegrad.staleness import geometric
from test_finite_sum import quartic_array, quartic_loop, quartic_values

x, c = sympy.symbols("x c")
CENTRES = [[1.0], [-1.0]]


@pytest.mark.parametrize(
    "own",
    [
        lambda: problems.from_sympy([(x - 1) ** 4 - 1, (x + 1) ** 4 - 1], [x]),
        lambda: problems.from_sympy((x - c) ** 4 - 1, [x], CENTRES, [c]),
        lambda: problems.finite_sum(quartic_loop, CENTRES, 1, quartic_values),
        lambda: problems.finite_sum(quartic_array, CENTRES, 1),
    ],
    ids=["components", "expression and data", "loop", "array"],
)
def test_same_paths_as_the_built_in_quartic(own):
    def final(problem):
        return simulate(asgd(problem, 1e-3, geometric(0.95)), 1.0, n_paths=200, n_steps=300, seed=7, keep="final").final

    expected = final(problems.quartic())
    assert np.std(expected) > 0.01
    np.testing.assert_allclose(final(own()), expected, atol=1e-11)
