"""Rates of decay and stationary levels: the numbers behind the figures of section B."""

import numpy as np
import pytest

from stalegrad import moments
from stalegrad.algorithms.asgd import asgd
from stalegrad.figures.sme import rates
from stalegrad.problems import quadratic
from stalegrad.staleness import geometric

H, MUS = 0.1, np.array([0.2, 0.6, 0.9])


def test_mean_decays_by_the_larger_root_of_its_polynomial():
    roots = [np.abs(np.roots([1.0, -(1 + mu - (1 - mu) * H), mu])).max() for mu in MUS]
    assert rates.mean_decay(H, MUS) == pytest.approx(-2 * np.log(roots), rel=1e-6)


def test_second_moment_decays_as_the_process_does():
    """The map of four moments against the moment recursion of the process itself, and slower than the squared mean."""
    found = rates.decay(H, MUS)
    direct = [moments.decay_rate(asgd(quadratic([[1.0], [-1.0]]), H, geometric(mu))) for mu in MUS]
    assert found["asgd"] == pytest.approx(direct, rel=1e-9)
    assert np.all(found["asgd"] < found["mean"])


def test_best_staleness_is_at_least_as_good_as_the_rule():
    found = rates.best_staleness(np.array([0.02, 0.25, 0.7]))
    assert np.all(found["share"] <= 1 + 1e-12) and found["share"][1] < 0.9
    assert found["rule"] == pytest.approx([0.92, 0.0, 0.0], abs=1e-12)
    assert found["best"][1] > 0.3 and found["best"][2] == 0.0


def test_stationary_levels_agree_where_the_limit_is_good():
    levels = rates.stationary(0.02, np.array([1e-4, 0.9]))
    assert np.isinf(levels["whole"][0]) and np.isfinite(levels["asgd"]).all()
    assert levels["constant"][1] == pytest.approx(levels["asgd"][1], rel=0.02)
    assert levels["whole"][1] == pytest.approx(levels["asgd"][1], rel=0.02)
