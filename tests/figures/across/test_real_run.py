"""A real run meets the theory: predictions by a second route, and the recorded data are whole."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.cluster.laws import fit, from_events
from stalegrad.cluster.queueing import run_law
from stalegrad.figures.across import real_run
from stalegrad.figures.across.real_run_record import DIM, N_WORKERS, REPEATS, RUNS, SHOWN, problem

DATA = Path(__file__).parents[3] / "notebooks" / "data" / "real_run"


@pytest.fixture(scope="module")
def runs():
    return real_run.load(DATA)


def test_the_coordinates_of_the_recorded_problem_are_uncorrelated():
    noise = problem().gradient_covariance(np.zeros(DIM))
    np.testing.assert_allclose(noise, np.eye(DIM), atol=1e-12)
    np.testing.assert_allclose(problem().mean_gradient(np.ones(DIM)), np.ones(DIM), atol=1e-12)
    assert real_run.coordinate().gradient_covariance([0.0]).item() == 1.0


@pytest.mark.parametrize("law", [sg.none(), sg.constant(3), sg.uniform(1, 6), sg.empirical([3, 0, 1, 2]), sg.geometric(0.6)])
def test_the_level_of_a_law_is_the_exact_one(law):
    expected = sg.moments.stationary(sg.asgd(real_run.coordinate(), 0.15, law)).second_moment.item()
    assert real_run.level_of_law(law, 0.15) == pytest.approx(expected, rel=1e-7)


def run_of(log, eta):
    return real_run.Run("synthetic", eta, log, fit(log), np.zeros(len(log)), None)


def test_the_level_given_the_delays_by_another_route():
    """x as a linear map of the start and all noises, row by row."""
    log, eta = from_events(sg.schedule.events(sg.schedule.random(), N_WORKERS, 400, seed=2).worker[:, 0]), 0.2
    x = np.zeros((len(log) + 1, 1 + len(log)))
    x[0, 0] = 1.0
    for k, (read, name) in enumerate(zip(log.read, log.id, strict=True)):
        x[k + 1] = x[k]
        if not name.endswith(":0"):
            x[k + 1] -= eta * x[read]
            x[k + 1, 1 + k] += eta
    expected = (x**2).sum(axis=1)[1:][real_run._while_all_work(log)].mean()
    assert real_run.level_given_delays(run_of(log, eta)) == pytest.approx(expected, rel=1e-10)


def test_constant_delays_as_they_came_are_those_of_the_law():
    log = from_events(np.arange(3000) % N_WORKERS)
    assert real_run.level_given_delays(run_of(log, 0.1)) == pytest.approx(real_run.level_of_law(sg.constant(7), 0.1), rel=1e-6)


@pytest.mark.claim("SME-A1", "counterexample")
def test_the_queue_of_memoryless_workers_has_the_mean_of_independent_delays_and_another_level():
    for eta in (0.05, 0.2):
        queue, independent = real_run.memoryless(eta, 400)
        np.testing.assert_allclose(queue.mean, independent.mean, rtol=0, atol=1e-12)
        ratio = queue.second_moment[-1].item() / independent.second_moment[-1].item()
        assert 1.0 - 0.5 * eta < ratio < 1.0 - 0.05 * eta


def test_recorded_runs_are_whole(runs):
    assert list(runs) == list(RUNS)
    for run in runs.values():
        assert (run.log.lost, run.log.applied_twice, run.log.note) == (0, 0, "")
        assert len(run.squares) == len(run.log) and run.log.workers.tolist() == list(range(N_WORKERS))
        assert run.log.meta["eta"] == run.eta
        assert run.fits.mean == pytest.approx(N_WORKERS - 1, abs=0.1)
        if run.short is not None:
            assert run.short.means.shape == (REPEATS, SHOWN + 1) and (run.short.means[:, 0] == 1.0).all()
            assert run.short.law.mean == pytest.approx(N_WORKERS - 1, abs=0.5)


def test_the_measured_levels_are_those_of_the_delays_as_they_came(runs):
    """Within 5 standard errors, in all runs; and the test can fail: half the rate is refused."""
    for run in runs.values():
        value, error = real_run.measured_level(run)
        assert abs(value - real_run.level_given_delays(run)) < 5 * error
        assert abs(value - real_run.level_given_delays(run_of(run.log, run.eta / 2))) > 5 * error


def test_pictures_return_what_they_draw(runs):
    fig, numbers = real_run.draw_laws(runs, {"one slow": run_law([1.0] * 7 + [0.2])})
    plt.close(fig)
    assert numbers["one slow, queue"].sum() == pytest.approx(1.0, abs=0.1)
    found = {name: real_run.trajectories(runs[name]) for name in ("exponential", "constant")}
    fig, numbers = real_run.draw_trajectories(found)
    plt.close(fig)
    assert set(numbers) >= {"exponential, measured", "constant, SME-ASGD"}
    assert all(np.isfinite(curve).all() for curve in numbers.values())
