"""An ensemble of 10^8 path-steps on a Dask cluster has the bits of the local run."""

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra cluster: make env EXTRAS=cluster")

import stalegrad as sg
from stalegrad.cluster.dask_map import dask_map
from stalegrad.cluster.dask_server import connected


def test_ten_to_the_eight_path_steps_have_the_same_bits():
    process = sg.asgd(sg.problems.quadratic([[1.0], [-1.0]]), 0.05, staleness=sg.geometric(0.8))
    sizes = {"n_paths": 100_000, "n_steps": 1000, "seed": 11, "keep": "final"}
    with connected(2) as client:
        there = sg.simulate(process, 1.0, map=dask_map(client), **sizes)
    here = sg.simulate(process, 1.0, **sizes)
    for name in ("mean", "second_moment", "fourth_moment", "final"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
