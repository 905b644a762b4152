"""Three properties beside the speed: cost flat in the number of paths, threads that cost nothing, kernels that load at once."""

import os
import subprocess
import sys
from dataclasses import replace
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.bars import FLAT, LOAD_CACHED, LOAD_COLD, THREADS, at_most
from benchmarks.environment import pin_to_one_cpu
from benchmarks.measure import own_process
from benchmarks.workloads import WORKLOADS, with_paths

MANY_PATHS = 2**20
THREADED_PATHS = 2**17
NAMES = ("W1", "W2", "W3-random", "W5-p4")
STEPS = {"W5-p4": 250}  # four workers a step: as long as the others
STARTS = 3  # new processes, cold and cached each
ENOUGH_ROUNDS = 3  # a million paths take seconds, so that few rounds tell

FIRST_RESULT = """
import sys
from time import process_time
import numba, numpy, scipy.linalg, scipy.optimize, sympy
begin = process_time()
from benchmarks.peers.own import simulate
from benchmarks.workloads import WORKLOADS, with_paths
simulate(with_paths(WORKLOADS[sys.argv[1]], 1))(0)
print(process_time() - begin)
"""


def system_bars(rounds, say):
    """All bars of this module; each is a median over rounds of ratios within a round, or over new processes."""
    rounds = min(rounds, ENOUGH_ROUNDS)
    bars = []
    for name in NAMES:
        workload = _workload(name)
        say(f"{name}: {MANY_PATHS} paths beside {workload.n_paths}")
        few, many = _in_turns(_flat, name, rounds)
        growth = median(b / a for a, b in zip(few, many)) - 1
        bars.append(at_most(f"{name}:flat", f"extra cost of a path-step, {MANY_PATHS} paths beside {workload.n_paths}", growth, FLAT))
        say(f"{name}: two threads beside one")
        one, two = _in_turns(_threads, name, rounds)
        extra = median(b / a for a, b in zip(one, two)) - 1
        bars.append(at_most(f"{name}:threads", "extra CPU time with two threads beside one", extra, THREADS))
        say(f"{name}: first result in new processes")
        cold, cached = _first_results(name)
        bars.append(at_most(f"{name}:cached", "CPU seconds to the first result, kernels cached", cached, LOAD_CACHED))
        bars.append(at_most(f"{name}:cold", "CPU seconds to the first result, nothing cached", cold, LOAD_COLD))
    return bars


def _workload(name):
    return replace(WORKLOADS[name], n_steps=STEPS.get(name, WORKLOADS[name].n_steps))


def _in_turns(time_pair, name, rounds):
    with own_process() as process:
        pairs = [process.submit(time_pair, name, number).result() for number in range(rounds + 1)]
    return zip(*pairs[1:])  # the first warms up


def _flat(name, seed):
    pin_to_one_cpu()
    few = _workload(name)
    many = with_paths(few, MANY_PATHS)
    return _ns(few, seed, calls=MANY_PATHS // few.n_paths // 8), _ns(many, seed)


def _threads(name, seed):
    workload = with_paths(_workload(name), THREADED_PATHS)
    return _ns(workload, seed, threads=1), _ns(workload, seed, threads=2)


def _ns(workload, seed, calls=1, threads=1):
    from benchmarks.peers.own import simulate

    run = simulate(workload, threads)
    begin = process_time()
    for call in range(calls):
        run(seed + call)
    return 1e9 * (process_time() - begin) / (calls * workload.path_steps)


def _first_results(name):
    """Median CPU seconds from third-party imports done to the first moments: nothing cached, all cached."""
    cold, cached = [], []
    for _ in range(STARTS):
        with TemporaryDirectory() as folder:
            cold.append(_first_result(name, folder))
            cached.append(_first_result(name, folder))
    return median(cold), median(cached)


def _first_result(name, cache_folder):
    settings = os.environ | {"NUMBA_CACHE_DIR": cache_folder}
    command = [sys.executable, "-c", FIRST_RESULT, name]
    return float(subprocess.run(command, env=settings, stdout=subprocess.PIPE, text=True, check=True).stdout)
