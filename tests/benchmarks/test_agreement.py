"""The check that every candidate of the benchmark passes before it is timed, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.agreement import LARGEST_Z, require_agreement
from benchmarks.peers import numpy_blocks
from benchmarks.workloads import WORKLOADS, exact_moments

PROGRAMS = {"W1": numpy_blocks.w1_by_hand, "W2": numpy_blocks.w2}


@pytest.fixture(autouse=True)
def no_search_for_the_best_block(monkeypatch):
    monkeypatch.setattr(numpy_blocks, "BLOCKS", (5_120,))


@pytest.fixture(scope="module", params=PROGRAMS)
def workload(request):
    return WORKLOADS[request.param]


def test_a_right_program_agrees(workload):
    moments = PROGRAMS[workload.name](workload)(seed=0)
    assert require_agreement("numpy", moments, exact_moments(workload), workload.n_paths) <= LARGEST_Z


@pytest.mark.parametrize("error", [{"mu": 0.94}, {"eta": 0.0103}])
def test_a_planted_error_is_refused(workload, error):
    moments = PROGRAMS[workload.name](replace(workload, **error))(seed=0)
    with pytest.raises(ValueError, match="standard errors"):
        require_agreement("numpy", moments, exact_moments(workload), workload.n_paths)


def test_moments_a_step_late_are_refused(workload):
    late = [np.concatenate([moment[:1], moment[:-1]]) for moment in PROGRAMS[workload.name](workload)(seed=0)]
    with pytest.raises(ValueError, match="standard errors"):
        require_agreement("numpy", late, exact_moments(workload), workload.n_paths)


@pytest.mark.parametrize("damage, message", [(lambda moment: moment[1:], "shape"), (lambda moment: moment * np.nan, "not finite")])
def test_moments_that_are_none_are_refused(workload, damage, message):
    exact = exact_moments(workload)
    with pytest.raises(ValueError, match=message):
        require_agreement("numpy", [damage(moment) for moment in exact], exact, workload.n_paths)
