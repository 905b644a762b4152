"""From a process or a limit to its moment description: by name and parameters where a hand-written one exists, else by tracing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stalegrad.engine.process import Process
from stalegrad.engine.rates import Rates
from stalegrad.moments import continuous, delay_limit
from stalegrad.moments.components import linear_of
from stalegrad.moments.continuous import LinearLimit
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import Array

SYNCHRONOUS = Memory(np.ones(1), None)


@dataclass(frozen=True)
class Batched:
    """A discrete rule with what it runs with: batch sizes (a number, or one for each step), factors of the rate, a past."""

    rule: Rule
    batch: Array
    shared: bool = False
    rates: Rates | None = None
    history: Array | None = None
    """(delays, d) the past before step 0; None for one frozen at the start."""
    substeps: int = 1
    """Steps of the rule for each factor."""


def _sgd(problem, eta, rates=None) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS), np.ones(()), rates=rates)


def _minibatch_sgd(problem, eta, batch) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS), np.asarray(batch, dtype=float))


def _asgd(problem, eta, staleness, rates=None) -> Batched:
    return Batched(Rule(linear_of(problem), eta, Memory.of(staleness)), np.ones(()), rates=rates)


def _msgd(problem, eta, momentum) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS, momentum), np.ones(()))


def _minibatch_asgd(problem, eta, staleness, batch, rates=None) -> Batched:
    rule = Rule(linear_of(problem), eta, Memory.of(staleness))
    return Batched(rule, np.asarray(batch, dtype=float), shared=True, rates=rates)


def _async_msgd(problem, eta, momentum, staleness, batch) -> Batched:
    return Batched(Rule(linear_of(problem), eta, Memory.of(staleness), momentum), np.asarray(batch, dtype=float), shared=True)


def _minibatch_asgd_separate_reads(problem, eta, staleness, batch) -> Batched:
    return replace(_minibatch_asgd(problem, eta, staleness, batch), shared=False)


def _sdde(problem, eta, delay, batch, delta, rates=None, Sigma=None, history=None, substeps=1, grid=1) -> Batched:
    """The scheme (SDDE-5): mini-batch ASGD with normal noise; each of `substeps` steps moves eta / substeps, with a share of the noise."""
    if substeps > 1 and np.count_nonzero(delay.table) > 1:
        raise ValueError(f"delay={delay!r} lasts for {substeps} steps of the scheme, which leaves no closed moments: take substeps=1, or simulate")
    linear = linear_of(problem) if Sigma is None else delay_limit.with_noise(linear_of(problem), Sigma)
    memory = Memory.of(delay) if substeps == 1 else Memory(np.eye(substeps * delay.max + 1)[-1], None)
    return Batched(Rule(linear, eta / substeps, memory), np.asarray(batch / substeps), True, rates, history, substeps)


_RULES: dict[str, Callable[..., Batched]] = {
    "sgd": _sgd,
    "minibatch_sgd": _minibatch_sgd,
    "asgd": _asgd,
    "async_msgd": _async_msgd,
    "msgd": _msgd,
    "minibatch_asgd": _minibatch_asgd,
    "minibatch_asgd_separate_reads": _minibatch_asgd_separate_reads,
    "sdde": _sdde,
}


def _sme_asgd(linear, eta, mu, batch) -> tuple[LinearLimit, Array]:
    return continuous.sme_asgd(linear, eta, mu), np.asarray(batch, dtype=float)


def _unbatched(build: Callable[..., LinearLimit]) -> Callable[..., tuple[LinearLimit, Array]]:
    return lambda linear, **parameters: (build(linear, **parameters), np.ones(()))


_LIMITS: dict[str, Callable[..., tuple[LinearLimit, Array]]] = {
    "sme_sgd": _unbatched(continuous.sme_sgd),
    "sme_msgd": _unbatched(continuous.sme_msgd),
    "sme_asgd_linear": _unbatched(continuous.sme_asgd_linear),
    "sme_asgd": _sme_asgd,
    "sme_asgd_mixture": _unbatched(continuous.sme_asgd_mixture),
}


def is_limit(model) -> bool:
    """Whether the model is one of the limits."""
    return model.name in _LIMITS


def is_delayed(model) -> bool:
    """Whether the model is a delay equation; its Euler-Maruyama scheme is a discrete rule."""
    return model.name == "sdde" and not isinstance(model, Process)


def delayed(model) -> delay_limit.LinearDelay:
    """The linear delay equation of a model."""
    _require_linear(model)
    return delay_limit.equation(model)


def discrete(process) -> Batched:
    """Moment description of an algorithm."""
    _require_linear(process)
    return _RULES[process.name](process.problem, **process.parameters)


def limit(model) -> tuple[LinearLimit, Array]:
    """Moment description of a limit at batch size 1, and its batch size, one number or one for each step."""
    _require_linear(model)
    if not is_limit(model):
        raise ValueError(f"{model.name} is not one of the limits {', '.join(_LIMITS)}; pass a limit")
    return _LIMITS[model.name](linear_of(model.problem), **model.parameters)


def is_written(model) -> bool:
    """Whether the moment equations of the model are written down by hand; those of other processes are traced."""
    return model.name in _RULES or model.name in _LIMITS


def linear(model) -> tuple[Array, Array]:
    """Component gradients (H, b) of the model's problem, or a ValueError where its moments do not close."""
    _require_linear(model)
    return linear_of(model.problem)


def _require_linear(model) -> None:
    if not is_written(model) and not isinstance(model, Process):
        known = ", ".join([*_RULES, *_LIMITS])
        raise ValueError(f"no moment equations for {model.name!r}; they exist for processes and for {known}: use simulate instead")
    if linear_of(model.problem) is None:
        raise ValueError(
            f"problem {model.problem.name!r} has no linear gradients, so its moments do not close; "
            "use a quadratic or least-squares problem, or simulate"
        )
