"""`map=` on Dask: the same bits as on one machine, in order, with a killed process too."""

import os
import signal
import threading
import time

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra cluster: make env EXTRAS=cluster")

import stalegrad as sg
from dask_jobs import PROCESSES
from stalegrad.cluster.dask_map import AHEAD, dask_map


def process():
    return sg.asgd(sg.problems.quadratic([[1.0], [-1.0]]), 0.05, staleness=sg.geometric(0.8))


def assert_same(one, other):
    for name in ("mean", "second_moment", "fourth_moment", "final"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_an_ensemble_has_the_same_bits(client):
    sizes = {"n_paths": 20_000, "n_steps": 1000, "seed": 5, "keep": "final"}
    assert_same(sg.simulate(process(), 1.0, map=dask_map(client), **sizes), sg.simulate(process(), 1.0, **sizes))


def test_a_process_without_a_kernel_has_the_same_bits(client):
    model = sg.mdownpour(sg.problems.noisy_quadratic(), 0.04, 0.5, n_workers=2)
    sizes = {"n_paths": 1500, "n_steps": 20, "keep": "final"}
    assert_same(sg.simulate(model, 1.0, map=dask_map(client), **sizes), sg.simulate(model, 1.0, **sizes))


def slowly(x):
    time.sleep(0.05)
    return x * x


def test_a_sweep_survives_the_loss_of_a_process_and_keeps_its_order(client):
    client.wait_for_workers(PROCESSES, timeout=40)
    pid = min(client.run(os.getpid).values())
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    assert list(dask_map(client)(slowly, range(60))) == [x * x for x in range(60)]
    client.wait_for_workers(PROCESSES, timeout=40)
    assert pid not in client.run(os.getpid).values()


def refuse(x):
    if x == 3:
        raise ValueError("three is refused")
    return x


def test_an_exception_comes_in_its_turn(client):
    results = dask_map(client)(refuse, range(6))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three is refused"):
        next(results)


def test_few_tasks_are_handed_out_ahead(client):
    client.wait_for_workers(PROCESSES, timeout=40)
    taken = []
    results = dask_map(client)(refuse, (taken.append(x) or 0 for x in range(1000)))
    next(results)
    assert len(taken) <= AHEAD * PROCESSES
    results.close()


def test_no_client_is_refused():
    with pytest.raises(ValueError, match="is no Dask client"):
        dask_map(map)
