"""A sentence of a paper, put to runs: whether it shows, and the numbers it was judged by. What `full_length` compares from profile to profile.

A sentence says on which side of a value some intervals lie. It shows ("yes") if all of them lie there, its reverse shows ("no") if one of
them lies wholly on the other side, and else the runs leave it "open". Sentences about counts or orders of means are "yes" or "no". Where a
profile has no case that a sentence speaks of, it is "moot".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stalegrad.nets.compare import Difference

YES, NO, OPEN, MOOT = "yes", "no", "open", "moot"
POINTS = (100.0, 1)
"""Factor and digits for differences of test errors, in points."""
LOSS = (1.0, 2)
"""For losses, and for factors."""


class Outcome(NamedTuple):
    """What became of a sentence in one profile."""

    claim: str
    said: str
    """The sentence, in the direction that the paper gives it."""
    verdict: str
    numbers: str


def interval(found: Difference, unit: tuple[float, int] = POINTS) -> str:
    """Mean and limits; the sign of -0.0 says on which side of zero it is.

    >>> interval(Difference(-0.019, -0.024, -0.014, 0.01, 5))
    '-1.9 [-2.4, -1.4]'
    """
    factor, digits = unit
    mean, low, high = (f"{factor * value:.{digits}f}" for value in found[:3])
    return f"{mean} [{low}, {high}]"


def side(found: Difference, sign: int, neutral: float = 0.0) -> str:
    """Whether an interval lies below `neutral` (sign -1) or above it (sign 1).

    >>> side(Difference(-0.019, -0.024, -0.014, 0.01, 5), 1)
    'no'
    """
    nearer, farther = sorted((sign * (found.low - neutral), sign * (found.high - neutral)))
    if nearer > 0.0:
        return YES
    return NO if farther < 0.0 else OPEN


def all_of(verdicts: list[str]) -> str:
    """Of a sentence that says several things at once.

    >>> all_of(["yes", "open"]), all_of(["yes", "open", "no"])
    ('open', 'no')
    """
    return next((verdict for verdict in (NO, OPEN) if verdict in verdicts), YES)


def judged(
    claim: str, said: str, found: Mapping[str, Difference | None], sign: int, unit: tuple[float, int] = POINTS, neutral: float = 0.0
) -> Outcome:
    """All of some named intervals are said to lie on one side; None stands for what no interval can be given of, and is left open.

    >>> judged("A", "rates at an edge are too small", {}, 1).verdict
    'moot'
    """
    if not found:
        return Outcome(claim, said, MOOT, "no such case")
    verdicts = [OPEN if one is None else side(one, sign, neutral) for one in found.values()]
    numbers = (f"{name} {'not reached' if one is None else interval(one, unit)}".strip() for name, one in found.items())
    return Outcome(claim, said, all_of(verdicts), "; ".join(numbers))


def counted(claim: str, said: str, found: Mapping[str, Difference], sign: int, unit: tuple[float, int] = POINTS) -> Outcome:
    """The same for many intervals: how many lie there, and the one of which that is least true."""
    least = min(found, key=lambda name: sign * found[name].mean)
    shown, means = sum(side(one, sign) == YES for one in found.values()), sum(sign * one.mean > 0.0 for one in found.values())
    numbers = f"{shown} of {len(found)} intervals, {means} means; least: {least} {interval(found[least], unit)}"
    return Outcome(claim, said, all_of([side(one, sign) for one in found.values()]), numbers)


def within(claim: str, said: str, found: Mapping[str, Difference], bound: float, unit: tuple[float, int]) -> Outcome:
    """Some intervals are said to lie within `bound` of zero."""
    verdicts = []
    for one in found.values():
        outside = one.low > bound or one.high < -bound
        verdicts.append(NO if outside else YES if max(-one.low, one.high) < bound else OPEN)
    return Outcome(claim, said, all_of(verdicts), "; ".join(f"{name} {interval(one, unit)}".strip() for name, one in found.items()))


def fact(claim: str, said: str, holds: bool, numbers: str) -> Outcome:
    """A sentence without an interval."""
    return Outcome(claim, said, YES if holds else NO, numbers)
