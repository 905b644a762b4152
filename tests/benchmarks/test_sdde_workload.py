"""W3: its moments by another route, and candidates that compute it or are refused."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks import bars, candidates, delayed
from benchmarks.agreement import LARGEST_Z, require_agreement
from benchmarks.peers import numpy_delayed, own
from benchmarks.workloads import exact_moments

NAMES = list(delayed.WORKLOADS)


@pytest.fixture(autouse=True)
def no_search_for_the_best_block(monkeypatch):
    monkeypatch.setattr(numpy_delayed, "BLOCKS", (512,))


def small(name, **changes):
    return replace(delayed.WORKLOADS[name], n_paths=1_024, n_steps=211, **changes)


def test_the_exact_moments_are_those_of_a_window():
    from stalegrad.moments import delay

    workload = small("W3-constant")
    mean, second = exact_moments(workload)
    window_mean, variance = delay.constant_delay(2.0, workload.eta, delayed.LAG, 4.0, workload.start, workload.n_steps)
    assert np.allclose(mean, window_mean, rtol=0, atol=1e-13) and np.allclose(second, window_mean**2 + variance, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("peer", [own.simulate, numpy_delayed.w3], ids=["stalegrad", "numpy"])
def test_candidates_agree_and_planted_errors_are_refused(name, peer):
    """1,024 paths: a rate 25 % too large is beyond the limit; and the two delays are two workloads."""
    workload = small(name)
    assert require_agreement(name, peer(workload)(0), exact_moments(workload), workload.n_paths) < LARGEST_Z
    other = replace(workload, is_random=not workload.is_random)
    with pytest.raises(ValueError, match="standard errors"):
        require_agreement(name, peer(replace(workload, eta=1.25 * workload.eta))(0), exact_moments(workload), workload.n_paths)
    assert not np.allclose(exact_moments(other)[1], exact_moments(workload)[1], rtol=1e-3)


def test_every_row_has_its_bars():
    rows = {row.id for row in candidates.chosen(["W3"])}
    assert {f"{name}:{key}" for name in NAMES for key in ("limit", "stalegrad", "numpy", "jax")} <= rows
    assert all(bars.LIMITS[name] == 1.5 and bars.FASTER[f"{name}:numpy"] == 5.0 and bars.FASTER[f"{name}:jax"] == 10.0 for name in NAMES)
