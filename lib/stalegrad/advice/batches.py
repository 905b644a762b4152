r"""Advice on the batch: the schedule of the control problem, with the same number of gradients as a constant batch.

The control problem (SME-4.11) weighs what noise leaves at the end against the price of samples: a batch :math:`B_k=\sqrt{w_k/\gamma}`, at least
1, where :math:`w_k` is what the noise of step k leaves in :math:`E x^2` at the end. The paper has :math:`w_k` from a scalar model of the slowest
mode under geometric delays, an exponential; here it is exact, for any law and in whole numbers, since the model is far off where delays are
constant or few steps are left. The price is set so that the whole budget is spent, the number of steps is varied, and every proposal is judged by
the exact error of the worst mode, beside constant batches judged the same way.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad.advice.asynchronous import assumptions, basis
from stalegrad.advice.confirm import AGREEMENT, PATHS, is_stable, mode_problem, standard_error
from stalegrad.advice.course import Course
from stalegrad.advice.modes import Mode, Setting
from stalegrad.advice.report import Check, Line
from stalegrad.advice.situation import Situation
from stalegrad.algorithms.async_momentum import async_msgd
from stalegrad.engine.simulate import simulate

Array = np.ndarray
SHORTER = 0.8
"""Numbers of steps that are tried: the budget, and each time this share of the number before."""
CLAIMS = ("SME-4.11", "SME-4.2", "SME-batch-beats-constant")
LONGEST = 20_000
"""Steps of a schedule that are simulated as a check; longer ones are judged by exact moments alone."""


def missing(situation: Situation) -> str:
    """Why there is no schedule for this situation; empty where there is."""
    wanted = {"noise": situation.noise, "start": situation.start, "budget": situation.budget}
    lacking = [name for name, value in wanted.items() if value is None]
    if lacking:
        return f"Batch schedule: {', '.join(lacking)} not known; it balances the noise at the end against the cost of samples, so it needs all three."
    if situation.noise == 0.0:
        return "Batch schedule: there is no additive noise; a larger batch at the end has nothing to remove."
    if situation.momentum > 0.0:
        return "Batch schedule: the control problem (4.5) is solved for momentum 0 only; nothing is known for heavy balls."
    if not is_stable(situation, situation.setting):
        return "Batch schedule: eta is beyond the edge of stability; take a stable eta first, then ask again."
    return ""


def schedule(situation: Situation) -> Line:
    """The best proposal, against the constant batch of now and the best constant batch."""
    claims, assumes = tuple(dict.fromkeys(CLAIMS + basis(situation, situation.setting))), assumptions(situation)
    now = final_error(situation, np.full(situation.n_steps, situation.batch))
    constants = {batch: final_error(situation, np.full(max(1, situation.budget // batch), batch)) for batch in _constants(situation)}
    best_constant = min(constants, key=constants.get)
    sizes = min(_proposals(situation), key=lambda proposal: final_error(situation, proposal), default=None)
    error = math.inf if sizes is None else final_error(situation, sizes)
    gain = {"error after the budget": {"now": now, "advised": min(error, constants[best_constant]), "best constant batch": constants[best_constant]}}
    if min(error, constants[best_constant]) >= 0.98 * now:
        text = f"keep the constant batch {situation.batch}: no schedule gains 2% on it at this eta and budget."
        return Line("batch", text, {"batch": situation.batch}, claims, assumes, gain)
    if error >= constants[best_constant]:
        text = f"a constant batch of {best_constant}: mean squared error {constants[best_constant]:.4g} after the budget (now {now:.4g})."
        return Line("batch", text, {"batch": best_constant}, claims, assumes, gain)
    first = int(np.argmax(sizes > 1))
    opening = f"batch 1 for {first} steps, then" if first else f"batch {sizes[0]},"
    text = (
        f"{opening} growing to {sizes[-1]} at step {len(sizes)}. Buys: mean squared error after the budget {error:.4g} "
        f"(now {now:.4g}; the best constant batch, {best_constant}, gives {constants[best_constant]:.4g}). Do not stop it early."
    )
    value = {"steps": len(sizes), "grows from": first, "last batch": int(sizes[-1]), "sizes": sizes}
    return Line("batch", text, value, claims, assumes, gain, _check(situation, sizes))


def final_error(situation: Situation, sizes: Array) -> float:
    """Exact mean square of the worst mode at the end of a run with these batch sizes."""
    return max(Course(mode, situation.setting, situation.law, situation.start).along(sizes) for mode in situation.modes)


def spending(weights: Array, budget: int) -> Array:
    r"""The best batch sizes where the noise of step k leaves `weights[k]`, whose sum is the budget as nearly as one price allows, or less.

    At the price gamma a batch grows to B as long as its last sample saves it, :math:`w_k/(B(B-1))\ge\gamma`. Sizes never fall: a weight
    counts by the largest of those before it, where a mode oscillates.

    >>> spending(np.array([1.0, 4.0, 16.0]), 14).tolist()
    [2, 4, 8]
    """
    weights = np.maximum.accumulate(weights)

    def sizes(log_gamma: float) -> Array:
        return np.floor(0.5 * (1.0 + np.sqrt(1.0 + 4.0 * weights / math.exp(log_gamma)))).astype(int)

    high = math.log(weights[-1])
    low = high - 2.0 * math.log(2.0 * budget)
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if sizes(middle).sum() <= budget else (middle, high)
    return sizes(high)


def _proposals(situation: Situation) -> list[Array]:
    """For each outermost mode, and for all of them at once: near the edge of stability the mode that is left last is not the flattest."""
    left = [Course(mode, situation.setting, situation.law, situation.start).responses(situation.budget) for mode in situation.modes]
    left += [sum(left)] * (len(left) > 1)
    n_steps, found = situation.budget, []
    while n_steps >= 1:
        found += [spending(weights[:n_steps][::-1], situation.budget) for weights in left]
        n_steps = int(SHORTER * n_steps)
    return [sizes for sizes in found if sizes[-1] > 1]


def _constants(situation: Situation) -> list[int]:
    most = max(1, int(math.log2(situation.budget)) - 3)
    return sorted({situation.batch, *(2**k for k in range(min(most, 11)))})


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
