"""From a process or a limit to its moment description: by name and parameters where a hand-written one exists, else by tracing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stalegrad.engine.process import Process
from stalegrad.moments import continuous
from stalegrad.moments.components import linear_of
from stalegrad.moments.continuous import LinearLimit
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import Array

SYNCHRONOUS = Memory(np.ones(1), None)


@dataclass(frozen=True)
class Batched:
    """A discrete rule with the batch sizes it runs with: one number, or one for each step."""

    rule: Rule
    batch: Array
    shared: bool = False


def _sgd(problem, eta) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS), np.ones(()))


def _minibatch_sgd(problem, eta, batch) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS), np.asarray(batch, dtype=float))


def _asgd(problem, eta, staleness) -> Batched:
    return Batched(Rule(linear_of(problem), eta, Memory.of(staleness)), np.ones(()))


def _msgd(problem, eta, momentum) -> Batched:
    return Batched(Rule(linear_of(problem), eta, SYNCHRONOUS, momentum), np.ones(()))


def _minibatch_asgd(problem, eta, staleness, batch) -> Batched:
    rule = Rule(linear_of(problem), eta, Memory.of(staleness))
    return Batched(rule, np.asarray(batch, dtype=float), shared=True)


def _minibatch_asgd_separate_reads(problem, eta, staleness, batch) -> Batched:
    return replace(_minibatch_asgd(problem, eta, staleness, batch), shared=False)


_RULES: dict[str, Callable[..., Batched]] = {
    "sgd": _sgd,
    "minibatch_sgd": _minibatch_sgd,
    "asgd": _asgd,
    "msgd": _msgd,
    "minibatch_asgd": _minibatch_asgd,
    "minibatch_asgd_separate_reads": _minibatch_asgd_separate_reads,
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
