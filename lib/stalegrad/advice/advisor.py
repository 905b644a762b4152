"""From a situation to advice."""

from __future__ import annotations

from stalegrad.advice import asynchronous, batches, elastic, unasked
from stalegrad.advice.report import Advice
from stalegrad.advice.situation import Situation

NOISE = (
    "Level, target, budget and batch: the gradient noise is not known. The rates and the stability given hold for any additive noise; measure the "
    "variance of single gradients near the minimum (estimate_noise) for the rest."
)
START = "Iterations to a target: the distance at the start is not known; give start beside target."


def advise(situation: Situation) -> Advice:
    """What is known about a run: stability, largest delay, learning rate, momentum, batch, elastic rates; and what is not known, and why.

    Every line names its claims with their status and what it assumes, and was tried in a quick simulation where it changes a setting. What a line
    calls best is best for the worst mode of the curvature range, by exact second moments under the law of the staleness: the factor per step; with
    `noise`, `start` and `target` the steps to the target; with `noise`, `start` and `budget` the error at its end.

    Parameters
    ----------
    situation : Situation

    Returns
    -------
    Advice
        No lines, and the reasons, where nothing is known: a curvature that is not positive, gradients of infinite variance.

    Examples
    --------
    >>> now = Situation(curvature=(1.0, 1.0), eta=0.02, noise=1.0, n_workers=4)
    >>> line = advise(now).line("learning rate")
    >>> round(line.value["eta"], 2), line.text.partition("Buys: ")[2]
    (0.1, 'what the start leaves in the mean squared error falls to 37% every 4.381 steps (now every 23.11: 5.28 times as slow).')
    """
    if reasons := situation.unknown():
        return Advice(situation, (), reasons)
    apart = elastic.missing(situation)
    refusals = [reason for reason in (batches.missing(situation), apart) if reason]
    if situation.noise is None:
        refusals.insert(0, NOISE)
    elif situation.target is not None and situation.start is None:
        refusals.insert(0, START)
    lines = asynchronous.lines(situation)
    if not batches.missing(situation):
        lines.append(batches.schedule(situation))
    if apart:
        return Advice(situation, tuple(lines), tuple(refusals), () if unasked.asked(situation) else (apart,))
    told, silent = unasked.sorted_out(situation, lines, elastic.lines(situation))
    return Advice(situation, (*lines, *told), tuple(refusals), silent)
