"""Figure 1 of Liu et al. again: thresholds, levels, and what momentum costs. 384 runs a setting, under a seed used nowhere else."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.pca import figure1

N_RUNS, SEED, SIGMAS = 384, 1, 4.0
CLAIMS = {0.7: "PCA-fig1-mu0.7", 0.8: "PCA-fig1-mu0.8", 0.85: "PCA-fig1-mu0.85", 0.9: "PCA-fig1-mu0.9", 0.95: "PCA-fig1-mu0.95"}
MOMENTA = list(CLAIMS)
UP_TO = {0.7: 140, 0.8: 100, 0.85: 80, 0.9: 50, 0.95: 30}
STEP = 10
"""Grid of the printed delays."""


@pytest.fixture(scope="module")
def finals():
    """Momentum -> final errors (delays, runs), on the multiples of ten up to one or two beyond what can be told from the printed delay."""
    found = {}
    for momentum, last in UP_TO.items():
        found[momentum] = figure1.curves(N_RUNS, SEED, momenta=(momentum,), delays=range(0, last + STEP, STEP))[0, 0]
    return found


def threshold(sample, rule="twice"):
    return int(figure1.thresholds(sample, rule, range(0, STEP * len(sample), STEP)))


@pytest.mark.parametrize("momentum", [pytest.param(momentum, marks=pytest.mark.claim(id_, "reproduced")) for momentum, id_ in CLAIMS.items()])
def test_the_error_doubles_within_a_grid_step_of_the_printed_delay(momentum, finals, check):
    """To miss the printed delay by more, an error would have to be off by more than 4 of its standard errors (a quarter of itself)."""
    check("delay up to which the error at most doubles", threshold(finals[momentum]), figure1.PRINTED[momentum], STEP)


@pytest.mark.parametrize("momentum, other", [(0.8, 0.7), (0.7, 0.8), (0.8, 0.85), (0.9, 0.85), (0.95, 0.9)])
def test_the_printed_delay_of_another_momentum_is_rejected(momentum, other, finals):
    assert abs(threshold(finals[momentum]) - figure1.PRINTED[other]) > STEP


@pytest.mark.claim("PCA-fig1-mu0.7", "counterexample")
def test_the_stated_range_of_delays_shows_no_threshold_at_the_smallest_momentum(finals, check):
    """The text says delays from 0 to 100: up to there the error at 0.7 does not reach 1.5 times its value without delay."""
    found = figure1.summary(finals[0.7][: 100 // STEP + 1])
    check("largest error up to delay 100, over that at 0", found.error.max() / found.error[0], 1.25, 0.25)
    assert found.diverged.sum() == 0


@pytest.mark.claim("PCA-F1", "reproduced")
@pytest.mark.parametrize("momentum", MOMENTA)
def test_levels_are_those_of_the_linearised_algorithm_and_rise_with_the_delay(momentum, finals, check):
    """Without delay, and for half the critical one. The linearisation leaves out terms of relative order `error`."""
    half = int(figure1.critical()[MOMENTA.index(momentum)] / 2 / STEP) * STEP
    found = figure1.summary(finals[momentum])
    for tau, expected in zip((0, half), figure1.predicted(momentum, (0, half)), strict=True):
        row = tau // STEP
        tolerance = SIGMAS * found.standard_error[row] + expected**2
        check(f"error at delay {tau}", found.error[row], expected, tolerance)
    rising = figure1.summary(finals[momentum][: threshold(finals[momentum]) // STEP + 2]).error
    assert (np.diff(rising) > 0).all()  # the settings share their data, so this is no matter of luck


def test_a_level_that_leaves_out_the_momentum_is_rejected(finals):
    found = figure1.summary(finals[0.7])
    assert abs(found.error[0] - figure1.predicted(0.0, [0])[0]) > SIGMAS * found.standard_error[0] + found.error[0] ** 2


def errors_without_delay(settings, n_steps):
    """Mean error of each (momentum, eta) and its standard error, after n_steps."""
    data, found = sg.problems.streaming_data(figure1.EIGENVALUES), []
    for momentum, eta in settings:
        run = sg.simulate(sg.streaming_pca(data, eta, momentum), figure1.START, N_RUNS, n_steps, SEED, keep="final")
        found.append((run.final.mean(), run.final.std() / math.sqrt(N_RUNS)))
    return np.array(found).T


def largest_gap(errors, standard_errors):
    """Largest difference between two of the errors, in standard errors of both."""
    return max(abs(errors[i] - errors[j]) / math.hypot(standard_errors[i], standard_errors[j]) for i in range(len(errors)) for j in range(i))


@pytest.mark.claim("PCA-momentum-hurts", "reproduced")
def test_at_one_step_size_more_momentum_leaves_a_larger_error(finals):
    found = [figure1.summary(finals[momentum][:1]) for momentum in MOMENTA]
    errors, spread = (np.array([getattr(one, name)[0] for one in found]) for name in ("error", "standard_error"))
    assert (np.diff(errors) > 3.0 * np.hypot(spread[1:], spread[:-1])).all()
    assert largest_gap(errors, spread) > SIGMAS  # what the next test must not find


@pytest.mark.claim("PCA-momentum-hurts", "counterexample")
def test_at_one_effective_step_size_momentum_does_nothing():
    """eta / (1 - momentum) as at 0.7: the five errors agree."""
    effective = figure1.ETA / (1.0 - 0.7)
    settings = [(momentum, effective * (1.0 - momentum)) for momentum in MOMENTA]
    assert largest_gap(*errors_without_delay(settings, figure1.MAIN.n_steps)) < SIGMAS


@pytest.mark.claim("PCA-momentum-hurts", "counterexample")
def test_early_more_momentum_leaves_a_smaller_error():
    errors, spread = errors_without_delay([(0.7, figure1.ETA), (0.95, figure1.ETA)], n_steps=1500)
    assert errors[1] + 10.0 * math.hypot(*spread) < errors[0]


def test_far_beyond_the_stable_delays_the_last_bit_of_the_start_decides():
    """Momentum 0.9: a change by 1e-16 is nothing to the mean error of 100 runs at delay 20 and more than 1 part in 1,000 at delay 50."""
    data, changes = sg.problems.streaming_data(figure1.EIGENVALUES), {}
    for tau in (20, 50):
        process = sg.streaming_pca(data, figure1.ETA, 0.9, sg.constant(tau))
        one, other = (sg.simulate(process, [first, 1.0, 0.0, 0.0], 100, 20_000, 0, keep="final").final.mean() for first in (0.0, 1e-16))
        changes[tau] = abs(other / one - 1.0)
    assert changes[20] < 1e-9 and changes[50] > 1e-3


def test_a_point_is_one_of_the_curves():
    point = figure1.error(0.9, 20, n_runs=50, seed=3)
    found = figure1.summary(figure1.curves(60, 3, momenta=(0.9,), delays=(20,))[0, 0, 0, :50])
    assert point == {"error": found.error, "standard_error": found.standard_error, "diverged": 0}
    lost = figure1.error(0.95, 60, n_runs=5)
    assert math.isnan(lost["error"]) and lost["diverged"] == 5


@pytest.mark.parametrize(
    "changed, message", [(dict(momentum=1.0), "momentum"), (dict(tau=-1), "tau=-1"), (dict(tau=1.5), "tau"), (dict(n_runs=1), "n_runs")]
)
def test_a_point_that_is_none_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        figure1.error(**dict(momentum=0.9, tau=0) | changed)


def test_rules_on_made_up_errors():
    """Means 1, 1.4, 1.9, 4, 1; one run of the last delay diverges."""
    means = np.array([1.0, 1.4, 1.9, 4.0, 1.0])
    sample = means[:, None] * np.linspace(0.99, 1.01, 11)
    sample[-1, 0] = np.inf
    delays = (0, 10, 20, 30, 40)
    expected = {"twice": 20, "half more": 10, "a tenth more": 0, "bands overlap": 0}
    assert {rule: int(figure1.thresholds(sample, rule, delays)) for rule in figure1.RULES} == expected
    assert figure1.in_groups(np.tile(sample, 3), 11).shape == (3, 5, 11)


def test_doubling_is_the_threshold_of_whole_curves():
    choice = figure1.Choice(n_steps=500)  # still at the saddle: an error never doubles, but some runs diverge
    found, curves = figure1.doubling(20, 5, choice), figure1.curves(20, 5, choice)
    assert np.array_equal(found, figure1.thresholds(curves, "twice")) and len(set(found[0])) > 1


@pytest.mark.parametrize("name", figure1.OTHERS)
def test_every_other_choice_runs(name):
    choice = figure1.OTHERS[name]
    assert figure1.final_errors(0.8, 10, 3, choice=choice).shape == (2, 3)


def test_the_figure_shows_every_momentum_and_nothing_where_runs_diverged():
    error = np.full((5, len(figure1.DELAYS)), 0.1)
    diverged = np.zeros(error.shape, int)
    diverged[4, 3:] = 1
    fig, numbers = figure1.draw({"a few": figure1.Summary(error, 0.1 * error, diverged), "many": figure1.Summary(error, 0.01 * error, diverged)})
    plt.close(fig)
    assert np.isinf(numbers["error, 0.95, many"][3:]).all() and np.isfinite(numbers["error, 0.95, many"][:3]).all()
    assert list(numbers["printed"]) == [120, 80, 60, 30, 10] and len(numbers) == 3 + 4 * 5
