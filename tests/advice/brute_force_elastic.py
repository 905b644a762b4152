"""Best moving rates of elastic averaging by brute force, synchronous and in turns; nothing here uses `stalegrad.advice`.

A step multiplies (x_1, ..., x_p, centre) by a matrix, with a drawn curvature for each gradient. Four states with alike workers span the second
moments: their images are computed as whole covariance matrices, and averaged over the workers.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.optimize import minimize

from brute_force import Unseen


def factors(problem: Unseen, eta, alpha, beta, turns: bool) -> np.ndarray:
    """Worst factor of second moments over the outermost curvatures, of a step, or of a turn of one worker (beta is alpha there); arrays (n,)."""
    eta, alpha, beta = np.broadcast_arrays(*np.atleast_1d(eta, alpha, beta))
    return np.maximum.reduce([factors_at(problem, h, eta, alpha, beta, turns) for h in (problem.least, problem.largest)])


def factors_at(problem: Unseen, h: float, eta, alpha, beta, turns: bool) -> np.ndarray:
    """The same at the curvature h."""
    p, acting = problem.workers, range(1) if turns else range(problem.workers)
    step = np.tile(np.eye(p + 1), (len(eta), 1, 1))
    pull = alpha if turns else beta / p
    for i in acting:
        step[:, i, i], step[:, i, p], step[:, p, i] = 1.0 - eta * h - alpha, alpha, pull
    step[:, p, p] = 1.0 - len(acting) * pull
    drawn = problem.relative / problem.batch * (eta * h) ** 2
    images = []
    for basis in _states(p):
        image = step @ basis @ step.transpose(0, 2, 1)
        for i in acting:
            image[:, i, i] += drawn * basis[i, i]
        workers, diagonal = image[:, :p, :p], np.trace(image[:, :p, :p], axis1=1, axis2=2)
        images.append([diagonal / p, (workers.sum(axis=(1, 2)) - diagonal) / (p * (p - 1)), image[:, :p, p].mean(axis=1), image[:, p, p]])
    return np.abs(np.linalg.eigvals(np.moveaxis(np.array(images), 2, 0))).max(axis=1)


def _states(p: int) -> list[np.ndarray]:
    alone, together, mixed, centre = (np.zeros((p + 1, p + 1)) for _ in range(4))
    alone[:p, :p], together[:p, :p], centre[p, p] = np.eye(p), 1.0 - np.eye(p), 1.0
    mixed[:p, p] = mixed[p, :p] = 1.0
    return [alone, together, mixed, centre]


@cache
def best(problem: Unseen, free_eta: bool, turns: bool) -> float:
    """The least factor, of a step or a turn: a grid, and the simplex of Nelder and Mead from five of its lowest points."""
    most = 2.0 if turns else 1.5
    alphas = np.geomspace(1e-3, most, 30) if turns else np.concatenate([-np.geomspace(1e-3, most, 8), [0.0], np.geomspace(1e-3, most, 12)])
    betas = np.array([1.0]) if turns else np.geomspace(0.005, 1.0, 10)
    etas = 2.0 / problem.largest * np.geomspace(2e-3, 1.0, 18) if free_eta else np.array([problem.eta])
    grid = np.array(np.meshgrid(etas, alphas, betas, indexing="ij")).reshape(3, -1)
    values = factors(problem, *grid, turns)
    moves = np.flatnonzero([free_eta, True, not turns])
    found = float(values.min())
    for begin in grid[:, np.argsort(values)[:50:10]].T:

        def at(moved: np.ndarray, begin: np.ndarray = begin) -> float:
            point = begin.copy()
            point[moves] = moved
            inside = point[0] > 0.0 and (1e-4 if turns else -most) <= point[1] <= most and 0.005 <= point[2] <= 1.0
            return float(factors(problem, *point, turns)[0]) if inside else math.inf

        simplex = np.vstack([begin, begin - np.diag(0.1 * np.abs(begin) + 1e-4)[moves]])[:, moves]
        polished = minimize(at, begin[moves], method="Nelder-Mead", options={"initial_simplex": simplex, "maxiter": 120, "fatol": 1e-10})
        found = min(found, float(polished.fun))
    return found
