"""Candidates in processes of their own, checked, then timed in turns."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from statistics import median

from benchmarks import worker
from benchmarks.agreement import require_agreement
from benchmarks.workloads import WORKLOADS, exact_moments


def own_process():
    """An executor of one fresh process, which inherits the settings of `benchmarks.environment`."""
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))


def measure(candidates, rounds, say):
    """Time every candidate once in each round, in turns, and return its rows in order."""
    exact = {name: exact_moments(WORKLOADS[name]) for name in {row.workload for row in candidates} & set(WORKLOADS)}
    with ExitStack() as stack:
        ready, rows = {}, {}
        for candidate in candidates:
            process = stack.enter_context(own_process())
            rows[candidate.id] = row = _prepared(candidate, process, exact[candidate.workload])
            say(f"{candidate.id}: {row['state']}")
            if row["state"] != "not installed":
                ready[candidate.id] = process
        for number in range(rounds):
            for name, process in ready.items():
                rows[name]["ns"].append(process.submit(worker.time_round, number).result())
            say(f"round {number + 1} of {rounds}")
    return with_ratios(list(rows.values()))


def _prepared(candidate, process, exact):
    versions, moments = process.submit(worker.prepare, candidate.id).result()
    row = {
        "id": candidate.id,
        "workload": candidate.workload,
        "kind": candidate.kind,
        "description": candidate.description,
        "paths": WORKLOADS[candidate.workload].n_paths,
        "steps": WORKLOADS[candidate.workload].n_steps,
        "versions": versions,
        "ns": [],
    }
    if versions is None:
        return row | {"state": "not installed"}
    if candidate.kind == "limit":
        return row | {"state": "ready"}
    largest = require_agreement(candidate.id, moments, exact, WORKLOADS[candidate.workload].n_paths)
    return row | {"state": f"agrees with the moments to be found (largest deviation {largest:.1f} standard errors)", "largest_z": largest}


def with_ratios(rows):
    """Add to each timed row how many times our CPU time it takes: the median over rounds of ratios within a round."""
    ours = {row["workload"]: row["ns"] for row in rows if row["kind"] == "ours"}
    for row in rows:
        own = ours.get(row["workload"], [])
        if row["ns"]:
            row["median"] = median(row["ns"])
        if row["ns"] and own:
            row["ratio"] = median(theirs / mine for theirs, mine in zip(row["ns"], own))
    return rows
