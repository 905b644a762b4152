"""The numbers behind the figures of section 5.2.3."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures import maps
from stalegrad.figures.easgd import multiplicative as fig
from stalegrad.moments import gamma_noise
from stalegrad.theory import formula


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_best_rate_by_workers_turns_at_the_printed_p():
    workers = np.arange(1.0, 65.0)
    lowest = gamma_noise.setting_of_workers(0.5).continuous()
    _, numbers = fig.draw_workers(0.5, maps.grid(0, 1, 40), workers, lowest)
    assert workers[numbers["best"].argmin()] == fig.PRINTED[0.5][1]
    assert np.all(numbers["best"] <= numbers["radius"].min(axis=1) + 1e-12) and numbers["best"].min() > lowest["sp"]
    assert numbers["optimum"] == [lowest["eta"], lowest["p"], lowest["sp"]]


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
def test_edge_for_many_workers_is_the_edge_of_the_map(check):
    pulls = np.array([0.05, 0.2929, 0.6, 0.9])
    edges = fig.many_workers_edge(pulls, 0.9, 0.5, 0.5)
    inside, outside = (gamma_noise.easgd_radius(share * edges, pulls, 0.9, 1e9, 0.5, 0.5) for share in (0.999, 1.001))
    check("radius just inside and outside the edge", np.sign([inside - 1, outside - 1]), [[-1] * 4, [1] * 4], 0)


def test_alpha_map_marks_its_minimum():
    lowest = gamma_noise.setting_of_alpha().continuous()
    _, numbers = fig.draw_alpha(maps.grid(0, 1, 60), maps.grid(-1, 1, 60), lowest)
    eta, alpha, sp = numbers["optimum"]
    assert sp <= numbers["radius"].min() and abs(alpha - 0.2525) < 0.005 and abs(eta - 0.4343) < 0.005


def test_rates_by_workers_and_with_free_alpha():
    workers = np.array([2.0, 10.0, 1000.0])
    rates, free = fig.rates_by_workers(1.0, (0.2, 0.9), workers), fig.rates_with_free_alpha(1.0, workers)
    assert np.all(np.diff(rates[0.2]) < 0) and rates[0.9].argmin() == 1
    assert np.all(free <= rates[0.9] + 1e-9) and np.all(np.diff(free) < 0)
    _, numbers = fig.draw_finite(1.0, workers, rates, free)
    assert set(numbers) == {"p", "free alpha", "beta = 0.2", "beta = 0.9"}


def test_edges_by_workers():
    edges = fig.edges_by_workers(0.5, np.array([4.0, 1000.0]))
    assert edges["minibatch"] == pytest.approx([4 / 3, 1000 / 501]) and np.all(edges["easgd"] > 2 / 3)
    assert edges["easgd"][0] > edges["easgd"][1] and edges["eamsgd"][1] == pytest.approx(np.sqrt(0.5), abs=1e-3)


def test_centre_falls_before_it_follows_its_workers():
    """With p workers the growing part enters the centre with a weight of about 1/p."""
    histories = fig.centre_history(0.8, 0.5, (64, 6400), 60)
    assert histories[64][0] == 1.0 and histories[64].min() < 0.1 and histories[6400].min() < 0.01
    assert histories[64][-1] / histories[6400][-1] == pytest.approx(100.0, rel=0.3)
    worker = formula("EASGD-5.26").numeric(eta=0.8, lam=0.5, omega=0.5)
    assert histories[6400][-1] / histories[6400][-2] == pytest.approx(worker, rel=0.01)


def test_eamsgd_curve_has_two_valleys():
    deltas = np.array([-0.5, 0.1, 0.6, 0.8])
    curve = fig.momentum_curve(deltas, 4, 0.5)
    assert curve.argmin() == 0 and curve[2] < curve[1] < curve[3]
    _, numbers = fig.draw_eamsgd(0.5, 4, (-0.5, 0.6), maps.grid(0, 1, 20), maps.grid(-0.5, 1, 20), deltas, {4: curve})
    assert numbers["radius, delta = -0.5"].min() >= curve[0] - 1e-6
