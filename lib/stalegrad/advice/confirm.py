"""Quick simulations that confirm a line of advice: on a quadratic with the user's numbers, or on the user's own objective.

Sizes and tolerances are fixed here, before anything is run. A run lasts to the target or to the end of the budget, else for three times the time
in which the advised setting shrinks the error by e. The gain is the paired difference at its end (two settings share delays and samples, path by
path), which must exceed 3 standard errors. Near the edge of stability the mean square is ruled by paths too rare to be seen: agreement with the exact
moments, within 4 standard errors, is therefore asked at the longest of the horizons K, K/2, K/4, ... at which no path holds more than a hundredth of
the sum.
"""

from __future__ import annotations

import math
import warnings
from functools import cache

import numpy as np

from stalegrad.advice.course import error_after, steps_to
from stalegrad.advice.modes import Mode, Setting, all_stable, level, radius
from stalegrad.advice.report import Check
from stalegrad.advice.situation import Situation
from stalegrad.algorithms.async_momentum import async_msgd
from stalegrad.engine.simulate import DivergenceWarning, simulate
from stalegrad.problems import least_squares, quadratic

Array = np.ndarray
PATHS, WORK, LONGEST, FOLDS = 4096, 2 * 10**8, 200_000, 3.0
"""Paths; path-steps of a run, which reduce the paths of a long one; most steps; lengths of a run without target or budget."""
MOST_PATHS = 10**8
"""What is suggested at most: a difference that so many paths do not show is not worth a change."""
FAR = 1e70
"""Stands for a path that left the range of numbers."""
AGREEMENT, GAIN, SHARE, SHORTEST = 4.0, 3.0, 0.01, 10
"""Standard errors, the share of the sum that one path may hold, and the shortest horizon."""


@cache
def mode_problem(mode: Mode):
    r"""A finite sum in one dimension whose gradients have the mode's curvature and variances.

    With c = 0 two parabolas; otherwise curvatures :math:`h(1+\sqrt{c(n-1)})` once in n and :math:`h(1-\sqrt{c/(n-1)})` else, each with
    noise of either sign, for the least n that keeps them positive.
    """
    noise = math.sqrt(mode.noise)
    if mode.relative == 0.0:
        return quadratic([[noise / mode.h], [-noise / mode.h]], curvature=mode.h)
    n = int(mode.relative) + 2
    shares = np.full(n, 1.0 - math.sqrt(mode.relative / (n - 1)))
    shares[0] = 1.0 + math.sqrt(mode.relative * (n - 1))
    rows = np.repeat(np.sqrt(mode.h * shares), 2)
    return least_squares(rows[:, None], noise * np.tile([1.0, -1.0], n) / rows)


def compare(situation: Situation, advised: Setting, seed: int = 0) -> Check | None:
    """Run the setting of now and the advised one side by side; None where that takes too long."""
    steps = run_length(situation, advised)
    if steps > LONGEST:
        return None
    own = situation.problem is not None
    run = _own_errors if own else _errors
    before, after = (run(situation, setting, steps, seed) for setting in (situation.setting, advised))
    agrees = own or all(_agrees(situation, setting, steps, seed) for setting in (situation.setting, advised) if is_stable(situation, setting))
    where = situation.problem.name if own else "the outermost modes"
    difference = before - after
    size, error = float(difference.mean()), standard_error(difference)
    gains = None if abs(size) <= GAIN * error else size > 0.0
    expected = size if own else _exact_difference(situation, advised, steps, size)
    numbers = {"steps": steps, **_summary("now", before), **_summary("advised", after), "paired difference": size, "its standard error": error}
    numbers |= {"paths that would settle it": enough_paths(len(before), error, expected)} if gains is None else {}
    return Check(f"{len(before)} paths of {steps} steps on {where}", agrees, gains, numbers)


def enough_paths(paths: int, error: float, difference: float) -> int:
    """Paths at which a difference is more than 3 standard errors in 98 of 100 checks, from a standard error at so many; at least four times as many.

    >>> enough_paths(4096, error=0.01, difference=0.01)
    110000
    """
    wanted = paths * ((GAIN + 2.0) * error / abs(difference)) ** 2 if difference else math.inf
    wanted = max(4.0 * paths, min(wanted, float(MOST_PATHS)))
    unit = 10.0 ** (math.floor(math.log10(wanted)) - 1)
    return int(math.ceil(wanted / unit) * unit)


def _exact_difference(situation: Situation, advised: Setting, steps: int, measured: float) -> float:
    """Now less advised by exact moments; as measured where one of the two diverges."""
    settings = situation.setting, advised
    if not all(is_stable(situation, setting) for setting in settings):
        return measured
    start = start_of(situation)
    now, then = (sum(error_after(mode, setting, situation.law, start, steps) for mode in situation.modes) for setting in settings)
    return now - then


def agree(situation: Situation, seed: int = 0) -> Check:
    """Run the setting of now alone: it grows where it should, or has the exact errors."""
    if is_stable(situation, situation.setting):
        steps = min(run_length(situation, situation.setting), LONGEST)
        found = _errors(situation, situation.setting, steps, seed)
        agrees = _agrees(situation, situation.setting, steps, seed)
        return Check(f"{len(found)} paths of {steps} steps on the outermost modes", agrees, None, _summary("now", found), compares=False)
    found = [_errors(situation, situation.setting, steps, seed) for steps in (100, 400)]
    return Check(
        f"mean square after 100 and 400 steps of {len(found[0])} paths",
        bool(found[1].mean() > found[0].mean()),
        None,
        {"after 100 steps": float(found[0].mean()), "after 400 steps": float(found[1].mean())},
        compares=False,
    )


def is_stable(situation: Situation, setting: Setting) -> bool:
    """Whether all second moments converge."""
    return all_stable(situation.modes, setting, situation.law)


def run_length(situation: Situation, advised: Setting) -> int:
    """Steps of a check."""
    if situation.noise is not None and situation.start is not None:
        if situation.target is not None:
            steps = max(steps_to(mode, advised, situation.law, situation.start, situation.target) for mode in situation.modes)
            if math.isfinite(steps):
                return max(int(steps), 1)
        elif situation.budget is not None:
            return situation.n_steps
    slowest = max(radius(mode, advised, situation.law) for mode in situation.modes)
    return max(math.ceil(FOLDS / -math.log(max(slowest, 1e-6))), SHORTEST) if slowest < 1.0 else SHORTEST


def standard_error(values: Array) -> float:
    """Of the mean of independent values."""
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def start_of(situation: Situation) -> float:
    """The start; where it is not known, one from which the decay can be seen above the level of now."""
    if situation.start is not None:
        return situation.start
    levels = [level(mode, situation.setting, situation.law) for mode in situation.modes]
    return max(1.0, math.sqrt(10.0 * max(value for value in (*levels, 0.0) if math.isfinite(value))))


def final(problem, situation: Situation, setting: Setting, start, steps: int, seed: int) -> Array:
    """Where the paths end, (paths, d); a large number where they leave the range of numbers."""
    process = async_msgd(problem, setting.eta, setting.momentum, situation.law, setting.batch)
    paths = situation.paths or max(256, min(PATHS, WORK // (steps * setting.batch)))
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", DivergenceWarning)
        ends = simulate(process, start, n_paths=paths, n_steps=steps, seed=seed, keep="final").final
    return np.clip(np.nan_to_num(ends, nan=FAR, posinf=FAR, neginf=-FAR), -FAR, FAR)


def _errors(situation: Situation, setting: Setting, steps: int, seed: int) -> Array:
    """Sum of x^2 over the outermost modes at the end, of each path."""
    start = start_of(situation)
    return sum(final(mode_problem(mode), situation, setting, start, steps, seed + i)[:, 0] ** 2 for i, mode in enumerate(situation.modes))


def _own_errors(situation: Situation, setting: Setting, steps: int, seed: int) -> Array:
    """Squared distance to the minimiser of the user's own problem at the end, of each path."""
    problem = situation.problem
    if problem.minimisers is None or len(problem.minimisers) != 1:
        raise ValueError(f"the problem {problem.name!r} has no single known minimiser to measure errors from; leave problem out of the situation")
    least = problem.minimisers[0]
    return ((final(problem, situation, setting, least + start_of(situation), steps, seed) - least) ** 2).sum(axis=1)


def _agrees(situation: Situation, setting: Setting, steps: int, seed: int) -> bool:
    found = _errors(situation, setting, steps, seed)
    while steps > SHORTEST and found.max() > SHARE * found.sum():
        steps = max(SHORTEST, steps // 2)
        found = _errors(situation, setting, steps, seed)
    exact = sum(error_after(mode, setting, situation.law, start_of(situation), steps) for mode in situation.modes)
    return bool(abs(found.mean() - exact) <= AGREEMENT * standard_error(found) + 1e-9 * exact)


def _summary(name: str, errors: Array) -> dict:
    return {name: float(errors.mean()), f"{name}, standard error": standard_error(errors), f"{name}, median": float(np.median(errors))}
