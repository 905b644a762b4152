r"""What happens when a worker talks to the master: the update rules of the training driver.

A rule keeps the master's state. `begin(worker)` is a worker's first segment, or None where it has an exchange before its first step.
`meet(arrived, at)` is called at each exchange, in the order of time: `arrived` is what the worker's last segment led to, or None, and
the answer is its next segment. Between two exchanges a worker makes local steps of a kind of `stalegrad.nets.stack`. `observed()`
gives the variables that are looked at, under the names of `Spec.observed`. What a rule was given is
never changed in place: results and starts may be shared.

The rules are those of `stalegrad.algorithms`, whose one step is a local step of one worker at the moment its service ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stalegrad.nets.spec import Spec
from stalegrad.nets.stack import Moved, Segment, Tensor


class Meeting(NamedTuple):
    """An exchange of a worker with the master."""

    worker: int
    clock: int
    """Local steps that the worker has made."""
    number: int
    """Exchanges before this one, of all workers: the master's clock t."""
    steps: int
    """Local steps until the worker's next exchange."""


class Elastic:
    r"""EASGD and EAMSGD (Algorithms 1 and 2): $\tilde x \leftarrow \tilde x + \alpha (x - \tilde x)$, and the worker's first step takes off as much.

    Claims EASGD-ALG1 and EASGD-ALG2; `sg.async_easgd` and `sg.async_eamsgd`.
    """

    def __init__(self, spec: Spec, start: Tensor):
        self.spec, self.centre = spec, start
        self.start = Moved(start, start * 0.0)

    def begin(self, worker: int) -> None:
        """The first step of a worker begins with an exchange."""

    def meet(self, arrived: Moved | None, at: Meeting) -> Segment:
        """The pull between worker and centre, from both as they were."""
        x, v, _ = arrived or self.start
        pull = (x - self.centre).mul_(self.spec.moving_rate)
        self.centre = self.centre + pull
        rates = self.spec.rates(at.clock, at.steps)
        kind = "nesterov" if self.spec.method == "eamsgd" else "plain"
        return Segment(kind, x, (self.spec.seed, at.worker, at.clock), rates, pull, v, self.spec.momentum)

    def observed(self) -> dict[str, Tensor]:
        """The centre."""
        return {"centre": self.centre}


class Downpour:
    r"""DOWNPOUR (Algorithm 3): $\tilde x \leftarrow \tilde x + v^i$, $x^i \leftarrow \tilde x$, $v^i \leftarrow 0$; v^i sums the local moves.

    With it its averages $z \leftarrow (1 - a) z + a \tilde x$, the centre from before the exchange: ADOWNPOUR with a = 1 / (t + 1), t the
    exchanges so far, and MVADOWNPOUR with a constant. Claims EASGD-ALG3, EASGD-ALG-A1 and EASGD-ALG-A2; `sg.downpour`.
    """

    def __init__(self, spec: Spec, start: Tensor):
        self.spec = spec
        self.centre = self.average = self.moving_average = start

    def begin(self, worker: int) -> None:
        """The first step of a worker begins with an exchange."""

    def meet(self, arrived: Moved | None, at: Meeting) -> Segment:
        """Push, then read."""
        self.average = self.average.lerp(self.centre, 1.0 / (at.number + 1))
        self.moving_average = self.moving_average.lerp(self.centre, self.spec.moving)
        if arrived is not None:
            self.centre = self.centre + arrived.v
        rates = self.spec.rates(at.clock, at.steps)
        return Segment("summed", self.centre, (self.spec.seed, at.worker, at.clock), rates)

    def observed(self) -> dict[str, Tensor]:
        """The centre and its two averages."""
        return {"centre": self.centre, "average": self.average, "moving_average": self.moving_average}


class MasterMomentum:
    r"""Momentum at the master, fed by gradients g that are late: $v \leftarrow \delta v - \eta g$, $\tilde x \leftarrow \tilde x + v$.

    MDOWNPOUR (Algorithms 4 and 5) sends $\tilde x + \delta v$ back, and with one worker is Nesterov's method; claims EASGD-ALG4 and
    EASGD-ALG5; `sg.mdownpour`. The asynchronous heavy ball (PCA-3; `sg.async_msgd`) sends $\tilde x$: as $v_k = x_k - x_{k-1}$, it makes
    $x_{k+1} = x_k + \mu (x_k - x_{k-1}) - \eta\, g(x_{k-\tau})$, with tau the updates of others since the worker's read.
    """

    def __init__(self, spec: Spec, start: Tensor):
        self.spec, self.centre, self.velocity = spec, start, start * 0.0
        self.lead = spec.momentum if spec.method == "mdownpour" else 0.0

    def begin(self, worker: int) -> Segment:
        """The gradient that a worker takes before its first exchange."""
        return self._gradient(worker, 0)

    def meet(self, arrived: Moved, at: Meeting) -> Segment:
        """The gradient of the step that ends now; `arrived.v` is minus it."""
        eta = self.spec.rates(at.number, 1)[0]
        self.velocity = self.velocity * self.spec.momentum + arrived.v * eta
        self.centre = self.centre + self.velocity
        return self._gradient(at.worker, at.clock + 1)

    def _gradient(self, worker: int, clock: int) -> Segment:
        read = self.centre + self.velocity * self.lead
        return Segment("summed", read, (self.spec.seed, worker, clock), np.ones(1))

    def observed(self) -> dict[str, Tensor]:
        """The master's variable."""
        return {"centre": self.centre}


class Alone:
    r"""One worker by itself: SGD with its averages (ASGD with a = 1 / (t + 1), MVASGD with a constant), or MSGD, which is Nesterov's.

    `sg.sgd`, `sg.averaged_sgd`, `sg.moving_average_sgd`, `sg.nesterov`; claims EASGD-ALG-A3 to EASGD-ALG-A5.
    """

    def __init__(self, spec: Spec, start: Tensor):
        self.spec = spec
        self.now = Moved(start, start * 0.0, (start, start))

    def segment(self, clock: int, steps: int) -> Segment:
        """The next local steps."""
        key, rates = (self.spec.seed, 0, clock), self.spec.rates(clock, steps)
        x, v, averages = self.now
        if self.spec.method == "msgd":
            return Segment("nesterov", x, key, rates, None, v, self.spec.momentum)
        weights = np.stack([1.0 / np.arange(clock + 1, clock + steps + 1), np.full(steps, self.spec.moving)])
        return Segment("averaged", x, key, rates, averages=averages, weights=weights)

    def observed(self) -> dict[str, Tensor]:
        """The iterate and its averages."""
        return dict(zip(self.spec.observed, (self.now.x, *self.now.averages)))


RULES = {
    "easgd": Elastic,
    "eamsgd": Elastic,
    "downpour": Downpour,
    "mdownpour": MasterMomentum,
    "heavy_ball": MasterMomentum,
    "sgd": Alone,
    "msgd": Alone,
}
