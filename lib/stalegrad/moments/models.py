"""From a process or a limit to its moment description, by name and parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stalegrad.moments import continuous
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
    return Batched(Rule(problem.linear, eta, SYNCHRONOUS), np.ones(()))


def _minibatch_sgd(problem, eta, batch) -> Batched:
    return Batched(Rule(problem.linear, eta, SYNCHRONOUS), np.asarray(batch, dtype=float))


def _asgd(problem, eta, staleness) -> Batched:
    return Batched(Rule(problem.linear, eta, Memory.of(staleness)), np.ones(()))


def _msgd(problem, eta, momentum) -> Batched:
    return Batched(Rule(problem.linear, eta, SYNCHRONOUS, momentum), np.ones(()))


def _minibatch_asgd(problem, eta, staleness, batch) -> Batched:
    rule = Rule(problem.linear, eta, Memory.of(staleness))
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
    return _LIMITS[model.name](model.problem.linear, **model.parameters)


def _require_linear(model) -> None:
    if model.name not in _RULES and model.name not in _LIMITS:
        known = ", ".join([*_RULES, *_LIMITS])
        raise ValueError(f"no moment equations for {model.name!r}; they exist for {known}: use simulate instead")
    if model.problem.linear is None:
        raise ValueError(
            f"problem {model.problem.name!r} has no linear gradients, so its moments do not close; "
            "use a quadratic or least-squares problem, or simulate"
        )
