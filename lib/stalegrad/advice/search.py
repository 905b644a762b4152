"""The best learning rate and momentum for the worst mode, by exact second moments.

For given momentum the rate of each mode first gains and then loses as eta grows, so the rate of the worst one has a single optimum: a coarse
grid brackets it and golden sections close in. The momentum is found the same way outside. No derivatives: the objective has kinks, where the
worst mode changes and where roots meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from stalegrad.advice.course import error_after, steps_to
from stalegrad.advice.modes import Mode, Setting, is_stable, radius
from stalegrad.staleness import Staleness

MOMENTA = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Where the search for a momentum starts."""
DECADE, SECTIONS = 6, 10
"""Learning rates of the coarse grid in a factor of 10, and golden sections after it: eta is then known to half a percent."""
LOWEST, LOWER, LEAST = 1e-5, 1e-3, 1e-10
"""The coarse grid begins at this share of the largest eta; where the best is there, so much lower, down to the last."""
BETWEEN = 5
"""Curvatures between the ends of the range at which the error of a swinging run is taken."""
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Goal:
    """What is to be small.

    Attributes
    ----------
    start, target : float, optional
        With both: the number of steps from a distance `start` to a mean square `target`.
    n_steps : int, optional
        With `start` and no target: the mean square after so many steps. Otherwise the factor per step is.
    """

    start: float | None = None
    target: float | None = None
    n_steps: int | None = None

    def __call__(self, modes: Sequence[Mode], setting: Setting, law: Staleness) -> float:
        """The worst mode's value; infinite where it is not stable or does not reach the target.

        With momentum and a number of steps the curvatures between count too: modes swing, and those at the ends may just pass zero.
        """
        worst = max(self._of(mode, setting, law) for mode in modes)
        if math.isinf(worst) or self.start is None or self.target is not None or self.n_steps is None or setting.momentum == 0.0 or len(modes) == 1:
            return worst
        between = np.geomspace(modes[0].h, modes[-1].h, BETWEEN + 2)[1:-1]
        return max(worst, *(error_after(replace(modes[0], h=float(h)), setting, law, self.start, self.n_steps) for h in between))

    def _of(self, mode: Mode, setting: Setting, law: Staleness) -> float:
        if self.start is None or (self.target is None and self.n_steps is None):
            factor = radius(mode, setting, law)
            return -1.0 / math.log(max(factor, 1e-300)) if factor < 1.0 else math.inf
        if self.target is not None:
            return steps_to(mode, setting, law, self.start, self.target)
        return error_after(mode, setting, law, self.start, self.n_steps) if is_stable(mode, setting, law) else math.inf


def worst_radius(modes: Sequence[Mode], setting: Setting, law: Staleness) -> float:
    """Largest growth factor of a second moment over the modes."""
    return max(radius(mode, setting, law) for mode in modes)


def best_eta(modes: Sequence[Mode], setting: Setting, law: Staleness, goal: Goal, lowest: float = LOWEST) -> tuple[Setting, float]:
    """The best learning rate at the momentum and batch of `setting`, and the value there.

    Between `lowest` and 1 times the largest eta that is stable without delay or noise; lower where it is best there, as large budgets or noise ask.
    """
    top = 2.0 * (1.0 + setting.momentum) / max(mode.h for mode in modes)
    grid = np.log(np.geomspace(lowest * top, top, round(-DECADE * math.log10(lowest))))
    eta, value = _lowest(lambda log: goal(modes, replace(setting, eta=math.exp(log)), law), grid)
    if eta < grid[1] and lowest > LEAST:
        return best_eta(modes, setting, law, goal, LOWER * lowest)
    return replace(setting, eta=math.exp(eta)), value


def best_pair(modes: Sequence[Mode], setting: Setting, law: Staleness, goal: Goal) -> tuple[Setting, float]:
    """The best learning rate and momentum, momentum in [0, 0.99], at the batch of `setting`."""

    def value(at: float) -> float:
        return best_eta(modes, replace(setting, momentum=_momentum(at)), law, goal)[1]

    at, _ = _lowest(value, -np.log1p(-np.array(MOMENTA)), sections=8)
    return best_eta(modes, replace(setting, momentum=_momentum(at)), law, goal)


def edge(modes: Sequence[Mode], setting: Setting, law: Staleness) -> float:
    """The learning rate at which the first mode loses mean-square stability, all others kept."""
    top = 2.0 * (1.0 + setting.momentum) / max(mode.h for mode in modes)

    def excess(log: float) -> float:
        return worst_radius(modes, replace(setting, eta=math.exp(log)), law) - 1.0

    high, low = math.log(top), math.log(top) - 0.25
    while excess(low) >= 0.0:
        high, low = low, low - 0.5
    return math.exp(brentq(excess, low, high + 1e-9, xtol=1e-9))


def _momentum(at: float) -> float:
    return max(0.0, -math.expm1(-at))


def _lowest(function: Callable[[float], float], grid, sections: int = SECTIONS) -> tuple[float, float]:
    """The lowest point of a function with one valley, from a grid and golden sections around its lowest point."""
    values = [function(float(x)) for x in grid]
    at = int(np.argmin(values))
    low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, len(grid) - 1)])
    best = (values[at], float(grid[at]))
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(sections):
        best = min(best, (at_left, left), (at_right, right))
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    best = min(best, (at_left, left), (at_right, right))
    return best[1], best[0]
