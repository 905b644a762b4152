"""How fast a process works, and how long its messages take, where this is set and not left to the machine."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from stalegrad.engine.streams import SCHEDULE, Tape, uniforms


@dataclass(frozen=True)
class Pace:
    """Padding of local steps and delays of messages, drawn from the stream of schedules of one worker.

    Attributes
    ----------
    tape : Tape
        Random numbers of the worker, one path.
    service : float
        Mean seconds of a local step; 0 for no padding.
    law : str
        "exponential", "gamma" or "constant".
    shape : float
        Of the Gamma law, whose coefficient of variation is shape^(-1/2); 1 is the exponential law.
    latency : float
        Mean seconds of a message, exponential; 0 for none.
    legs : int
        Messages of a local step, at most.
    """

    tape: Tape
    service: float = 0.0
    law: str = "exponential"
    shape: float = 1.0
    latency: float = 0.0
    legs: int = 2

    def step_lasts(self, t: int) -> float:
        """Seconds that local step t takes.

        >>> import numpy as np
        >>> Pace(Tape(0, np.array([0], np.uint64)), service=0.5, law="constant").step_lasts(3)
        0.5
        """
        if self.law == "constant" or not self.service:
            return self.service
        word = (1 + self.legs) * t
        return self.service * (self._exponential(word) if self.law == "exponential" else self._gamma(word))

    def step_ends(self, t: int, before: float) -> float:
        """When local step t ends, by `time.monotonic`, if the one before was to end at `before`.

        What a process is late by is made up for, so that its own overhead does not lengthen every service; but not more than a
        mean service, so that a process that was stopped does not rush afterwards.
        """
        now = time.monotonic()
        return (before if now - before < self.service else now) + self.step_lasts(t)

    def message_takes(self, t: int, leg: int) -> float:
        """Seconds that message number `leg` of local step t takes."""
        return self.latency * self._exponential((1 + self.legs) * t + 1 + leg) if self.latency else 0.0

    def _exponential(self, word: int) -> float:
        return -math.log(self._uniform(word))

    def _gamma(self, word: int) -> float:
        """Of mean 1, by the inverse of its distribution function, so that a draw takes one word as an exponential one does."""
        from scipy.special import gammainccinv

        return float(gammainccinv(self.shape, self._uniform(word))) / self.shape

    def _uniform(self, word: int) -> float:
        return float(uniforms(self.tape.words(word, 1, SCHEDULE)[0, 0]))


def sleep_until(moment: float) -> None:
    """Sleep until `time.monotonic` says `moment`; at once if it has passed."""
    left = moment - time.monotonic()
    if left > 0.0:
        time.sleep(left)
