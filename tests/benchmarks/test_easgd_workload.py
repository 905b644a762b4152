"""W5: its exact moments by another route, and candidates that compute it or are refused."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from benchmarks import bars, candidates, elastic
from benchmarks.agreement import LARGEST_Z, require_agreement
from benchmarks.peers import numpy_elastic, own

WORKLOAD = elastic.WORKLOADS["W5-p4"]


@pytest.fixture(autouse=True)
def no_search_for_the_best_block(monkeypatch):
    monkeypatch.setattr(numpy_elastic, "BLOCKS", (500,))


def second_moments(workload, n_steps):
    """E of all products of p + 1 variables, centre last, by the full matrices of a step in exact fractions."""
    p, eta, alpha, beta = workload.n_workers, *(Fraction(rate) for rate in (workload.eta, workload.alpha, workload.beta))
    drift = np.zeros((p + 1, p + 1), dtype=object)
    for i in range(p):
        drift[i, i], drift[i, p], drift[p, i] = 1 - alpha - eta, alpha, beta / p
    drift[p, p] = 1 - beta
    products, seen = np.full((p + 1, p + 1), Fraction(1)), []
    for _ in range(n_steps + 1):
        seen.append(float(products[p, p]))
        variances = eta**2 / Fraction(workload.shape) * np.diag(products)
        variances[p] = 0
        products = drift @ products @ drift.T + np.diag(variances)
    return np.array(seen)


@pytest.mark.parametrize("workload", [WORKLOAD, replace(elastic.WORKLOADS["W5-p16-any"], n_workers=3)], ids=["p = 4", "p = 3"])
def test_the_exact_moments_are_those_of_all_variables(workload):
    mean, second = elastic.exact_moments(workload)
    assert np.allclose(second[:6], second_moments(workload, 5), rtol=1e-13)
    assert 0.05 < mean[-1] < 0.3 and len(mean) == workload.n_steps + 1


def test_sizes_take_about_as_many_worker_steps():
    steps = [workload.path_steps for workload in elastic.WORKLOADS.values()]
    assert max(steps) < 1.05 * min(steps)


@pytest.mark.parametrize("name", ["W5-p4", "W5-p256", "W5-p16-any"])
def test_the_library_agrees(name):
    workload = elastic.WORKLOADS[name]
    assert require_agreement("own", own.simulate(workload)(0), elastic.exact_moments(workload), workload.n_paths) <= LARGEST_Z


@pytest.mark.parametrize("program", [numpy_elastic.w5, numpy_elastic.w5_by_hand])
def test_numpy_agrees(program):
    workload = replace(WORKLOAD, n_paths=2_000)
    assert require_agreement("numpy", program(workload)(0), elastic.exact_moments(workload), workload.n_paths) <= LARGEST_Z


@pytest.mark.parametrize("error", [{"eta": 1.03 * WORKLOAD.eta}, {"n_workers": 5}])
def test_a_planted_error_is_refused(error):
    workload = replace(WORKLOAD, n_paths=2_000)
    moments = numpy_elastic.w5_by_hand(replace(workload, **error))(0)
    with pytest.raises(ValueError, match="standard errors"):
        require_agreement("numpy", moments, elastic.exact_moments(workload), workload.n_paths)


def test_every_size_has_its_bars():
    for name, workload in elastic.WORKLOADS.items():
        assert bars.LIMITS[name] == 1.5 and bars.FASTER[f"{name}:numpy"] == (7.0 if workload.closed_form else 2.0)
        assert {f"{name}:limit", f"{name}:stalegrad", f"{name}:numpy"} <= set(candidates.BY_ID)
