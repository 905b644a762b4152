"""Best batch sizes where noise grows with the distance, by descent on the moment equations; nothing here uses `stalegrad.advice`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

import brute_force
from brute_force_runs import Run

NUDGE = 1e-6
"""Step of the difference quotients."""


@dataclass(frozen=True, eq=False)
class Equations:
    """Packed moments advance by (still + noisy / B) v; `still`, `noisy` (modes, L, L), `start` (modes, L), and the row that reads E x^2."""

    still: np.ndarray
    noisy: np.ndarray
    start: np.ndarray
    reads: np.ndarray

    @classmethod
    def of(cls, run: Run, eta: float) -> Equations:
        between = np.linspace(0.8, 1.0, 4) * run.problem.largest
        curvatures = np.unique(np.concatenate([run.problem.curvatures(4), between[between > run.problem.least]]))
        single, double = (
            [brute_force.equations(replace(run.problem, batch=batch), h, eta, 0.0, run.noise, 1.0) for h in curvatures] for batch in (1, 2)
        )
        one, two = (np.array([system.matrix for system in systems]) for systems in (single, double))
        units = np.eye(len(single[0].start))
        reads = np.array([single[0].moments(unit).second_moment[0, 0] for unit in units])
        return cls(2.0 * two - one, 2.0 * (one - two), np.array([system.start for system in single]), reads)

    def errors(self, sizes) -> np.ndarray:
        """E x^2 at the end for rows of sizes (rows, n): (rows, modes)."""
        sizes = np.atleast_2d(sizes)
        moments = np.repeat(self.start[:, :, None], len(sizes), axis=2)
        for column in sizes.T:
            moments = self.still @ moments + (self.noisy @ moments) / column
        return np.einsum("l,mlr->rm", self.reads, moments)

    def best(self, n: int, budget: int) -> float:
        """The least error of the worst mode after n steps, over sizes of at least 1 that need not be whole: a bound from below, if it is found."""
        if n == budget:
            return float(self.errors(np.ones(n)).max())
        found = math.inf
        for begin in (np.zeros(n), np.linspace(-2.0, 2.0, n), np.linspace(2.0, -2.0, n)):
            for sharpness in (20.0, 200.0):
                begin = minimize(self._smooth, begin, (n, budget, sharpness), jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
            found = min(found, float(self.errors(_sizes(begin, n, budget)).max()))
        return found

    def _smooth(self, z: np.ndarray, n: int, budget: int, sharpness: float) -> tuple[float, np.ndarray]:
        """Logarithm of a power mean of the errors over the modes, and its slope by differences."""
        rows = np.array([_sizes(at, n, budget) for at in np.vstack([z, z + NUDGE * np.eye(n)])])
        logs = np.log(self.errors(rows))
        top = logs.max(axis=1)
        values = top + np.log(np.exp(sharpness * (logs - top[:, None])).mean(axis=1)) / sharpness
        return float(values[0]), (values[1:] - values[0]) / NUDGE


def _sizes(z: np.ndarray, n: int, budget: int) -> np.ndarray:
    shares = np.exp(z - z.max())
    return 1.0 + (budget - n) * shares / shares.sum()
