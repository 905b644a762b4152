"""Bad input of the asynchronous algorithms, ADMM and the tree; what every process records and how it travels."""

import pickle

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths

NOISY = sg.problems.noisy_quadratic()
SCHEME = sg.multiscale(1, 10)


WORKERS = {
    "async_easgd": lambda **k: sg.async_easgd(NOISY, **{"eta": 0.1, "alpha": 0.2, "n_workers": 3} | k),
    "async_eamsgd": lambda **k: sg.async_eamsgd(NOISY, **{"eta": 0.1, "alpha": 0.2, "momentum": 0.5, "n_workers": 3} | k),
    "downpour": lambda **k: sg.downpour(NOISY, **{"eta": 0.1, "n_workers": 3} | k),
    "adownpour": lambda **k: sg.adownpour(NOISY, **{"eta": 0.1, "n_workers": 3} | k),
    "mvadownpour": lambda **k: sg.mvadownpour(NOISY, **{"eta": 0.1, "rate": 0.1, "n_workers": 3} | k),
    "mdownpour": lambda **k: sg.mdownpour(NOISY, **{"eta": 0.1, "momentum": 0.5, "n_workers": 3} | k),
    "admm": lambda **k: sg.admm(NOISY, **{"eta": 0.1, "rho": 1.0, "n_workers": 3} | k),
}
"""A usable call of each algorithm that has workers, of which some arguments are replaced."""
PERIODIC = ("async_easgd", "async_eamsgd", "downpour", "adownpour", "mvadownpour")


@pytest.mark.parametrize("name", WORKERS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"eta": 0.0}, "eta=0.0 is not usable.*above 0"),
        ({"n_workers": 0}, "n_workers=0 is too small: it must be 1 or more"),
        ({"n_workers": 2.5}, "n_workers=2.5 must be a whole number"),
        ({"schedule": "random"}, "schedule='random' is no schedule: give round_robin"),
        ({"schedule": sg.schedule.queue([1.0])}, "speeds lists 1 workers, but n_workers=3: give one speed a worker"),
        ({"observe": "velocity"}, "observe='velocity' is not usable: give one or more of .*centre"),
        ({"observe": ()}, "observe=\\(\\) is not usable"),
    ],
)
def test_algorithms_with_workers_refuse(name, bad, message):
    with pytest.raises(ValueError, match=message):
        WORKERS[name](**bad)


@pytest.mark.parametrize("name", PERIODIC)
@pytest.mark.parametrize("period", [0, -1, 1.0, True])
def test_a_period_below_one_or_not_whole_is_refused(name, period):
    with pytest.raises(ValueError, match=f"period={period}"):
        WORKERS[name](period=period)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WORKERS["async_easgd"](alpha=np.inf), "alpha=inf is not usable: give a finite number"),
        (lambda: WORKERS["async_eamsgd"](momentum=1.0), "momentum=1.0 must lie between -1 and 1"),
        (lambda: WORKERS["mdownpour"](momentum=-1.0), "momentum=-1.0 must lie between -1 and 1"),
        (lambda: WORKERS["mvadownpour"](rate=0.0), "rate=0.0 is no moving rate of an average: give a number above 0, at most 1"),
        (lambda: sg.moving_average_sgd(NOISY, 0.1, 1.5), "rate=1.5 is no moving rate"),
        (lambda: sg.averaged_sgd(NOISY, -1.0), "eta=-1.0 is not usable"),
        (lambda: sg.averaged_sgd(NOISY, 0.1, observe="centre"), "give one or more of time_average, x"),
        (lambda: WORKERS["admm"](rho=0.0), "rho=0.0 is not usable: a penalty must be positive"),
        (lambda: sg.multiscale(0, 10), "tau1=0 is too small"),
        (lambda: sg.multiscale(1, 2.5), "tau2=2.5 must be a whole number"),
        (lambda: sg.up_down(1, 0), "tau_down=0 is too small"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 0, 2, SCHEME), "degree=0 is too small: it must be 1 or more"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 2, 0, SCHEME), "depth=0 is too small"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 10, 7, SCHEME), "degree=10 and depth=7 make more than 1000000 leaves: reduce"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 2, 2, (1, 10)), "scheme=\\(1, 10\\) is no scheme: give multiscale"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 2, 2, SCHEME, delay=-1), "delay=-1 is too small"),
        (lambda: sg.easgd_tree(NOISY, 0.1, 0.2, 2, 2, SCHEME, observe="centre"), "give one or more of root, leaf_average, leaf"),
        (lambda: sg.eamsgd_tree(NOISY, 0.1, 0.2, 1.5, 2, 2, SCHEME), "momentum=1.5 must lie between -1 and 1"),
        (lambda: sg.simulate(WORKERS["downpour"](), [1.0, 2.0], 10, 5), "the problem has dimension 1: give 1 numbers"),
    ],
)
def test_bad_input_names_value_rule_and_remedy(make, message):
    with pytest.raises(ValueError, match=message):
        make()


TWO = sg.problems.noisy_quadratic([[1.0, 0.2], [0.2, 0.5]])
PLANE = {
    "async_easgd": sg.async_easgd(TWO, 0.1, 0.2, 3, 2, observe=("local", "centre")),
    "async_eamsgd": sg.async_eamsgd(TWO, 0.1, 0.2, 0.5, 3, schedule=sg.schedule.queue([1.0, 2.0, 3.0]), observe=("local", "centre")),
    "downpour": sg.downpour(TWO, 0.1, 3, 2, observe=("local", "centre")),
    "mdownpour": sg.mdownpour(TWO, 0.1, 0.5, 3, observe=("local", "centre")),
    "adownpour": sg.adownpour(TWO, 0.1, 3, observe=("time_average", "centre")),
    "mvadownpour": sg.mvadownpour(TWO, 0.1, 0.1, 3, observe=("time_average", "centre")),
    "averaged_sgd": sg.averaged_sgd(TWO, 0.1, observe=("time_average", "x")),
    "moving_average_sgd": sg.moving_average_sgd(TWO, 0.1, 0.1, observe=("time_average", "x")),
    "admm": sg.admm(TWO, 0.1, 0.5, 3, observe=("local", "centre")),
    "easgd_tree": sg.easgd_tree(TWO, 0.1, 0.2, 2, 2, SCHEME, delay=2, observe=("root", "leaf")),
    "eamsgd_tree": sg.eamsgd_tree(TWO, 0.1, 0.2, 0.5, 2, 2, SCHEME, observe=("root", "leaf")),
}


@pytest.mark.parametrize("name", PLANE)
def test_every_process_records_what_is_observed_and_travels(name):
    """Two columns for each of two names; a copy sent to another process runs the same paths; the start is recorded first."""
    process, start = PLANE[name], [1.0, -2.0]
    assert process.name == name and process.dim == 4 and len(process.observed) == 2
    run = sg.simulate(pickle.loads(pickle.dumps(process)), start, 5, 20, keep="paths")
    assert run.paths.shape == (5, 21, 4) and np.allclose(run.paths[:, 0], start * 2)
    reference = reference_paths(process, start, 20, np.arange(5, dtype=np.uint64))
    assert np.abs(run.paths - reference).max() < 1e-13 and np.isfinite(run.paths).all()
