"""The long statistical suite: simulation against exact moments at a million paths, with a fresh seed in every run.

The seed is printed, so that a failure can be repeated with STALEGRAD_VERIFY_SEED. Each test compares `N_POINTS` numbers; with at most
|z| < 6 each, a false alarm of the whole suite is rarer than one in 10^5.
"""

import math
import os
import secrets

import numpy as np
import pytest

import stalegrad as sg

N_PATHS, N_STEPS, N_POINTS, Z_LIMIT = 2**20, 400, 40, 6.0
ETA, MU, START = 0.02, 0.93, 1.0


@pytest.fixture(scope="module")
def seed():
    chosen = int(os.environ.get("STALEGRAD_VERIFY_SEED", secrets.randbits(62)))
    print(f"STALEGRAD_VERIFY_SEED={chosen}")
    return chosen


def square():
    return sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)


def spread_centres():
    return sg.problems.quadratic(centres=[[1.0, 0.0], [-1.0, 0.5], [0.2, -0.7]], curvature=1.5)


MODELS = {
    "sgd": lambda: sg.sgd(square(), eta=ETA),
    "minibatch_sgd": lambda: sg.minibatch_sgd(square(), eta=ETA, batch=3),
    "msgd": lambda: sg.msgd(square(), eta=ETA, momentum=0.8),
    "asgd, geometric": lambda: sg.asgd(square(), eta=ETA, staleness=sg.geometric(MU)),
    "asgd, uniform": lambda: sg.asgd(square(), eta=ETA, staleness=sg.uniform(0, 6)),
    "asgd, constant": lambda: sg.asgd(square(), eta=ETA, staleness=sg.constant(4)),
    "asgd, two dimensions": lambda: sg.asgd(spread_centres(), eta=ETA, staleness=sg.geometric(MU)),
    "minibatch_asgd": lambda: sg.minibatch_asgd(square(), eta=ETA, staleness=sg.geometric(MU), batch=4),
    "minibatch_asgd_separate_reads": lambda: sg.minibatch_asgd_separate_reads(square(), eta=ETA, staleness=sg.geometric(MU), batch=4),
    "sme_sgd": lambda: sg.sme_sgd(square(), eta=ETA),
    "sme_msgd": lambda: sg.sme_msgd(square(), eta=ETA, momentum=0.8),
    "sme_asgd": lambda: sg.sme_asgd(square(), eta=ETA, mu=MU),
    "sme_asgd, two dimensions": lambda: sg.sme_asgd(spread_centres(), eta=ETA, mu=MU),
    "sme_asgd_mixture": lambda: sg.sme_asgd_mixture(square(), eta=ETA, weights=[0.5, 0.5], mus=[0.5, MU]),
    "sdde, constant": lambda: sg.sdde(square(), eta=ETA, delay=4),
    "sdde, uniform": lambda: sg.sdde(square(), eta=ETA, delay=sg.uniform(0, 6), batch=2),
    "sdde, falling rates": lambda: sg.sdde(square(), eta=ETA, delay=4, rates=lambda k: 1.0 / math.sqrt(k), history=0.5),
}


@pytest.mark.parametrize("name", MODELS)
def test_simulation_agrees_with_exact_moments(name, seed):
    model = MODELS[name]()
    steps = np.linspace(N_STEPS / N_POINTS, N_STEPS, N_POINTS).astype(int)
    start = np.full(model.dim, START)
    run = sg.simulate(model, start, n_paths=N_PATHS, n_steps=N_STEPS, seed=seed)
    exact = sg.moments.of(model, start, n_steps=N_STEPS)
    diagonal = np.arange(model.dim)
    z_mean = (run.mean - exact.mean)[steps] / run.standard_error[steps]
    z_second = (run.second_moment - exact.second_moment)[steps][:, diagonal, diagonal] / run.second_moment_standard_error[steps]
    assert np.abs(z_mean).max() < Z_LIMIT
    assert np.abs(z_second).max() < Z_LIMIT


def test_a_wrong_mu_is_rejected(seed):
    """Negative control at the same size: moments at a mu that is off by 0.002."""
    run = sg.simulate(MODELS["asgd, geometric"](), START, n_paths=N_PATHS, n_steps=N_STEPS, seed=seed)
    wrong = sg.moments.of(sg.asgd(square(), eta=ETA, staleness=sg.geometric(MU - 0.002)), START, n_steps=N_STEPS)
    assert (np.abs(run.mean - wrong.mean)[1:] / run.standard_error[1:]).max() > Z_LIMIT
