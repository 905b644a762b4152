"""Problems that the advice has not seen, and their optima by brute force: nothing here uses `stalegrad.advice`.

The factor per step is the spectral radius of the packed moment equations (`moments.discrete.Rule`); its largest value over a range of curvatures is
minimised by differential evolution over the same parameters that are advised. Runs and schedules are in `brute_force_runs`, elastic averaging in
`brute_force_elastic`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import differential_evolution

import stalegrad as sg
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import System, radius
from stalegrad.staleness import Staleness

SEED = 20261121
LAWS = ("none", "constant", "geometric", "uniform", "histogram")


@dataclass(frozen=True, eq=False)
class Unseen:
    """A random problem: range of curvatures, share c of noise in them, batch, law, workers."""

    name: str
    least: float
    largest: float
    relative: float
    batch: int
    law: Staleness
    workers: int
    eta: float

    def curvatures(self, n: int) -> np.ndarray:
        return np.geomspace(self.least, self.largest, n)


def problems(n: int, seed: int = SEED) -> list[Unseen]:
    """n random problems, the laws in turn; every second one has noise in the curvature, every third a batch of 4."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        kind, condition = LAWS[i % len(LAWS)], math.exp(rng.uniform(math.log(1.5), math.log(100.0)))
        largest, lag = math.exp(rng.uniform(math.log(0.1), math.log(50.0))), int(rng.integers(1, 11))
        law = {
            "none": sg.none(),
            "constant": sg.constant(lag),
            "geometric": sg.geometric(lag / (1.0 + lag)),
            "uniform": sg.uniform(0, 2 * max(lag // 2, 1)),
            "histogram": sg.empirical(rng.integers(0, 9, size=lag + 3) + (np.arange(lag + 3) == 0)),
        }[kind]
        relative = math.exp(rng.uniform(math.log(0.1), math.log(3.0))) if i % 2 else 0.0
        workers, eta = int(rng.integers(2, 17)), math.exp(rng.uniform(math.log(0.05), math.log(0.9))) / largest
        found.append(Unseen(f"{i}-{kind}", largest / condition, largest, relative, 4 if i % 3 == 2 else 1, law, workers, eta))
    return found


def factor(problem: Unseen, eta: float, momentum: float, n_modes: int = 2) -> float:
    """Largest spectral radius of the second moments over the range of curvatures."""
    return max(_radius(problem, h, eta, momentum) for h in problem.curvatures(n_modes))


def _radius(problem: Unseen, h: float, eta: float, momentum: float) -> float:
    return radius(equations(problem, h, eta, momentum).second_order())


def equations(problem: Unseen, h: float, eta: float, momentum: float = 0.0, noise: float = 0.0, start: float = 0.0) -> System:
    """The packed moment equations of one curvature: samples with both signs of the noise, sigma^2 = `noise`, and both curvatures."""
    curvatures = h * (1.0 + math.sqrt(problem.relative) * np.array([1.0, 1.0, -1.0, -1.0]))
    signs = math.sqrt(noise) * np.array([1.0, -1.0, 1.0, -1.0])
    rule = Rule((curvatures[:, None, None], signs[:, None]), eta, Memory.of(problem.law), momentum)
    return rule.system(np.full(1, start), problem.batch, shared=True)


def best(problem: Unseen, momentum: bool, seed: int = 0) -> tuple[float, float, float]:
    """(eta, momentum, factor) of the smallest factor; momentum 0 or free in [0, 0.99]."""

    def value(at) -> float:
        return factor(problem, math.exp(at[0]), -math.expm1(-at[1]) if momentum else 0.0)

    top = math.log(2.0 * (1.99 if momentum else 1.0) / problem.largest)
    bounds = [(top - 12.0, top), (0.0, -math.log(0.01))][: 1 + momentum]
    found = differential_evolution(value, bounds, popsize=14, maxiter=45, tol=1e-6, seed=seed, polish=True)
    return math.exp(found.x[0]), -math.expm1(-found.x[1]) if momentum else 0.0, float(found.fun)


def shortfall(advised: float, brute: float) -> float:
    """Share of the best rate -log(factor) that is missed; negative where the advice is better than what brute force found."""
    return 1.0 - math.log(advised) / math.log(brute)
