"""When elastic averaging is worth a word to somebody who did not ask for it.

Its rates are found for the fastest transient alone, and where it is synchronous every step waits for all workers. So it is compared at equal numbers
of gradients, and where the noise is known it must not end at a larger variance either. Rates with alpha = 0 are no elastic averaging: the workers run
by themselves, and what is gained is that no gradient is old.
"""

from __future__ import annotations

from dataclasses import replace

from stalegrad.advice.asynchronous import WORTH
from stalegrad.advice.modes import Setting, level
from stalegrad.advice.report import Line
from stalegrad.advice.situation import Situation


def asked(situation: Situation) -> bool:
    """Whether elastic averaging is what runs."""
    return situation.alpha is not None or situation.beta is not None


def sorted_out(situation: Situation, asynchronous: list[Line], elastic: list[Line]) -> tuple[list[Line], tuple[str, ...]]:
    """The elastic lines, those that win saying so, and the topics of those that nobody asked for and that win nothing."""
    if asked(situation):
        return elastic, ()
    best = min((line for line in asynchronous if line.topic in ("learning rate", "momentum")), key=_fold)
    winners = {line.topic for line in elastic if _wins(situation, best, line)}
    told = [_telling(situation, best, line) if line.topic in winners else line for line in elastic]
    return told, tuple(line.topic for line in elastic if line.topic not in winners)


def _wins(situation: Situation, best: Line, line: Line) -> bool:
    if not line.gain or line.value["alpha"] == 0.0 or _share(situation, best, line) >= 1.0 - WORTH:
        return False
    if not situation.noise:
        return True
    if "variance in the long run" not in line.gain:
        return False
    setting = Setting(best.value["eta"], best.value.get("momentum", situation.momentum), situation.batch)
    return line.gain["variance in the long run"]["advised"] <= max(level(mode, setting, situation.law) for mode in situation.modes)


def _telling(situation: Situation, best: Line, line: Line) -> Line:
    faster = 1.0 / _share(situation, best, line)
    waits = "" if line.topic.startswith("asynchronous") else ", if workers may wait for each other"
    text = f" With as many gradients this is {faster:.3g} times as fast as asynchronous SGD at its best{waits}."
    return replace(line, text=line.text + text)


def _fold(line: Line) -> float:
    return line.gain["steps per factor e"]["advised"]


def _share(situation: Situation, best: Line, line: Line) -> float:
    """Gradients that elastic averaging needs for a factor e, as a share of those of asynchronous SGD."""
    return _fold(line) * situation.n_workers / _fold(best)
