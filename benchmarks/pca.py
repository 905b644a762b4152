"""Workload W4: streaming PCA by momentum SGD with a constant delay, in the paper's symbols.

v_{k+1} = v_k + μ (v_k - v_{k-1}) + η (I - w wᵀ) X_k X_kᵀ w with w = v_{k-τ}, from the second eigenvector; X_k is Λ^{1/2} times standard normals
(PCA-5). Every candidate reports mean and second moment of the error 1 - v₁² / |v|² after every step. What is timed is a dim-step.

The moments do not close, so that there are no exact ones; candidates are compared with a larger run of the library under a seed of its own, in
standard errors of both. (The library's kernel itself is compared with its readable rule, path by path, in the project's tests.)
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ETA = 0.0005
REFERENCE_SEED, MORE = 2**40, 4
"""Seed of the run that candidates are compared with, and how many times their number of paths it has."""


@dataclass(frozen=True)
class PCAWorkload:
    """Sizes and parameters. Eigenvalues 4, 3, 2, 1 as in the paper, or for larger d those of a slow decay, 4 / i.

    The longest delay, 100, is half of what this momentum bears, so that no rare bursts of a run decide the moments.
    """

    name: str
    dim: int
    tau: int
    n_paths: int
    momentum: float = 0.5
    eta: float = ETA
    n_steps: int = 20_000

    @property
    def path_steps(self):
        """Dim-steps."""
        return self.n_paths * self.n_steps * self.dim

    @property
    def eigenvalues(self):
        return np.array([4.0, 3.0, 2.0, 1.0]) if self.dim == 4 else 4.0 / np.arange(1, self.dim + 1)

    @property
    def start(self):
        return np.eye(self.dim)[1]


WORKLOADS = {
    workload.name: workload
    for workload in (
        PCAWorkload("W4-d4-tau0", 4, 0, n_paths=1_000),
        PCAWorkload("W4-d4-tau100", 4, 100, n_paths=1_000),
        PCAWorkload("W4-d100-tau10", 100, 10, n_paths=128),
        PCAWorkload("W4-d100-tau100", 100, 100, n_paths=128),
    )
}


class Sampled(NamedTuple):
    """Mean and second moment at every step, the standard deviation of a single path for each (n_steps + 1,), and the paths averaged."""

    mean: np.ndarray
    second_moment: np.ndarray
    mean_spread: np.ndarray
    second_moment_spread: np.ndarray
    n_paths: int

    @property
    def telling(self):
        """Steps that are compared: while most runs are at the saddle, and the last. In between a rare late run decides the second moment."""
        steps = np.arange(len(self.mean))
        return steps[(self.mean > 0.3) | (steps == steps[-1])]


def model(workload):
    """The workload as an object of the library."""
    import stalegrad as sg

    data = sg.problems.streaming_data(workload.eigenvalues)
    return sg.streaming_pca(data, workload.eta, workload.momentum, sg.constant(workload.tau))


def sampled_moments(workload):
    """What the library finds with more paths."""
    import stalegrad as sg

    n_paths = MORE * workload.n_paths
    run = sg.simulate(model(workload), workload.start, n_paths, workload.n_steps, REFERENCE_SEED)
    spreads = (np.sqrt(n_paths) * error[:, 0] for error in (run.standard_error, run.second_moment_standard_error))
    return Sampled(run.mean[:, 0], run.second_moment[:, 0, 0], *spreads, n_paths)
