"""Advice on asynchronous SGD: is it stable, how far may it go, which learning rate and momentum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from stalegrad import staleness as laws
from stalegrad.advice import confirm, search, words
from stalegrad.advice.course import LONGEST, steps_to
from stalegrad.advice.modes import Setting, all_stable
from stalegrad.advice.report import Line
from stalegrad.advice.situation import LAGS, Situation
from stalegrad.theory.pca import stability

INDEPENDENT = "delays drawn independently of each other and of the data (for real queues they are not: SME-A1)"
QUADRATIC = "the objective is a quadratic where the run moves, with curvatures within the given range"
ALIGNED = "one gradient's noise does not couple directions of different curvature"
APART = "nothing but the pull keeps workers together: where the objective has several minima alpha must not be small or negative (EASGD-rho-range)"
SAME = 0.02
"""Advice that gains less than this share is not worth changing a run."""
FARTHEST = 1e4
"""Largest mean of a geometric law that is tried."""
WORTH = 0.05
"""What a momentum must gain on the best learning rate without one: it is one more thing to go wrong."""


def goal_of(situation: Situation) -> search.Goal:
    """What the situation asks for: steps to a target, the error of a budget, or else the factor per step."""
    if situation.noise is None:
        return search.Goal()
    return search.Goal(situation.start, situation.target, situation.n_steps)


def lines(situation: Situation) -> list[Line]:
    """Stability, delay, learning rate, momentum."""
    return [stable(situation), *delay(situation), rate(situation), momentum(situation)]


def basis(situation: Situation, setting: Setting) -> tuple[str, ...]:
    """Claims on the second moments of asynchronous SGD under the law of the situation."""
    law, found = situation.law, []
    if law.max == 0:
        found = ["EASGD-5.26"] if situation.relative_noise else ["EASGD-5.3"]
    elif law.finite is None:
        found = ["SME-exact-moments", "SME-A1", *["SME-embedding"] * (len(law.mus) > 1)]
    else:
        found = ["SDDE-T4.1", "SDDE-4"] if np.count_nonzero(law.finite) == 1 else ["SDDE-4", "SME-A1"]
    if setting.momentum > 0.0:
        found.append("PCA-critical-delay" if law.max else "SME-2.6")
    return tuple([*found, "SME-4.2"] if setting.batch > 1 and law.max else found)


def assumptions(situation: Situation) -> tuple[str, ...]:
    """What the moments take for granted."""
    found = [QUADRATIC]
    if situation.law.max:
        found.append(INDEPENDENT)
    if situation.relative_noise and len(situation.modes) > 1:
        found.append(ALIGNED)
    return tuple(found)


def stable(situation: Situation) -> Line:
    """Whether the run is stable, and how far from the edge."""
    now, modes, law = situation.setting, situation.modes, situation.law
    edge, factor = search.edge(modes, now, law), search.worst_radius(modes, now, law)
    share = now.eta / edge
    if factor < 1.0:
        text = f"stable. Each step keeps {factor:.6g} of {words.LEFT}; eta = {now.eta:g} is at {share:.0%} of the edge of stability, {edge:.4g}."
    else:
        text = f"NOT stable: the mean squared error grows. eta = {now.eta:g} is {share:.2f} times the edge of stability, {edge:.4g}; stay below it."
    value = {"factor": factor, "edge": edge, "share": share}
    return Line("stability", text, value, basis(situation, now), assumptions(situation), check=confirm.agree(situation))


def delay(situation: Situation) -> list[Line]:
    """The largest delay that the present eta and momentum bear: constant, and geometric."""
    now, largest = situation.setting, situation.modes[-1].h
    if now.eta * largest >= 2.0 * (1.0 + now.momentum):
        text = f"none: eta h = {now.eta * largest:.3g} is beyond 2 (1 + momentum), where no delay is stable, not even 0."
        return [Line("delay", text, {"constant": -1}, ("PCA-critical-delay",), (QUADRATIC,))]
    longest = stability.last_stable(now.eta * largest, now.momentum)
    mean = _geometric_edge(situation)
    text = f"at this eta and momentum the run is stable up to a constant delay of {longest} updates"
    if situation.relative_noise:
        without, longest = longest, _constant_edge(situation, longest)
        more = " or more" if longest == LAGS < without else ""
        bear = f"stable up to a constant delay of {longest}{more} updates" if longest >= 0 else "stable at no constant delay, not even 0"
        text = f"at this eta and momentum the run is {bear} ({without} if noise did not grow with the distance)"
    if mean > 0.0:
        more = " or more" if mean == FARTHEST else ""
        text += (
            f"; with geometric delays up to a mean of {_short(mean)}{more}, as of {int(mean) + 1} equally fast workers whose steps take random times"
        )
    reach = f"never more than {situation.law.max}" if situation.law.finite is not None else "without a largest delay"
    text += f". The law here has mean {situation.law.mean:.3g}, {reach}."
    claims = ("PCA-critical-delay", "PCA-R11", "SDDE-T4.1", "SME-exact-moments")
    return [Line("delay", text, {"constant": longest, "geometric mean": mean}, claims, assumptions(situation))]


def _constant_edge(situation: Situation, of_mean: int) -> int:
    """Largest constant delay at which second moments are stable where curvatures are drawn; at most that of the mean, and 128; -1 for none."""
    low, high = -1, min(of_mean, LAGS) + 1
    while high - low > 1:
        middle = (low + high) // 2
        fits = all_stable(situation.modes, situation.setting, laws.constant(middle))
        low, high = (middle, high) if fits else (low, middle)
    return low


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100.0 else f"{number:.3g}"


def _geometric_edge(situation: Situation) -> float:
    """Largest mean of a geometric law that is stable, to three digits and at most 10,000; 0 if there is none."""
    low, high = 0.0, 1.0 - 1.0 / (1.0 + FARTHEST)
    now, modes = situation.setting, situation.modes

    def fits(mu: float) -> bool:
        return all_stable(modes, now, laws.geometric(mu))

    if fits(high):
        return FARTHEST
    if not fits(low):
        return 0.0
    for _ in range(30):
        middle = 1.0 - math.sqrt((1.0 - low) * (1.0 - high))
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low / (1.0 - low)


def rate(situation: Situation) -> Line:
    """The best learning rate at the momentum and batch of now."""
    best, _ = search.best_eta(situation.modes, situation.setting, situation.law, goal_of(situation))
    text = f"eta = {best.eta:.4g}"
    return _line("learning rate", text, situation, best, {"eta": best.eta}, basis(situation, best))


def momentum(situation: Situation) -> Line:
    """The best pair of learning rate and momentum at the batch of now."""
    goal, law, modes = goal_of(situation), situation.law, situation.modes
    best, with_it = search.best_pair(modes, situation.setting, law, goal)
    plain, without = search.best_eta(modes, replace(situation.setting, momentum=0.0), law, goal)
    claims = ("EASGD-msgd-slows",) if situation.relative_noise and law.max == 0 else ("PCA-momentum-hurts", "SME-P1")
    helps = with_it < (1.0 - WORTH) * without
    best = best if helps else plain
    claims = tuple(dict.fromkeys(basis(situation, best) + claims))
    value = {"momentum": best.momentum, "eta": best.eta}
    if helps or situation.momentum > 0.0:
        most = " (the largest that is tried)" if best.momentum > 0.985 else ""
        text = f"momentum {best.momentum:.3g}{most} with eta = {best.eta:.4g}" if helps else f"none, with eta = {best.eta:.4g}"
        return _line("momentum", text, situation, best, value, claims)
    text = f"none: at its own best learning rate no momentum gains {WORTH:.0%} on the best learning rate without."
    return Line("momentum", text, value | {"keep": True}, claims, assumptions(situation), bought(situation, best))


def _line(topic: str, text: str, situation: Situation, best: Setting, value: dict, claims: tuple[str, ...]) -> Line:
    gain = bought(situation, best)
    before, after = gain[telling(gain)].values()
    if math.isinf(after):
        text = f"none reaches the target within {LONGEST:,} steps: take a larger batch, or a larger target."
        return Line(topic, text, value | {"eta": situation.eta, "keep": True}, claims, assumptions(situation), gain)
    if before - after <= SAME * before and math.isfinite(before):
        text = f"keep what is set: {text} would gain less than {SAME:.0%}."
        return Line(topic, text, value | {"keep": True}, claims, assumptions(situation), gain)
    text = f"{text}. {in_words(gain)}"
    return Line(topic, text, value | {"keep": False}, claims, assumptions(situation), gain, confirm.compare(situation, best))


def bought(situation: Situation, best: Setting) -> dict:
    """What a setting buys against that of now, by exact moments of the worst mode."""
    now, found = situation.setting, {}
    factors = [search.worst_radius(situation.modes, setting, situation.law) for setting in (now, best)]
    folds = [-1.0 / math.log(max(factor, 1e-300)) if factor < 1.0 else math.inf for factor in factors]
    found["steps per factor e"] = {"now": folds[0], "advised": folds[1]}
    if situation.noise is None or situation.start is None:
        return found
    if situation.target is not None:
        steps = [_steps(situation, setting) for setting in (now, best)]
        found["steps to target"] = {"now": steps[0], "advised": steps[1]}
        found["gradients to target"] = {"now": steps[0] * now.batch, "advised": steps[1] * best.batch}
    elif situation.budget is not None:
        errors = [_error(situation, setting, max(1, situation.budget // setting.batch)) for setting in (now, best)]
        found["error after the budget"] = {"now": errors[0], "advised": errors[1]}
    return found


def _steps(situation: Situation, setting: Setting) -> float:
    return max(steps_to(mode, setting, situation.law, situation.start, situation.target) for mode in situation.modes)


def _error(situation: Situation, setting: Setting, n_steps: int) -> float:
    return search.Goal(situation.start, n_steps=n_steps)(situation.modes, setting, situation.law)


def telling(gain: dict) -> str:
    """The name of the most telling of the gains."""
    return next(name for name in ("gradients to target", "error after the budget", "steps per factor e") if name in gain)


def in_words(gain: dict) -> str:
    """The most telling of the gains, in a sentence."""
    name = telling(gain)
    now, advised = gain[name]["now"], gain[name]["advised"]
    if name == "steps per factor e":
        return f"Buys: {words.transient(now, advised)}."
    units = {
        "gradients to target": f"{advised:.4g} gradients to the target",
        "error after the budget": f"mean squared error {advised:.4g} after the budget",
    }
    before = f"{now:.4g}" if math.isfinite(now) else "never reached" if "target" in name else "unbounded"
    ratio = f", {now / advised:.3g} times fewer" if math.isfinite(now) and "error" not in name and advised > 0 else ""
    ratio = f", {now / advised:.3g} times smaller" if math.isfinite(now) and "error" in name else ratio
    return f"Buys: {units[name]} (now {before}{ratio})."
