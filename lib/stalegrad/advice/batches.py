"""Advice on the batch: the schedule of the control problem, with the same number of gradients as a constant batch.

The schedule (SME-4.11) is derived for a scalar model of the slowest mode under geometric delays. Here it only proposes: its price gamma is set
so that the whole budget is spent, the number of steps is varied, and every proposal is judged by the exact error at the end under the law of the
situation, beside constant batches judged the same way.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad import control
from stalegrad.advice.asynchronous import INDEPENDENT, QUADRATIC
from stalegrad.advice.confirm import AGREEMENT, PATHS, is_stable, mode_problem, standard_error
from stalegrad.advice.course import Course
from stalegrad.advice.modes import Mode, Setting
from stalegrad.advice.report import Check, Line
from stalegrad.advice.situation import Situation
from stalegrad.algorithms.async_momentum import async_msgd
from stalegrad.engine.simulate import simulate

Array = np.ndarray
SHARES = (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1)
"""Numbers of steps that are tried, as shares of the budget."""
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
    now = final_error(situation, np.full(situation.n_steps, situation.batch))
    constants = {batch: final_error(situation, np.full(max(1, situation.budget // batch), batch)) for batch in _constants(situation)}
    best_constant = min(constants, key=constants.get)
    sizes = min(_proposals(situation), key=lambda proposal: final_error(situation, proposal), default=None)
    error = math.inf if sizes is None else final_error(situation, sizes)
    gain = {"error after the budget": {"now": now, "advised": min(error, constants[best_constant]), "best constant batch": constants[best_constant]}}
    if min(error, constants[best_constant]) >= 0.98 * now:
        text = f"keep the constant batch {situation.batch}: no schedule gains 2% on it at this eta and budget."
        return Line("batch", text, {"batch": situation.batch}, CLAIMS, (QUADRATIC, INDEPENDENT), gain)
    if error >= constants[best_constant]:
        text = f"a constant batch of {best_constant}: mean squared error {constants[best_constant]:.4g} after the budget (now {now:.4g})."
        return Line("batch", text, {"batch": best_constant}, ("SME-4.2",), (QUADRATIC, INDEPENDENT), gain)
    first = int(np.argmax(sizes > 1))
    text = (
        f"batch 1 for {first} steps, then growing to {sizes[-1]} at step {len(sizes)}. Buys: mean squared error after the budget {error:.4g} "
        f"(now {now:.4g}; the best constant batch, {best_constant}, gives {constants[best_constant]:.4g}). Do not stop it early."
    )
    value = {"steps": len(sizes), "grows from": first, "last batch": int(sizes[-1]), "sizes": sizes}
    return Line("batch", text, value, CLAIMS, (QUADRATIC, INDEPENDENT), gain, _check(situation, sizes))


def final_error(situation: Situation, sizes: Array) -> float:
    """Exact mean square of the worst mode at the end of a run with these batch sizes."""
    return max(Course(mode, situation.setting, situation.law, situation.start).along(sizes) for mode in situation.modes)


def spending(situation: Situation, n_steps: int) -> Array:
    """The schedule (SME-4.11) for the slowest mode over `n_steps` steps whose sizes sum to the budget as nearly as whole numbers can, or less.

    The law counts by its mean, mu = mean / (1 + mean), and one step lasts sqrt(eta (1 - mu)).
    """
    mode, mean = situation.modes[0], situation.law.mean

    def sizes(log_gamma: float) -> Array:
        problem = control.BatchProblem(situation.eta, mean / (1.0 + mean), mode.noise, math.exp(log_gamma), mode.h)
        return control.batch_schedule(problem, n_steps)

    low, high = -80.0, 40.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if sizes(middle).sum() <= situation.budget else (middle, high)
    return sizes(high)


def _proposals(situation: Situation) -> list[Array]:
    found = [spending(situation, max(1, int(share * situation.budget))) for share in SHARES]
    return [sizes for sizes in found if sizes.sum() <= situation.budget and sizes[-1] > 1]


def _constants(situation: Situation) -> list[int]:
    most = max(1, int(math.log2(situation.budget)) - 3)
    return sorted({situation.batch, *(2**k for k in range(min(most, 11)))})


def _check(situation: Situation, sizes: Array) -> Check | None:
    """The schedule, run on the slowest mode."""
    if len(sizes) > LONGEST:
        return None
    mode: Mode = situation.modes[0]
    setting = Setting(situation.eta, 0.0, 1)
    paths = max(256, min(PATHS, 20_000_000 // len(sizes)))
    process = async_msgd(mode_problem(mode), situation.eta, 0.0, situation.law, sizes)
    final = simulate(process, situation.start, n_paths=paths, n_steps=len(sizes), keep="final").final[:, 0] ** 2
    exact, error = Course(mode, setting, situation.law, situation.start).along(sizes), standard_error(final)
    numbers = {"steps": len(sizes), "advised": float(final.mean()), "advised, standard error": error, "exact advised": exact}
    return Check(f"{paths} paths on the slowest mode", bool(abs(final.mean() - exact) <= AGREEMENT * error), None, numbers, compares=False)
