"""Bad input, matched time steps, and rules that run on symbols."""

from typing import NamedTuple

import numpy as np
import pytest
import sympy

import stalegrad as sg
from stalegrad.algorithms.asgd import asgd_step
from stalegrad.algorithms.delayed import Draw, State

PROBLEM = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
BAD_RATES = [0.0, -0.1, float("nan"), float("inf")]


@pytest.mark.parametrize("eta", BAD_RATES)
def test_a_rate_that_is_not_positive_and_finite_is_refused(eta):
    for make in (
        lambda: sg.sgd(PROBLEM, eta),
        lambda: sg.minibatch_sgd(PROBLEM, eta, 2),
        lambda: sg.msgd(PROBLEM, eta, 0.5),
        lambda: sg.asgd(PROBLEM, eta, sg.none()),
        lambda: sg.minibatch_asgd(PROBLEM, eta, sg.none(), 2),
        lambda: sg.minibatch_asgd_separate_reads(PROBLEM, eta, sg.none(), 2),
    ):
        with pytest.raises(ValueError, match=f"eta={eta}.*positive"):
            make()


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_momentum_outside_the_unit_interval_is_refused(momentum):
    with pytest.raises(ValueError, match="must lie in \\[0, 1\\)"):
        sg.msgd(PROBLEM, 0.1, momentum)


@pytest.mark.parametrize("batch", [0, -1, 2.5, True, [1, 0], [1, 1.5], [], [[1]], [1, np.nan]])
def test_a_batch_below_one_or_not_whole_is_refused(batch):
    with pytest.raises(ValueError, match="batch"):
        sg.minibatch_sgd(PROBLEM, 0.1, batch)


def test_a_schedule_shorter_than_the_run_is_refused_before_it_starts():
    with pytest.raises(ValueError, match="batch lists 3 values for 4 steps"):
        sg.simulate(sg.minibatch_sgd(PROBLEM, 0.1, [1, 2, 3]), 1.0, 10, 4)


def test_a_staleness_that_is_no_law_is_refused():
    with pytest.raises(ValueError, match="staleness=0.95 is no law"):
        sg.asgd(PROBLEM, 0.1, 0.95)


def test_matched_time_steps():
    assert sg.sgd(PROBLEM, 0.01).dt == 0.01
    assert sg.msgd(PROBLEM, 0.01, 0.9).dt == pytest.approx(0.1)
    assert sg.asgd(PROBLEM, 0.01, sg.geometric(0.96)).dt == pytest.approx(0.02)


class SymbolicPast(NamedTuple):
    """A past in which every read is the same symbol."""

    read_symbol: np.ndarray

    def read(self, tau):
        return self.read_symbol

    def push(self, x):
        return self


def test_symbols_can_be_traced_through_a_rule():
    x, r, z, eta = sympy.symbols("x r z eta")
    symbol = np.vectorize(lambda s: s, otypes=[object])
    state = State(symbol([[x]]), SymbolicPast(symbol([[r]])))
    stepped = asgd_step(PROBLEM, eta, state, Draw(np.zeros((1, 1)), symbol([[[z]]])))
    assert sympy.simplify(stepped.x[0, 0] - (x - 2 * eta * (r - z))) == 0
