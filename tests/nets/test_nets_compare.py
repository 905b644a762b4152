"""Comparison of runs, on traces made by hand: no training, no torch."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from stalegrad.nets import compare
from stalegrad.nets.spec import Spec
from stalegrad.nets.trace import Trace


def trace(values, eta=0.1, seed=0, method="sgd", measure="test_error", time=None):
    values = np.asarray(values, dtype=float)
    spec = Spec(method, eta, seed=seed)
    time = np.arange(len(values), dtype=float) if time is None else time
    curves = {(measure, name): values + (name == "average") for name in spec.observed}
    return Trace(spec, time, 2 * time, time, curves, {}, math.inf if np.isfinite(values).all() else 1.0)


def test_best_and_last():
    run = trace([0.9, 0.2, 0.4])
    assert compare.score(run) == 0.2 and compare.score(run, by="last") == 0.4
    assert compare.score(run, variable="average") == 1.2
    gone = trace([0.9, 0.2, math.nan])
    assert compare.score(gone) == 0.2 and compare.score(gone, by="last") == math.inf
    assert compare.score(gone, by="last", diverged=0.9) == 0.9


def test_a_curve_is_asked_for_by_measure_and_variable():
    run = trace([0.9, 0.2])
    assert run["test_error"].tolist() == [0.9, 0.2] and run["test_error", "average"].tolist() == [1.9, 1.2]
    with pytest.raises(ValueError, match="was not seen"):
        run["accuracy"]


def test_the_choice_of_a_rate_and_how_it_is_marked():
    runs = [trace([0.9, low, last], eta, seed) for eta, low, last in ((0.1, 0.3, 0.3), (0.2, 0.1, 0.5), (0.4, 0.2, math.nan)) for seed in (0, 1)]
    thesis = compare.choose_rate(runs, "test_error", by="best")
    assert (thesis.eta, thesis.honest, thesis.at_edge, thesis.by) == (0.2, False, False, "best test_error")
    last = compare.choose_rate(runs, "test_error", by="last")
    assert (last.eta, last.at_edge) == (0.1, True) and last.scores.tolist() == [0.3, 0.5, math.inf]
    validated = [trace([0.9, 0.5], eta, measure="validation_error") for eta in (0.1, 0.2, 0.3)]
    assert compare.choose_rate(validated).honest


def test_a_choice_that_means_nothing_is_refused():
    with pytest.raises(ValueError, match="more than learning rate"):
        compare.choose_rate([trace([1.0]), trace([1.0], method="downpour")], "test_error")
    with pytest.raises(ValueError, match="different seeds"):
        compare.choose_rate([trace([1.0], 0.1, 0), trace([1.0], 0.2, 1)], "test_error")
    with pytest.raises(ValueError, match="diverged"):
        compare.choose_rate([trace([0.9, math.nan])], "test_error")
    with pytest.raises(ValueError, match="by='worst'"):
        compare.score(trace([1.0]), by="worst")


def test_a_paired_difference_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    common, shift = rng.normal(size=8), rng.normal(0.5, 0.2, size=8)
    first = [trace([0.0, x], seed=seed) for seed, x in enumerate(common + shift)]
    second = [trace([0.0, x], seed=seed) for seed, x in enumerate(common)][::-1]
    found = compare.paired(first, second)
    known = stats.ttest_rel(common + shift, common)
    low, high = known.confidence_interval(0.95)
    assert (found.mean, found.low, found.high, found.p, found.n) == pytest.approx((shift.mean(), low, high, known.pvalue, 8))


def test_the_interval_covers_as_often_as_it_says():
    """2,000 intervals of 5 normal values: 95 % cover to within 4 standard errors (0.02); normal instead of t quantiles would give 88 %."""
    values = np.random.default_rng(1).normal(size=(2000, 5))
    found = [compare.interval(row) for row in values]
    covered = np.mean([one.low < 0.0 < one.high for one in found])
    assert abs(covered - 0.95) < 0.02
    narrow = np.mean([abs(row.mean()) < 1.96 * row.std(ddof=1) / math.sqrt(5) for row in values])
    assert abs(narrow - 0.95) > 0.02


def test_pairs_need_common_seeds():
    with pytest.raises(ValueError, match="common seeds"):
        compare.paired([trace([1.0], seed=0)], [trace([1.0], seed=1)])
    with pytest.raises(ValueError, match="one run a seed"):
        compare.paired([trace([1.0]), trace([1.0])], [trace([1.0])])
    with pytest.raises(ValueError, match="have no interval"):
        compare.paired([trace([1.0], seed=s) for s in (0, 1)], [trace([1.0, math.nan], seed=s) for s in (0, 1)])
    assert compare.interval([2.0, 2.0]).p == 0.0 and compare.interval([0.0, 0.0]).p == 1.0


def test_a_band_and_runs_that_diverge():
    found = compare.band([trace([1.0, 2.0, 3.0]), trace([1.0, 4.0, math.nan])], "test_error")
    assert found.mean.tolist() == [1.0, 3.0, 3.0] and found.n.tolist() == [2, 2, 1]
    half = stats.t.ppf(0.975, 1) * math.sqrt(2.0) / math.sqrt(2.0)
    np.testing.assert_allclose([found.low[1], found.high[1]], [3.0 - half, 3.0 + half])
    assert math.isnan(found.low[2])
    with pytest.raises(ValueError, match="no common times"):
        compare.band([trace([1.0, 2.0]), trace([1.0])], "test_error")


def test_time_to_a_threshold():
    run = trace([1.0, 0.5, 0.1, 0.6], time=np.array([0.0, 10.0, 20.0, 30.0]))
    assert compare.time_to(run, "test_error", 0.3) == pytest.approx(15.0)
    assert compare.time_to(run, "test_error", 0.5) == 10.0 and compare.time_to(run, "test_error", 2.0) == 0.0
    assert math.isnan(compare.time_to(run, "test_error", 0.05))


WITHOUT_TORCH = """
import sys
class Without:
    def find_spec(name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'")
sys.meta_path.insert(0, Without)
from stalegrad.nets import Clock, Spec, Trace, Tree, compare
try:
    from stalegrad.nets import run_all
except ModuleNotFoundError as missing:
    print(missing)
"""


def test_without_torch_comparing_works_and_training_names_the_remedy():
    told = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], check=True, capture_output=True, text=True, timeout=60)
    assert "make env EXTRAS=nets" in told.stdout
