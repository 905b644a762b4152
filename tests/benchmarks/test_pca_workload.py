"""W4: candidates that compute it or are refused, with half of the replicas."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks import bars, candidates, pca
from benchmarks.agreement import LARGEST_Z, require_agreement
from benchmarks.peers import numpy_pca, own

WORKLOAD = replace(pca.WORKLOADS["W4-d4-tau100"], n_paths=500)


@pytest.fixture(autouse=True)
def no_search_for_the_best_block(monkeypatch):
    monkeypatch.setattr(numpy_pca, "BLOCKS", (500,))


@pytest.fixture(scope="module")
def reference():
    return pca.sampled_moments(WORKLOAD)


@pytest.mark.parametrize("program", [own.simulate, numpy_pca.w4])
def test_a_right_program_agrees(program, reference):
    assert require_agreement("it", program(WORKLOAD)(0), reference, WORKLOAD.n_paths) <= LARGEST_Z


@pytest.mark.parametrize("error", [{"eta": 1.15 * pca.ETA}, {"momentum": 0.57}])
def test_a_planted_error_is_refused(error, reference):
    with pytest.raises(ValueError, match="standard errors"):
        require_agreement("it", own.simulate(replace(WORKLOAD, **error))(0), reference, WORKLOAD.n_paths)


def test_steps_that_tell_are_those_at_the_saddle_and_the_last(reference):
    steps = reference.telling
    assert steps[0] == 0 and steps[-1] == WORKLOAD.n_steps and 1_000 < len(steps) < 8_000
    assert np.array_equal(steps, np.unique(steps))


def test_every_size_has_its_bars():
    for name in pca.WORKLOADS:
        assert bars.LIMITS[name] == 1.5 and bars.FASTER[f"{name}:numpy"] == 4.0
        assert {f"{name}:limit", f"{name}:stalegrad", f"{name}:numpy"} <= set(candidates.BY_ID)
