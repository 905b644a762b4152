"""The exact law of the delay of a queue: geometric for exponential services, constant in the limit, and as simulated between."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.cluster.laws import from_events
from stalegrad.cluster.queueing import run_law, worker_law


@pytest.mark.parametrize("speeds", [[1.0, 1.0], [1.0] * 8, [3.0, 1.0, 0.2]])
def test_exponential_services_give_the_geometric_law_exactly(speeds):
    shares = np.array(speeds) / sum(speeds)
    lags = np.arange(200)
    for i, share in enumerate(shares):
        np.testing.assert_allclose(worker_law(speeds, i).pmf(lags), share * (1.0 - share) ** lags, atol=1e-8)
    np.testing.assert_allclose(run_law(speeds).pmf(lags), sg.mixture(shares, 1.0 - shares).pmf(lags), atol=1e-8)


@pytest.mark.parametrize("shape", [1, 3, 10])
def test_the_mean_is_an_identity_whatever_the_law(shape):
    speeds = np.array([1.0, 1.0, 0.5, 0.25])
    for i, speed in enumerate(speeds):
        assert worker_law(speeds, i, shape).mean == pytest.approx(speeds.sum() / speed - 1.0, abs=1e-6)
    assert run_law(speeds, shape).mean == pytest.approx(3.0, abs=1e-6)


def test_regular_services_come_near_the_constant_law():
    at = [worker_law([1.0] * 4, 0, shape).pmf(3) for shape in (1, 4, 16, 64)]
    assert at == sorted(at) and at[-1] > 0.6


def test_one_worker_has_no_delay():
    assert worker_law([2.0], 0, 3).max == 0


def test_the_schedule_of_exponential_services_has_this_law():
    """Two routes: the law, and the events that the simulators replay: the last delay of each path, so that they are independent."""
    speeds = (1.0, 1.0, 0.25)
    worker = sg.schedule.events(sg.schedule.queue(speeds=speeds), 3, 220, n_paths=2000, seed=4).worker
    last = np.array([from_events(path).tau[-1] for path in worker.T])
    assert_law(last, run_law(speeds))
    with pytest.raises(AssertionError):
        assert_law(last, run_law([1.0] * 3))


def test_gamma_services_simulated_have_this_law():
    speeds, shape, n_paths = np.array([1.0, 1.0, 0.25]), 4, 2000
    ends = np.cumsum(np.random.default_rng(5).gamma(shape, 1.0 / (shape * speeds[:, None]), size=(n_paths, 3, 120)), axis=2)
    last = []
    for path in ends:
        order = np.argsort(path, axis=None)
        last.append(from_events((order // 120)[:150]).tau[-1])
    assert_law(np.array(last), run_law(speeds, shape))
    with pytest.raises(AssertionError):
        assert_law(np.array(last), run_law(speeds, 2))


def assert_law(tau, law):
    """Shares of delays 0, ..., 11 within 4 standard errors (all 12: false alarm below 1e-3)."""
    lags = np.arange(12)
    seen = np.bincount(tau, minlength=12)[:12] / len(tau)
    expected = law.pmf(lags)
    assert (np.abs(seen - expected) <= 4.0 * np.sqrt(expected * (1.0 - expected) / len(tau)) + 1.0 / len(tau)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(([1.0, -1.0],), r"speeds\[1\]=-1.0"), (([1.0], 1), "worker=1 does not exist"), (([1.0], 0, 0), "shape=0"), (([1.0], 0, 1.5), "shape=1.5")],
)
def test_wrong_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        worker_law(*arguments)
