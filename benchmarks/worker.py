"""What runs in the process of one candidate."""

from importlib.metadata import PackageNotFoundError, version
from time import process_time

from benchmarks.candidates import BY_ID
from benchmarks.environment import pin_to_one_cpu
from benchmarks.workloads import WORKLOADS

CHECKED_SEED = 0
ROUND_SECONDS = 0.2  # a quick candidate is repeated until a round lasts about this long

_program = {}


def prepare(candidate_id):
    """Import, build and warm up; return the versions used and the moments to be checked, or None for the versions if a library is missing."""
    candidate = BY_ID[candidate_id]
    try:
        versions = {name: version(name) for name in candidate.needs}
    except PackageNotFoundError:
        return None, None
    pin_to_one_cpu()
    workload = WORKLOADS[candidate.workload]
    run = candidate.prepare(workload)
    moments = run(CHECKED_SEED)
    calls = max(1, round(ROUND_SECONDS / _cpu_seconds(run, [CHECKED_SEED])))
    _program.update(run=run, calls=calls, path_steps=workload.path_steps)
    return versions, moments


def time_round(number):
    """CPU nanoseconds per path-step in round `number`, counted over all threads of this process."""
    calls = _program["calls"]
    seeds = range(1 + number * calls, 1 + (number + 1) * calls)
    return 1e9 * _cpu_seconds(_program["run"], seeds) / (calls * _program["path_steps"])


def _cpu_seconds(run, seeds):
    begin = process_time()
    for seed in seeds:
        run(seed)
    return process_time() - begin
