"""Best learning rates, momenta and batch sizes for a whole run, by scans over the moment equations; nothing here uses `stalegrad.advice`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

import brute_force
from brute_force import Unseen

SEED = 20261122
HORIZON = 2
"""A target counts as kept if it is not exceeded up to so many times the steps that are advised, and 50 more."""


@dataclass(frozen=True, eq=False)
class Run:
    """A problem, additive noise, a start at distance 1, and either steps to spend or a target to reach."""

    problem: Unseen
    noise: float
    n_steps: int
    target: float

    def errors(self, h: float, eta: float, momentum: float, n_steps: int) -> np.ndarray:
        """E x_k^2 for k = 0 .. `n_steps`: the row of M^k that reads it, for twice as many k each time."""
        system = brute_force.equations(self.problem, h, eta, momentum, self.noise, 1.0)
        units = np.eye(len(system.start))
        rows, power = np.array([[system.moments(unit).second_moment[0, 0] for unit in units]]), system.matrix
        with np.errstate(over="ignore", invalid="ignore"):
            while len(rows) <= n_steps:
                rows, power = np.vstack([rows, rows @ power]), power @ power
            return np.nan_to_num(rows[: n_steps + 1] @ system.start, nan=np.inf)

    def error_at_the_end(self, eta: float, momentum: float, n_modes: int = 2) -> float:
        found = 0.0
        for h in self.problem.curvatures(n_modes):
            system = brute_force.equations(self.problem, h, eta, momentum, self.noise, 1.0)
            with np.errstate(over="ignore", invalid="ignore"):
                found = max(found, system.moments(np.linalg.matrix_power(system.matrix, self.n_steps) @ system.start).second_moment[0, 0])
        return float(found) if math.isfinite(found) else math.inf

    def steps_to_target(self, eta: float, momentum: float, longest: int, n_modes: int = 2) -> float:
        """The step after the last of `longest` at which the target is exceeded; infinite if that is the very last."""
        last = 0
        for h in self.problem.curvatures(n_modes):
            above = np.flatnonzero(~(self.errors(h, eta, momentum, longest) <= self.target))
            last = max(last, int(above[-1]) + 1 if len(above) else 0)
        return float(last) if last <= longest else math.inf


def runs(problems: list[Unseen], seed: int = SEED) -> list[Run]:
    """To each problem noise of 1 % to 100 % of the steepest gradient's square at the start, 60 to 300 steps, a target of 3 % to 30 % of the start."""
    rng = np.random.default_rng(seed)
    draws = 10.0 ** rng.uniform([-2.0, math.log10(60.0), -1.5], [0.0, math.log10(300.0), -0.5], size=(len(problems), 3))
    return [Run(problem, noise * problem.largest**2, int(n), target) for problem, (noise, n, target) in zip(problems, draws, strict=True)]


def best_of(value, largest: float, momentum: bool) -> float:
    """The least value(eta, momentum): a grid, and the simplex of Nelder and Mead from its two lowest points."""
    etas, momenta = 2.0 / largest * np.geomspace(1e-4, 1.0, 25), np.array([0.0, 0.5, 0.8, 0.9, 0.95, 0.98] if momentum else [0.0])
    grid = sorted((value(eta, m), eta, m) for m in momenta for eta in etas)
    found = grid[0][0]

    def at(log_eta: float, log_rest: float = 0.0) -> float:
        return min(value(math.exp(log_eta), min(max(0.0, -math.expm1(-log_rest)), 0.99)), 1e300)

    for _, eta, m in grid[:2]:
        begin = np.array([math.log(eta), -math.log1p(-m)][: 1 + momentum])
        simplex = np.vstack([begin, begin + 0.1 * np.eye(len(begin))])
        found = min(found, minimize(lambda z: at(*z), begin, method="Nelder-Mead", options={"initial_simplex": simplex, "maxiter": 30}).fun)
    return float(found)


@dataclass(frozen=True, eq=False)
class Schedules:
    """What start and noise leave at the end of a run of n steps, for 25 curvatures of the range: exact where noise is additive."""

    start: np.ndarray
    noise: np.ndarray

    @classmethod
    def of(cls, run: Run, eta: float, n_steps: int) -> Schedules:
        problem = replace(run.problem, relative=0.0, batch=1)
        between = np.linspace(0.7, 1.0, 13) * problem.largest
        curvatures = np.unique(np.concatenate([problem.curvatures(12), between[between > problem.least]]))
        quiet, single = replace(run, problem=problem, noise=0.0), replace(run, problem=problem)
        starts = np.array([quiet.errors(h, eta, 0.0, n_steps) for h in curvatures])
        both = np.array([single.errors(h, eta, 0.0, n_steps) for h in curvatures])
        return cls(starts, np.diff(both - starts, axis=1))

    def errors(self, sizes: np.ndarray) -> np.ndarray:
        return self.start[:, len(sizes)] + self.noise[:, : len(sizes)] @ (1.0 / np.asarray(sizes)[::-1])

    def best(self, budget: int, rounds: int = 8) -> float:
        """Over every number of steps; for each, sizes that are best for weights of the modes, which move to the modes that are worst."""
        return min(self.balanced(n, budget, rounds) for n in range(1, budget + 1))

    def balanced(self, n: int, budget: int, rounds: int) -> float:
        """The least error of the worst mode that n steps were found to reach."""
        share, found = np.full(len(self.noise), 1.0 / len(self.noise)), math.inf
        for turn in range(rounds):
            errors = self.errors(greedy(share @ self.noise[:, :n], budget)[::-1])
            found = min(found, errors.max())
            share = share * np.exp(4.0 / math.sqrt(1.0 + turn) * (errors / errors.max() - 1.0))
            share /= share.sum()
        return float(found)


def greedy(weights: np.ndarray, budget: int) -> np.ndarray:
    """Samples given one by one to the step where the next saves most, w / (b (b + 1)); many at a time, down to a level that the budget pays for."""
    low, high = 1e-12 * weights.max() / budget**2, weights.max()
    for _ in range(45):
        level = math.sqrt(low * high)
        sizes = np.floor(0.5 + np.sqrt(0.25 + np.maximum(weights, 0.0) / level))
        low, high = (level, high) if sizes.sum() > budget else (low, level)
    return np.maximum(1.0, np.floor(0.5 + np.sqrt(0.25 + np.maximum(weights, 0.0) / high)))
