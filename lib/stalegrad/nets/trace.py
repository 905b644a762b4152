"""What is known of a run afterwards; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stalegrad.nets.spec import Spec


@dataclass(frozen=True, eq=False)
class Trace:
    """What was seen of a run, at T = evaluations + 1 equal virtual times from 0 on.

    `trace["test_error"]` is a curve (T,) of the main variable, `trace["test_error", "average"]` of another one of `spec.observed`. The
    measures are those of the objective: "train_loss", "train_error", "test_loss", "test_error", and for networks
    "validation_loss", "validation_error". From the look on at which the run had diverged, curves are NaN.
    """

    spec: Spec
    time: np.ndarray
    """(T,) virtual seconds."""
    steps: np.ndarray
    """(T,) local steps made by then, all workers together."""
    updates: np.ndarray
    """(T,) exchanges with the master by then; in a tree, messages that the root has averaged."""
    curves: dict[tuple[str, str], np.ndarray]
    """(measure, variable) -> (T,)."""
    seconds: dict[str, float]
    """Virtual seconds of all workers: "computing", "communicating", "waiting" (for a serial master)."""
    diverged: float
    """Virtual time of the look that found the run diverged; infinity if none did."""
    skipped: int = 0
    """In a tree, messages not sent because the one before was still under way."""

    def __getitem__(self, name: str | tuple[str, str]) -> np.ndarray:
        key = (name, self.spec.observed[0]) if isinstance(name, str) else tuple(name)
        if key not in self.curves:
            known = ", ".join(sorted({measure for measure, _ in self.curves}))
            raise ValueError(f"{name!r} was not seen: give a measure ({known}), or a pair with one of {', '.join(self.spec.observed)}")
        return self.curves[key]

    @property
    def exchanges(self) -> int:
        """Exchanges in the whole run."""
        return int(self.updates[-1])
