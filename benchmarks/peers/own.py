"""This library through its public door."""

import stalegrad as sg
from benchmarks.workloads import model


def simulate(workload, threads=1):
    """`stalegrad.simulate`, which keeps the moments of every step by default."""
    process = model(workload)

    def run(seed):
        result = sg.simulate(process, workload.start, n_paths=workload.n_paths, n_steps=workload.n_steps, seed=seed, threads=threads)
        return result.mean[:, 0], result.second_moment[:, 0, 0]

    return run
