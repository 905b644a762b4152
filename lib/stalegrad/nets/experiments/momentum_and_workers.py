"""Section 4.2 of Liu et al. at a smaller scale: asynchronous heavy-ball SGD, momentum against workers.

A run makes the same number of updates with any number of workers, so it sees as much data. The step is cut to a fifth after
30, 60 and 80 % of them, as after 60, 120 and 160 of 200 epochs. Workers queue: each computes, sends, reads, and computes again, with Gamma
service times, so that on average p - 1 updates of others fall between a read and its write.
"""

from __future__ import annotations

from dataclasses import dataclass

from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock

WORKERS = (1, 2, 4, 8)
MOMENTA = (0.1, 0.3, 0.5, 0.7, 0.9)
ETAS = (0.0125, 0.025, 0.05, 0.1, 0.2)
"""Steps from which one is chosen, for one worker with momentum 0.9."""
TUNING = (100, 101, 102)
"""Seeds of the choice, used for nothing else."""
SHRUNK = (1.0, 0.25, 0.0625)
"""Effective steps eta / (1 - mu) that are held fixed, in units of that of momentum 0.9 at the chosen step."""
UNLIKE = 4.0
"""How much faster the fast half of unlike workers is."""


@dataclass(frozen=True)
class Scale:
    """How many updates, and how many seeds."""

    updates: int
    seeds: int


PROFILES = {"quick": Scale(800, 5), "paper": Scale(6000, 10)}


def run(scale: Scale, n_workers: int, momentum: float, eta: float, seed: int, unlike: bool = False) -> Spec:
    """One run."""
    slow = 2.0 / (1.0 + UNLIKE)
    speeds = (UNLIKE * slow,) * (n_workers // 2) + (slow,) * (n_workers - n_workers // 2) if unlike else ()
    cuts = tuple((int(share * scale.updates), 0.2) for share in (0.3, 0.6, 0.8))
    return Spec(
        "heavy_ball",
        eta=eta,
        seed=seed,
        n_workers=n_workers,
        momentum=momentum,
        n_steps=round(scale.updates / n_workers),
        cuts=cuts,
        clock=Clock(shape=16.0, speeds=speeds),
        evaluations=5,
    )


def tuning(scale: Scale) -> list[Spec]:
    """One worker with momentum 0.9, at all `ETAS`."""
    return [run(scale, 1, 0.9, eta, seed) for eta in ETAS for seed in TUNING]


def printed(scale: Scale, eta: float, first: int = 0) -> dict[tuple[int, float], list[Spec]]:
    """Figure 2: one step for all, by workers and momentum."""
    return {(p, mu): [run(scale, p, mu, eta, seed) for seed in _seeds(scale, first)] for p in WORKERS for mu in MOMENTA}


def same_effective_step(scale: Scale, eta: float, first: int = 0) -> dict[tuple[int, float, float], list[Spec]]:
    """The second reading, for one and for eight workers: by workers, effective step and momentum, with eta = (1 - mu) effective step."""
    found = {}
    for p in (1, WORKERS[-1]):
        for shrunk in SHRUNK:
            effective = shrunk * eta / (1.0 - 0.9)
            for mu in MOMENTA:
                step = shrunk * eta if mu == 0.9 else effective * (1.0 - mu)
                found[p, effective, mu] = [run(scale, p, mu, step, seed) for seed in _seeds(scale, first)]
    return found


def unlike_workers(scale: Scale, eta: float, first: int = 0) -> dict[float, list[Spec]]:
    """Eight workers, four of them faster, as many updates in all: by momentum."""
    return {mu: [run(scale, WORKERS[-1], mu, eta, seed, unlike=True) for seed in _seeds(scale, first)] for mu in MOMENTA}


def _seeds(scale: Scale, first: int) -> range:
    return range(first, first + scale.seeds)
