"""Numbers and pictures of the comparison of methods, on traces made by hand: no training, no torch."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures.training import comparison as figures
from stalegrad.figures.training import comparison_claims as claims
from stalegrad.figures.training import time_to_error as timing
from stalegrad.nets import compare
from stalegrad.nets.experiments import comparison, cut_rates
from stalegrad.nets.experiments.comparison import FAMILIES, PERIODS, PROFILES, Runs, Setting
from stalegrad.nets.trace import Trace

QUICK = PROFILES["quick"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def trace(spec, floor, rise=0.0, speed=6.0):
    """Test error from 0.9 down to `floor`, and up by `rise` in the end; a little else for every seed. NaN at the end for an infinite rise."""
    time = spec.times
    share = time / time[-1]
    curve = floor + (0.9 - floor) * np.exp(-speed * share) + 0.002 * np.sin(7.0 * spec.seed + 3.0 * share) + np.where(share > 0.5, rise, 0.0)
    curve = np.where(np.isfinite(curve), curve, np.nan)
    curves = {(measure, name): curve for measure in (*figures.PANELS, "validation_error") for name in spec.observed}
    steps = np.round(time * spec.leaves).astype(int)
    return Trace(spec, time, steps, steps, curves, {}, math.inf if np.isfinite(curve).all() else float(time[-1]))


def runs(floor, rise=lambda spec: 0.0):
    """The experiment with p = 4, 8 and 16; floor(spec) is where the test error goes."""
    specs = comparison.four_workers(QUICK, 0, "mlp")
    specs += [spec for p in (8, 16) for name in comparison.MAIN for spec in comparison.grid(name, p, FAMILIES[name].periods[-1], QUICK, 0, "mlp")]
    return Runs([trace(spec, floor(spec), rise(spec)) for spec in specs], QUICK.seeds)


def by_rate(spec):
    """Best at the second rate of the grid; EAMSGD better than the rest by 0.02; better with more workers."""
    family = next(one for one in FAMILIES.values() if (one.method, one.momentum) == (spec.method, spec.momentum))
    return 0.2 + 0.01 * abs(family.rates.index(spec.eta) - 1) - 0.02 * (spec.method == "eamsgd") - 0.001 * spec.n_workers


def test_grids_are_those_of_the_tables_times_a_factor():
    for family in FAMILIES.values():
        assert set(family.rates) == {round(rate * family.factor, 9) for rate in family.printed} | set(family.added)
    specs = comparison.four_workers(QUICK, 5, "mlp")
    assert len(specs) == len(set(specs)) == sum(len(one.rates) * len(one.periods) * QUICK.seeds for one in FAMILIES.values())
    assert {spec.seed for spec in specs} == {5, 6, 7} and {spec.n_workers for spec in specs} == {1, 4}


def test_the_choice_uses_the_seeds_of_the_grid_and_the_curve_of_the_setting():
    found = runs(by_rate)
    for curve in ("EASGD", "MVADOWNPOUR", "SGD", "MSGD 0.9"):
        assert found.choice(Setting(curve, 4, 1)).eta == FAMILIES[comparison.CURVES[curve][0]].rates[1]
    at = Setting("EASGD", 4, 16)
    misleading = trace(found.of(at)[0].spec.at(eta=1.0, seed=9), 0.0)
    more = Runs([one for some in found.traces.values() for one in some] + [misleading], QUICK.seeds)
    assert more.choice(at).eta == 0.2 and len(more.of(at)) == len(found.of(at)) + 1
    assert [one.spec.seed for one in found.chosen(at)] == [0, 1, 2]
    with pytest.raises(ValueError, match="was not run"):
        found.of(Setting("EASGD", 5, 16))


@pytest.mark.parametrize(("sign", "eta"), [(1, 0.05), (-1, 2.0)])
def test_a_rate_beyond_the_edge_and_a_centre_that_hardly_listens(sign, eta):
    """EASGD has the rates 1, 0.2 and 0.1: half the smallest, if small ones are better, else twice the largest."""
    found = runs(lambda spec: 0.2 + sign * 0.05 * spec.eta)
    at = Setting("EASGD", 4, 16)
    more = comparison.beyond(found, at)
    assert [(spec.eta, spec.seed) for spec in more] == [(eta, seed) for seed in (0, 1, 2)]
    assert {spec.at(eta=1.0, seed=0) for spec in more} == {found.of(at)[0].spec.at(eta=1.0, seed=0)}
    deaf = comparison.deaf(found)
    assert [spec.moving_rate for spec in deaf] == pytest.approx([0.9 / 4 / 100] * 3) and {spec.eta for spec in deaf} == {found.choice(at).eta}


def test_rates_inside_their_grids_need_no_more_runs():
    found = runs(lambda spec: by_rate(spec) - 0.005 * (spec.period == 64))  # the period that the larger numbers of workers have here
    assert comparison.checks(found) == comparison.deaf(found)


def test_further_seeds_are_new_and_at_the_chosen_rate():
    found = runs(by_rate)
    more = comparison.further(found, [Setting("EASGD", 4, 16), Setting("EASGD", 4, 16), Setting("DOWNPOUR", 4, 1), Setting("ADOWNPOUR", 4, 1)], QUICK)
    assert [(spec.method, spec.eta, spec.seed) for spec in more] == [
        ("easgd", 0.2, 3),
        ("easgd", 0.2, 4),
        ("downpour", 0.1, 3),
        ("downpour", 0.1, 4),
    ]


def test_best_period():
    found = runs(lambda spec: 0.2 + 0.01 * (spec.period != 16))
    assert found.best_period("EASGD") == 16 and found.best_period("SGD") == 1


def test_leads_have_signs_and_intervals():
    found = runs(by_rate)
    first, second = Setting("EAMSGD", 4, 4), Setting("EASGD", 4, 4)
    for by in ("best", "last", "area"):
        ahead, behind = claims.lead(found, first, second, by), claims.lead(found, second, first, by)
        assert ahead.mean == pytest.approx(-0.02, abs=0.005) and ahead.high < 0 and behind.mean == pytest.approx(-ahead.mean)
    assert claims.lead(found, second, second).mean == 0.0
    gone = runs(by_rate, lambda spec: math.inf if spec.method == "easgd" else 0.0)
    assert claims.lead(gone, first, second, "area").high < 0


def test_stability_counts():
    found = runs(by_rate, lambda spec: {1: 0.0, 4: 0.04, 16: 0.1, 64: math.inf}[spec.period] if spec.method == "downpour" else 0.0)
    counts = [claims.stability(found, Setting("DOWNPOUR", 4, period), 0.5) for period in PERIODS]
    every = len(FAMILIES["DOWNPOUR"].rates) * QUICK.seeds
    assert [(one.runs, one.unstable, one.never) for one in counts] == [(every, 0, 0), (every, 0, 0), (every, every, 0), (every, every, 0)]
    assert claims.stability(found, Setting("DOWNPOUR", 4, 1), 0.01).never == every
    fig, numbers = claims.draw_periods(found, ("DOWNPOUR", "EASGD"), 0.2, "made up")
    share, low, high = numbers["DOWNPOUR, unstable"]
    assert share.tolist() == [0, 0, 1, 1] and numbers["EASGD, unstable"][0].sum() == 0
    assert (low <= share).all() and (share <= high).all() and (high - low > 0.1).all()
    assert numbers["DOWNPOUR, last"][0, -1] == claims.GUESSING


def test_more_workers_in_equal_time_and_with_equal_gradients():
    period = FAMILIES["EAMSGD"].periods[-1]
    found = claims.more_workers(runs(by_rate), "EAMSGD", period)
    assert found.seconds.shape == (3, QUICK.seeds) and (np.diff(found.seconds.mean(axis=1)) < 0).all()
    assert (found.gradients[0] == found.seconds[0]).all() and (found.gradients[2] > found.seconds[2]).all()
    fig, numbers = claims.draw_workers({"EAMSGD": found}, "made up")
    assert numbers["EAMSGD, gradients"].shape == (3, 3)


def test_figures_hold_every_curve_and_the_table_every_setting():
    found = runs(by_rate)
    at = comparison.settings(tuple(FAMILIES), 4, comparison.beside(64))
    fig, numbers = figures.draw(found, at, "made up")
    assert len(numbers) == 1 + 3 * len(at) and numbers["EASGD, test_error"].shape == (3, QUICK.evaluations + 1)
    lines = figures.table(found, at)
    assert len(lines) == 1 + len(at) and lines[1].split()[:3] == ["EASGD", "64", "0.2"] and "edge" not in lines[1]
    leads = {4: {"EASGD": claims.lead(found, Setting("EAMSGD", 4, 4), Setting("EASGD", 4, 4))}}
    fig, numbers = claims.draw_leads(leads, "made up")
    assert numbers["period 4"].shape == (1, 3)


def at_speed(method, n_workers, speed, floor=0.1):
    """Runs of a few seeds that come down with a given speed."""
    return [trace(spec, floor, speed=speed) for spec in comparison.grid(method, n_workers, 1, QUICK, 0, "mlp")[: QUICK.seeds]]


VARIABLES = {"SGD": "x", "EASGD": "centre", "EAMSGD": "centre"}


def test_levels_lie_between_sgd_and_the_best():
    found = {
        ("SGD", 1): at_speed("SGD", 1, 6.0, 0.2),
        ("EASGD", 4): at_speed("EASGD", 4, 6.0, 0.15),
        ("EAMSGD", 16): at_speed("EAMSGD", 16, 6.0, 0.1),
    }
    first, best = timing.smallest(found["SGD", 1], "x"), timing.smallest(found["EAMSGD", 16], "centre")
    np.testing.assert_allclose(timing.levels(found, VARIABLES), [first, 0.75 * first + 0.25 * best, (first + best) / 2, 0.25 * first + 0.75 * best])
    times = timing.times(found, VARIABLES)
    assert times.bar(("SGD", 1), 1) is None and times.bar(("EAMSGD", 16), 3) is not None
    assert timing.speedup(times, ("SGD", 1), 3, [("EASGD", 4)]) is None and timing.speedup(times, ("EAMSGD", 16), 3, [("SGD", 1)]) is None
    fig, numbers = timing.draw_times(times, "made up")
    assert numbers["EASGD, p = 4"].shape == (4, QUICK.seeds)


def test_a_speedup_is_the_ratio_of_times_to_the_best_of_the_others():
    """0.1 + 0.8 exp(-v t) comes down to any level in a time proportional to 1 / v."""
    found = {("SGD", 1): at_speed("SGD", 1, 6.0), ("EASGD", 4): at_speed("EASGD", 4, 12.0), ("EAMSGD", 4): at_speed("EAMSGD", 4, 24.0)}
    times = {key: np.array([[compare.time_to(one, "test_error", 0.3) for one in some]]) for key, some in found.items()}
    ratio = timing.speedup(timing.Times(np.array([0.3]), times), ("EAMSGD", 4), 0, [("SGD", 1), ("EASGD", 4)])
    assert ratio.against == ("EASGD", 4) and ratio.ratio.mean == pytest.approx(2.0, rel=0.1) and ratio.ratio.low > 1.0


def test_where_the_loss_stagnates():
    falling = 0.9 ** np.arange(20.0)
    assert cut_rates.stagnates(falling) is None and cut_rates.stagnates(np.ones(20)) == 6 and cut_rates.stagnates(np.ones(20), after=8) == 14
    assert cut_rates.stagnates(np.concatenate([falling, np.full(10, falling[-1])])) == 24
    assert cut_rates.stagnates(np.full(20, math.nan)) is None


def test_a_cut_is_placed_on_the_clock_of_who_applies_it():
    for name, expected in (("EASGD", 180), ("MDOWNPOUR", 720), ("SGD", 180)):
        spec = cut_rates.specs("quick", 0, "mlp")[name, 1 if name == "SGD" else 4][0]
        flat = trace(spec, 0.2, speed=1e9)
        new, look = cut_rates.cut(cut_rates.CutRun(flat, (), flat), 0.2)
        assert look == 6 and new == spec.at(cuts=((expected, 0.2),)), name
        again, second = cut_rates.cut(cut_rates.CutRun(trace(new, 0.2, speed=1e9), (look,), flat), 0.5)
        assert second == 12 and len(again.cuts) == 2
    still_falling = trace(spec, 0.0, speed=20.0)
    assert cut_rates.cut(cut_rates.CutRun(still_falling, (), still_falling), 0.2) is None
