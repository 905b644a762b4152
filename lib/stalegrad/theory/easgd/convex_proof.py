r"""The proof of Theorem 3.2.1, (3.27) to (3.50), one function a step: each gives both sides of the printed relation.

The sides are plain arithmetic on a `Point`, so they take numbers (is the inequality true here, and how much is lost?) and
symbols (is the identity an identity?). `SLACK` writes what each inequality gives away as a sum of terms that are not negative:
together with (3.30), which is the standard inequality for strongly convex functions, that is the proof.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stalegrad.theory.easgd.convex_terms import (
    Point,
    Seen,
    Sides,
    average,
    completed,
    contraction,
    count,
    dot,
    elastic,
    error,
    expanded,
    in_the_mean,
    left_over,
    lower_bound,
    mean,
    moved,
    moved_centre,
    norm,
    one,
    pairs,
    pull,
    pull_bound,
    root,
    spread_of_slopes,
    spread_share,
    square,
)


def _worker_by_worker(at: Point):
    """(3.44): the descent of the average, from (3.30) for every worker."""
    return mean(lower_bound(at, at.slope, at.local)) - spread_of_slopes(at)


def _after_pairs(at: Point):
    """(3.47): the same with (3.45) and (3.46)."""
    seen = average(at)
    return lower_bound(at, seen.slope, seen.x) - spread_share(at) * spread_of_slopes(at)


def _bias_variance(at: Point) -> Sides:
    y = mean(at.local)
    left = [mean(square(at.local - at.star)), mean(square(at.local - at.star)), mean(square(at.slope))]
    right = [
        mean(square(at.local - y)) + square(y - at.star),
        pairs(square, at.local) + square(y - at.star),
        pairs(square, at.slope) + square(mean(at.slope)),
    ]
    return np.array(left), np.array(right)


def _of_pairs(at: Point, term: Callable):
    p = len(at.local)
    return np.array([term(at.slope[i] - at.slope[j], at.local[i] - at.local[j]) for i in range(p) for j in range(i)])


def _young(at: Point) -> Sides:
    def left(slope, x):
        return contraction(at) * square(x) + square(slope) / (at.mu + at.L)

    return _of_pairs(at, left), _of_pairs(at, lambda slope, x: (1 - spread_share(at)) * dot(slope, x))


def _returned(at: Point):
    return 2 * at.eta * spread_share(at) * spread_of_slopes(at)


def _returned_in_the_mean(at: Point):
    return 2 * at.eta * at.L * spread_share(at) * (mean(square(at.local - at.star)) - square(mean(at.local) - at.star))


IDENTITIES: dict[str, Callable[[Point], Sides]] = {
    "EASGD-3.29": lambda at: (mean(moved(at, one(at))), moved(at, average(at))),
    "EASGD-3.31": lambda at: (error(at, one(at)), expanded(at, one(at), one(at).descent, pull(at, one(at)))),
    "EASGD-3.32": lambda at: (2 * dot(at.local - at.centre, at.local - at.star), elastic(at, at.local)),
    "EASGD-3.38": lambda at: (error(at, average(at)), expanded(at, average(at), average(at).descent, pull(at, average(at)))),
    "EASGD-3.39": lambda at: (average(at).descent, mean(one(at).descent) - spread_of_slopes(at)),
    "EASGD-3.40": lambda at: (2 * dot(mean(at.local) - at.centre, mean(at.local) - at.star), elastic(at, mean(at.local))),
    "EASGD-3.42": lambda at: (
        error(at, average(at)),
        expanded(at, average(at), mean(one(at).descent) - spread_of_slopes(at), pull(at, average(at))),
    ),
    "EASGD-3.45": _bias_variance,
}
"""(left, right) of the steps that are equalities; (3.41) is (3.38), and (3.43) the second half of (3.42)."""

UPPER_BOUNDS: dict[str, Callable[[Point], Sides]] = {
    "EASGD-3.30": lambda at: (lower_bound(at, at.slope, at.local), one(at).descent),
    "EASGD-3.33": lambda at: (pull(at, one(at)), pull_bound(at, one(at))),
    "EASGD-3.34": lambda at: (error(at, one(at)), expanded(at, one(at), lower_bound(at, at.slope, at.local), pull_bound(at, one(at)))),
    "EASGD-3.36": lambda at: (error(at, one(at)), completed(at, one(at), 0)),
    "EASGD-3.37": lambda at: in_the_mean(at, one(at), at.variance, 0),
    "EASGD-3.44": lambda at: (error(at, average(at)), expanded(at, average(at), _worker_by_worker(at), pull(at, average(at)))),
    "EASGD-3.46": lambda at: _young(at)[::-1],
    "EASGD-3.47": lambda at: (error(at, average(at)), expanded(at, average(at), _after_pairs(at), pull(at, average(at)))),
    "EASGD-3.48": lambda at: (error(at, average(at)), completed(at, average(at), _returned(at))),
    "EASGD-3.49": lambda at: in_the_mean(at, average(at), at.variance / count(at.local), _returned_in_the_mean(at)),
    "EASGD-3.50": lambda at: (
        square(moved_centre(at) - at.star),
        (1 - at.beta) * square(at.centre - at.star) + at.beta * square(mean(at.local) - at.star),
    ),
}
"""(smaller, larger) of the steps that are inequalities; (3.35) is the first half of (3.36)."""


def _cauchy(at: Point, seen: Seen):
    return 2 * at.eta * at.alpha * (pull_bound(at, seen) - pull(at, seen))


def _squared(at: Point, seen: Seen):
    gap = norm(seen.x - at.centre) - at.eta * norm(seen.slope) / (1 - at.alpha)
    return at.alpha * (1 - at.alpha) * gap**2


def _convexity(at: Point):
    return 2 * at.eta * (one(at).descent - lower_bound(at, at.slope, at.local))


def _pair_squares(at: Point):
    return _of_pairs(at, lambda slope, x: square(root(at.mu * at.L) * x - slope)) / (at.mu + at.L)


def _one_slack(at: Point):
    return _convexity(at) + _cauchy(at, one(at)) + _squared(at, one(at))


def _average_slack(at: Point):
    seen = average(at)
    return mean(_convexity(at)) + 2 * at.eta * _pair_squares(at).sum() / count(at.local) ** 2 + _cauchy(at, seen) + _squared(at, seen)


def _curvature_slack(at: Point):
    return 2 * at.eta * spread_share(at) * (at.L * pairs(square, at.local) - spread_of_slopes(at))


SLACK: dict[str, Callable[[Point], Any]] = {
    "EASGD-3.34": lambda at: _convexity(at) + _cauchy(at, one(at)),
    "EASGD-3.36": _one_slack,
    "EASGD-3.37": lambda at: _one_slack(at) - left_over(at) * square(at.slope),
    "EASGD-3.44": lambda at: mean(_convexity(at)),
    "EASGD-3.46": _pair_squares,
    "EASGD-3.47": lambda at: mean(_convexity(at)) + 2 * at.eta * _pair_squares(at).sum() / count(at.local) ** 2,
    "EASGD-3.48": _average_slack,
    "EASGD-3.49": lambda at: _average_slack(at) - left_over(at) * square(mean(at.slope)) + _curvature_slack(at),
    "EASGD-3.50": lambda at: at.beta * (1 - at.beta) * square(mean(at.local) - at.centre),
}
"""What the larger side has over the smaller: (3.30), Cauchy-Schwarz, squares, and terms whose sign the assumptions give."""


def losses(at: Point) -> dict[str, Any]:
    """(3.49) term by term: how much of its right-hand side each step of the proof gives away."""
    seen = average(at)
    return {
        "convexity (3.30)": mean(_convexity(at)),
        "pairs (3.46)": 2 * at.eta * _pair_squares(at).sum() / count(at.local) ** 2,
        "Cauchy-Schwarz": _cauchy(at, seen),
        "square completed (3.48)": _squared(at, seen),
        "gradient dropped": -left_over(at) * square(seen.slope),
        "curvature L": _curvature_slack(at),
    }
