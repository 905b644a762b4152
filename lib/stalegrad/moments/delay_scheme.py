r"""Exact moments of delayed gradients step by step: changing learning rates, a past that is not frozen, long delays.

The second moments of all that is remembered are advanced as a matrix, :math:`S' = M_uSM_u^T + u^2JDJ^T` with
:math:`M_u = M_0 + u(M_1 - M_0)` for the factor u of the learning rate. No matrix on packed moments is formed, so windows may be long.
"""

from __future__ import annotations

import numpy as np

from stalegrad.engine.checks import schedule
from stalegrad.moments.system import Array, Moments

MANY = 300
"""Packed moments from which on a step is cheaper than its matrix."""

LARGEST = 2000
"""Most numbers that are remembered."""


def is_needed(described) -> bool:
    """Whether a rule (`models.Batched`) changes with the step, or has too many moments for a matrix on them to pay."""
    return described.rates is not None or described.history is not None or described.rule.layout.length > MANY


def of(described, start: Array, n_steps: int) -> Moments:
    """Moments at steps 0 .. n_steps of a rule, from a start (d,).

    Raises
    ------
    ValueError
        For a state of more than `LARGEST` numbers, or a schedule shorter than the run.
    """
    if described.rule.layout.state > LARGEST:
        raise ValueError(
            f"{described.rule.layout.state} numbers are remembered, at most {LARGEST} are solved: take a shorter staleness window, or simulate"
        )
    rule, place = described.rule, slice(0, described.rule.dim)
    state, extras = rule.begin(start)
    if described.history is not None:
        state[rule.dim :] = described.history.ravel()
    full = np.outer(np.append(state, 1.0), np.append(state, 1.0))
    factors = np.ones(n_steps) if described.rates is None else described.rates.of(n_steps, described.substeps)
    means, seconds = [full[place, -1]], [full[place, place]]
    for factor, batch in zip(factors, schedule(described.batch, n_steps, "batch"), strict=True):
        full, extras = rule.advance(full, extras, batch, described.shared, factor)
        means.append(full[place, -1])
        seconds.append(full[place, place])
    return Moments(np.array(means), np.array(seconds))
