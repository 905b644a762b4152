"""Numbers behind the notebook on advice."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.advice import search
from stalegrad.cluster.log import read_log
from stalegrad.figures.across import advice as figures


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_the_logged_queue_is_that_of_the_schedule(tmp_path):
    """Staleness from the events themselves: the steps since the same worker's last one; and means of a queue of equal workers."""
    log = read_log(figures.log_a_queue(tmp_path / "run.jsonl", speeds=(1.0,) * 4, n_updates=3000, seed=5))
    ran = sg.schedule.events(sg.schedule.queue((1.0,) * 4), 4, 3000, seed=5).worker[:, 0]
    last = {worker: -1 for worker in range(4)}
    for k, worker in enumerate(ran.tolist()):
        assert log.tau[k] == k - last[worker] - 1
        last[worker] = k
    assert log.tau[100:].mean() == pytest.approx(3.0, abs=0.05)


def test_map_and_curve_agree_with_the_search():
    situation = sg.Situation((1.0, 2.0), eta=0.05, noise=1.0, n_workers=3, start=2.0, budget=200)
    edge = search.edge(situation.modes, situation.setting, situation.law)
    factors = figures.region(situation, edge * np.array([0.99, 1.01]), np.array([0.0]))
    assert factors[0, 0] < 1.0 < factors[0, 1]
    along = np.geomspace(0.001, 1.0, 40)
    values = figures.curve(situation, along)
    best, value = search.best_eta(situation.modes, situation.setting, situation.law, search.Goal(start=2.0, n_steps=200))
    assert value <= values.min() and along[values.argmin()] == pytest.approx(best.eta, rel=0.2)
    momenta = np.array([0.0, 0.5])
    region, edges = figures.region(situation, along, momenta), figures.edges(situation, momenta)
    assert edges[0] == pytest.approx(edge, rel=1e-6) and ((region < 1.0) == (along < edges[:, None])).all()
    fig, numbers = figures.draw(situation, best.eta, along, momenta, region, edges, along, values, "error")
    assert numbers["advised"].item() == best.eta and np.isnan(numbers["cost"][values == np.inf]).all()


def test_a_gain_has_an_interval_and_no_change_has_none():
    rng = np.random.default_rng(0)
    before = rng.exponential(1.0, 4000)
    gained, none = (figures.outcome("", "", "", before, after, 1).interval for after in (0.5 * before, rng.permutation(before)))
    assert gained[0] > 0.0 and none[0] < 0.0 < none[1]


def test_a_queue_of_workers_has_the_errors_of_its_law_at_small_steps():
    """Dependent delays against independent ones: at a small step the mean square differs by less than the simulation can tell."""
    from stalegrad.advice.course import error_after
    from stalegrad.advice.modes import Mode, Setting

    mode = Mode(1.0, 0.5)
    errors = figures.on_a_queue((mode,), 0.02, (1.0,) * 4, 1.5, 150, seed=2, n_paths=2048)
    # A worker's first push is empty: the queue is one round, three to four steps, late.
    late, early = (error_after(mode, Setting(0.02), sg.geometric(0.75), 1.5, steps) for steps in (143, 150))
    error = errors.std(ddof=1) / np.sqrt(len(errors))
    assert early - 4.0 * error <= errors.mean() <= late + 4.0 * error
