r"""Advice on the batch: the schedule of the control problem, with the same number of gradients as a constant batch.

The control problem (SME-4.11) weighs what noise leaves at the end against the price of samples: a batch :math:`B_k=\sqrt{w_k/\gamma}`, at least
1, where :math:`w_k` is what the noise of step k leaves in :math:`E x^2` at the end. The paper has :math:`w_k` from a scalar model of the slowest
mode under geometric delays, an exponential; here it is exact, for any law and in whole numbers, since the model is far off where delays are
constant or few steps are left. The price is set so that the whole budget is spent, and the number of steps is varied. Where noise grows with the
distance :math:`w_k` depends on the sizes themselves; `sizes` then finds both in turns.

Every proposal, constant batches among them, is judged by the error of the worst curvature of the range. Its ends are not enough: near the edge of
stability the steepest direction swings, and a run may end where the ends happen to pass zero and what lies between does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from stalegrad.advice.asynchronous import assumptions, basis
from stalegrad.advice.confirm import AGREEMENT, PATHS, is_stable, mode_problem, standard_error
from stalegrad.advice.course import Course
from stalegrad.advice.modes import Mode, Setting
from stalegrad.advice.report import Check, Line
from stalegrad.advice.situation import Situation
from stalegrad.advice.sizes import STEPS, Descent, apart, lowest, shifted
from stalegrad.algorithms.async_momentum import async_msgd
from stalegrad.engine.simulate import simulate

Array = np.ndarray
SHORTER, ALL, CLOSER = 0.8, 200, 12
"""Numbers of steps that are tried: the budget and each time this share of the one before; all up to 200; then so many on each side of the best."""
COARSE = 20
"""Numbers of steps that are tried where noise grows with the distance: so many that are best for constant batches, and as many apart."""
NOTHING = (math.inf, np.array([], int))
"""No proposal."""
ROUNDS = 12
"""Times that what modes count for is moved to those that are worst, at the best number of steps."""
FINALISTS = 4
"""Where noise grows with the distance, sizes change what the start leaves: so many proposals are then judged again, beside those of `sizes`."""
SWINGS = 0.02
"""What sizes that rise and fall with a swinging mode must gain on those that only grow."""
FLAT = 1e-6
"""A weight that falls by no more than this share of the largest counts as one that does not."""
CLAIMS = ("SME-4.11", "SME-4.2", "SME-batch-beats-constant")
LONGEST = 20_000
"""Steps of a schedule that are simulated as a check; longer ones are judged by exact moments alone."""
MOST = 10**6
"""Largest budget for which a schedule is looked for."""


def missing(situation: Situation) -> str:
    """Why there is no schedule for this situation; empty where there is."""
    wanted = {"noise": situation.noise, "start": situation.start, "budget": situation.budget}
    lacking = [name for name, value in wanted.items() if value is None]
    if lacking:
        return f"Batch schedule: {', '.join(lacking)} not known; it balances the noise at the end against the cost of samples, so it needs all three."
    if situation.noise == 0.0:
        return "Batch schedule: there is no additive noise; a larger batch at the end has nothing to remove."
    if situation.momentum > 0.0:
        return (
            f"Batch schedule: momentum is {situation.momentum:g}, and the control problem (4.5) is solved for momentum 0 only; ask with momentum 0."
        )
    if situation.budget > MOST:
        return (
            f"Batch schedule: the budget of {situation.budget} gradients is more than the {MOST} for which sizes are worked out step by step; "
            "ask for the last part of the run, with the distance at its beginning as start."
        )
    if not is_stable(situation, situation.setting):
        return f"Batch schedule: eta = {situation.eta:g} is beyond the edge of stability; take the eta that is advised, then ask again."
    return ""


def schedule(situation: Situation) -> Line:
    """The best proposal, against the constant batch of now and the best constant batch."""
    claims, assumes = tuple(dict.fromkeys(CLAIMS + basis(situation, situation.setting))), assumptions(situation)
    now = final_error(situation, np.full(situation.n_steps, situation.batch))
    with np.errstate(over="ignore", invalid="ignore"):  # with noise in the curvature, small batches may be unstable
        found = _best(situation, Left.of(situation))
    constant, steady = found["constant"]
    error, sizes = found["growing"] if found["swinging"][0] > (1.0 - SWINGS) * found["growing"][0] else found["swinging"]
    gain = {"error after the budget": {"now": now, "advised": min(error, constant, now), "best constant batch": constant}}
    if min(error, constant) >= 0.98 * now:
        text = f"keep the constant batch {situation.batch}: no schedule gains 2% on it at this eta and budget."
        return Line("batch", text, {"batch": situation.batch}, claims, assumes, gain)
    if error >= constant:
        text = f"a constant batch of {steady[0]} for {len(steady)} steps: mean squared error {constant:.4g} after the budget (now {now:.4g})."
        return Line("batch", text, {"batch": int(steady[0]), "steps": len(steady)}, claims, assumes, gain)
    text = (
        f"{_course_of(sizes)} Buys: mean squared error after the budget {error:.4g} "
        f"(now {now:.4g}; the best constant batch, {steady[0]}, gives {constant:.4g}). Do not stop it early."
    )
    value = {"steps": len(sizes), "grows from": int(np.argmax(sizes > 1)), "last batch": int(sizes[-1]), "sizes": sizes}
    return Line("batch", text, value, claims, assumes, gain, _check(situation, sizes))


def final_error(situation: Situation, sizes: Array) -> float:
    """Exact mean square of the worst curvature of the range at the end of a run with these batch sizes; infinite beyond the range of numbers."""
    first, law, start = Setting(situation.eta, 0.0, int(sizes[0])), situation.law, situation.start
    courses = [Course(mode, first, law, start) for mode in judged(situation)]
    with np.errstate(over="ignore", invalid="ignore"):
        errors = [course.after(len(sizes)) if (sizes == sizes[0]).all() else course.along(sizes) for course in courses]
    return _worst(errors)


def _worst(errors: Iterable[float]) -> float:
    errors = np.asarray(errors)
    return float(errors.max()) if np.isfinite(errors).all() else math.inf


def judged(situation: Situation) -> list[Mode]:
    """The ends of the range and curvatures between them, most near the largest, where modes swing."""
    least, largest = situation.modes[0].h, situation.modes[-1].h
    inside = np.concatenate([np.geomspace(least, largest, 5), largest * np.linspace(0.7, 1.0, 10)])
    return [replace(situation.modes[0], h=float(h)) for h in np.unique(np.clip(inside, least, largest))]


def spending(weights: Array, budget: int) -> Array:
    r"""The best batch sizes where the noise of step k leaves `weights[k]`, whose sum is the budget as nearly as one price allows, or less.

    At the price gamma a batch grows to B as long as its last sample saves it, :math:`w_k/(B(B-1))\ge\gamma`.

    >>> spending(np.array([1.0, 4.0, 16.0]), 14).tolist()
    [2, 4, 8]
    """

    def sizes(log_gamma: float) -> Array:
        return np.floor(0.5 * (1.0 + np.sqrt(1.0 + 4.0 * weights / math.exp(log_gamma)))).astype(int)

    high = math.log(weights.max())
    low = high - 2.0 * math.log(2.0 * budget)
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if sizes(middle).sum() <= budget else (middle, high)
    return sizes(high)


@dataclass(frozen=True, eq=False)
class Left:
    """What the start leaves at steps 0 .. n, (modes, n + 1), and the noise of a sample drawn j + 1 steps before the end, (modes, n)."""

    start: Array
    noise: Array

    @classmethod
    def of(cls, situation: Situation) -> Left:
        courses = [Course(mode, situation.setting, situation.law, situation.start) for mode in judged(situation)]
        return cls(*(np.array(rows) for rows in zip(*(course.apart(situation.budget) for course in courses), strict=True)))

    def errors(self, sizes: Array) -> Array:
        """Each mode's mean square after these batches; exact where the noise does not depend on the distance."""
        n = len(sizes)
        return self.start[:, n] + self.noise[:, :n] @ (1.0 / sizes[::-1])

    def error(self, sizes: Array) -> float:
        """The worst mode's."""
        return float(self.errors(sizes).max())

    def weights(self, n: int) -> list[Array]:
        """What noise leaves at the end of n steps, by step: at the ends of the range, there together, and in all modes together."""
        noise = self.noise[:, :n][:, ::-1]
        return [noise[0]] if len(noise) == 1 else [noise[0], noise[-1], noise[0] + noise[-1], noise.sum(axis=0)]


def _best(situation: Situation, left: Left) -> dict[str, tuple[float, Array]]:
    """For each kind of proposal the least error and its sizes; (inf, no sizes) where there is none."""
    found: dict[str, list] = {kind: [NOTHING] for kind in ("constant", "growing", "swinging")}
    tried: set[int] = set()

    def keep(proposals: Iterable[tuple[str, Array]]) -> None:
        for kind, sizes in proposals:
            found[kind] = sorted([*found[kind], (left.error(sizes), sizes)], key=lambda one: one[0])[:FINALISTS]

    def attempt(lengths) -> int:
        for n in set(map(int, lengths)) - tried:
            keep(_proposals(left, n, situation.budget))
            tried.add(n)
        return len(min((some[0] for some in found.values()), key=lambda one: one[0])[1])

    best = attempt(_lengths(situation))
    best = attempt(np.clip(np.linspace(SHORTER * best, best / SHORTER, 2 * CLOSER), 1, situation.budget))
    best = attempt(np.clip(np.arange(best - CLOSER, best + CLOSER + 1), 1, situation.budget))
    keep(_balanced(left, best, situation.budget))
    if situation.relative_noise:
        descent = Descent.of([Course(mode, situation.setting, situation.law, situation.start) for mode in judged(situation)])
        found = {kind: [(_exact_error(situation, descent, sizes), sizes) for _, sizes in some if len(sizes)] for kind, some in found.items()}
        if descent is not None:
            for kind, proposal in _fitted(situation, descent):
                found[kind].append(proposal)
    return {kind: min(some, key=lambda one: one[0], default=NOTHING) for kind, some in found.items()}


def _exact_error(situation: Situation, descent: Descent | None, sizes: Array) -> float:
    if descent is None or len(sizes) > LONGEST:
        return final_error(situation, sizes)
    return _worst(descent.errors(sizes)[0])


def _fitted(situation: Situation, descent: Descent) -> Iterator[tuple[str, tuple[float, Array]]]:
    """The best of each kind in few steps, by weights that know of the sizes."""

    def spend(weights: Array) -> Array:
        return spending(weights, situation.budget)

    lengths = [n for n in _lengths(situation) if n <= STEPS]
    constant = dict(_steady(descent, situation.budget, lengths))
    yield "constant", min(((error, np.full(n, situation.budget // n)) for n, error in constant.items()), key=lambda one: one[0])
    # Near the edge of stability the error is a comb in the number of steps, whose teeth a coarse range misses.
    numbers = [*sorted(constant, key=constant.get)[:COARSE], *apart(np.geomspace(1, max(lengths), COARSE))]
    error, sizes = lowest(numbers, lambda n: descent.fitted(n, spend, growing=False))
    if (np.diff(sizes) >= 0).all():
        yield "growing", (error, sizes)
    else:
        yield "swinging", (error, sizes)
        yield "growing", lowest(numbers, lambda n: descent.fitted(n, spend, growing=True))


def _steady(descent: Descent, budget: int, lengths: Iterable[int]) -> Iterator[tuple[int, float]]:
    """Numbers of steps, and the errors of constant batches that they leave."""
    for size, group in groupby(sorted(lengths), lambda n: budget // n):
        numbers = list(group)
        yield from zip(numbers, descent.steady(size, numbers[-1])[numbers].tolist(), strict=True)


def _lengths(situation: Situation) -> list[int]:
    n_steps, found = situation.budget, [situation.n_steps, *range(1, min(ALL, situation.budget) + 1)]
    while n_steps > ALL:
        found.append(n_steps)
        n_steps = int(SHORTER * n_steps)
    return found


def _proposals(left: Left, n_steps: int, budget: int) -> Iterator[tuple[str, Array]]:
    """Batch sizes for so many steps: all alike; growing; and, where a mode swings, with what noise of each step leaves."""
    yield "constant", np.full(n_steps, budget // n_steps)
    for weights in left.weights(n_steps):
        yield from _spent(weights, budget)


def _spent(weights: Array, budget: int) -> Iterator[tuple[str, Array]]:
    growing = np.maximum.accumulate(weights)
    yield "growing", spending(growing, budget)
    if (growing - weights).max() > FLAT * growing[-1]:
        yield "swinging", spending(weights, budget)


def _balanced(left: Left, n_steps: int, budget: int) -> Iterator[tuple[str, Array]]:
    """Sizes for weighted sums of the modes; the weights move, less each time, to the modes that the last sizes left worst."""
    share = np.full(len(left.noise), 1.0 / len(left.noise))
    for turn in range(ROUNDS if len(share) > 1 else 0):
        for kind, sizes in _spent((share @ left.noise[:, :n_steps])[::-1], budget):
            yield kind, sizes
            errors = left.errors(sizes)
        share = shifted(share, errors, turn)


def _course_of(sizes: Array) -> str:
    """Sizes in words."""
    if (np.diff(sizes) < 0).any():
        return (
            f"between {sizes.min()} and {sizes.max()} over {len(sizes)} steps, more and less as the steepest direction swings (--json lists the "
            "sizes; a smaller eta swings less)."
        )
    first = int(np.argmax(sizes > 1))
    opening = f"batch 1 for {first} steps, then" if first else f"batch {sizes[0]},"
    return f"{opening} growing to {sizes[-1]} at step {len(sizes)}."


def _check(situation: Situation, sizes: Array) -> Check | None:
    """The schedule, run on the slowest mode."""
    if len(sizes) > LONGEST:
        return None
    mode: Mode = situation.modes[0]
    setting = Setting(situation.eta, 0.0, 1)
    paths = situation.paths or max(256, min(PATHS, 20_000_000 // len(sizes)))
    process = async_msgd(mode_problem(mode), situation.eta, 0.0, situation.law, sizes)
    final = simulate(process, situation.start, n_paths=paths, n_steps=len(sizes), keep="final").final[:, 0] ** 2
    exact, error = Course(mode, setting, situation.law, situation.start).along(sizes), standard_error(final)
    numbers = {"steps": len(sizes), "advised": float(final.mean()), "advised, standard error": error, "exact advised": exact}
    return Check(f"{paths} paths on the slowest mode", bool(abs(final.mean() - exact) <= AGREEMENT * error), None, numbers, compares=False)
