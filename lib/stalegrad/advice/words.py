"""Numbers of advice in plain words."""

from __future__ import annotations

import math

LEFT = "what the start leaves in the mean squared error"
"""The transient, said plainly."""


def fold(factor) -> float:
    """Steps in which second moments that shrink by `factor` a step fall by the factor e; infinite where they do not."""
    return -1.0 / math.log(max(float(factor), 1e-300)) if factor < 1.0 else math.inf


def pace(fold: float) -> str:
    """How fast the transient falls, from the steps in which it falls by the factor e = 2.718, that is to 37 %.

    >>> pace(4.3812)
    'falls to 37% every 4.381 steps'
    >>> pace(0.1)
    'falls to 4.5e-05 of itself in one step'
    """
    if math.isinf(fold):
        return "never falls"
    if fold >= 1.0:
        return f"falls to 37% every {fold:.4g} steps"
    return f"falls to {math.exp(-1.0 / fold):.2g} of itself in one step"


def transient(now: float, advised: float, before: str = "now") -> str:
    """The transient as advised and `before`, in a clause; both in steps for each factor e.

    >>> transient(23.11, 4.3812)
    'what the start leaves in the mean squared error falls to 37% every 4.381 steps (now every 23.11: 5.27 times as slow)'
    """
    if math.isinf(now):
        return f"{LEFT} {pace(advised)} ({before} it grows)"
    slower = f"{now / advised:.3g} times as slow"
    return f"{LEFT} {pace(advised)} ({before} {f'every {now:.4g}' if min(now, advised) >= 1.0 else pace(now)}: {slower})"
