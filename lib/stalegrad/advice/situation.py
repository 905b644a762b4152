"""What a practitioner knows about a run: curvatures, gradient noise, delays, and what is set now."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stalegrad import staleness as laws
from stalegrad.advice.modes import Mode, Setting
from stalegrad.engine.checks import fraction, positive, whole
from stalegrad.staleness import Staleness

TAIL_LEAST = 2.0
"""A tail index up to this means an infinite variance of the gradient, of which nothing here speaks."""
LAGS = 128
"""Most lags of a law that is not geometric: beyond, the exact moments take minutes."""


@dataclass(frozen=True)
class Situation:
    r"""A run as its owner knows it; leave out what is not known.

    Attributes
    ----------
    curvature : (float, float)
        Least and largest curvature h of the objective near the minimum, both positive for advice. From a gradient:
        `stalegrad.advice.estimate_curvature`.
    eta : float
        Learning rate now, positive.
    momentum : float
        Heavy-ball momentum now, in [0, 1).
    batch : int
        Samples of one gradient now.
    noise : float, optional
        :math:`\sigma^2`, variance of the gradient of one sample at the minimum, along any direction. None: not known.
    relative_noise : float
        c, variance of the curvature of one sample, as a share of h^2: the gradient's variance at distance x is
        :math:`\sigma^2 + c (h x)^2`. 2 for least squares with Gaussian inputs of dimension 1.
    n_workers : int
        Workers that push to one server.
    staleness : Staleness, optional
        Law of the staleness, for example measured (`stalegrad.advice.measured_law`). By default geometric with
        :math:`\mu = 1 - 1/p`, the law of p equally fast memoryless workers (SME-A1).
    start : float, optional
        Distance to the minimum at the start, along a direction.
    target : float, optional
        The mean squared distance, along a direction, that is to be reached.
    budget : int, optional
        Gradients of one sample that may be spent.
    alpha, beta : float, optional
        Moving rates of elastic averaging, if that is what runs.
    tail : float, optional
        Tail index of the gradient noise, where it is known to be heavy.
    problem : Problem, optional
        One's own objective, to run the check on; by default a quadratic with these numbers.
    notes : tuple of str
        What was found while measuring, for the report.
    paths : int, optional
        Paths of each quick simulation, 256 or more; by default 4096, fewer where the run is long. Four times as many halve what a check can see.

    Raises
    ------
    ValueError
        For numbers that cannot be: a rate or batch that is not positive, a momentum outside [0, 1), a negative variance, a target that is met
        at the start, ... Numbers that can be, but of which nothing is known, are refused by `advise`, with the reason.

    Examples
    --------
    >>> now = Situation(curvature=(0.1, 10.0), eta=0.05, noise=1.0, n_workers=8)
    >>> now.law, now.modes[0].h
    (geometric(0.875), 0.1)
    """

    curvature: tuple[float, float]
    eta: float
    momentum: float = 0.0
    batch: int = 1
    noise: float | None = None
    relative_noise: float = 0.0
    n_workers: int = 1
    staleness: Staleness | None = None
    start: float | None = None
    target: float | None = None
    budget: int | None = None
    alpha: float | None = None
    beta: float | None = None
    tail: float | None = None
    problem: object = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    paths: int | None = None

    def __post_init__(self):
        least, largest = _pair(self.curvature)
        object.__setattr__(self, "curvature", (least, largest))
        positive(self.eta, "eta"), fraction(self.momentum, "momentum")
        whole(self.batch, "batch", 1), whole(self.n_workers, "n_workers", 1)
        for name in ("noise", "relative_noise"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < math.inf:
                raise ValueError(f"{name}={value} is no variance: give a finite number, 0 or more")
        for name in ("start", "target", "tail", "alpha", "beta"):
            if getattr(self, name) is not None:
                positive(getattr(self, name), name, "it must be positive and finite")
        if self.start is not None and self.target is not None and self.target >= self.start**2:
            raise ValueError(f"target={self.target:g} is met at the start, whose squared distance is {self.start**2:g}: give a smaller target")
        if self.budget is not None:
            whole(self.budget, "budget", 1)
        if self.paths is not None:
            whole(self.paths, "paths", 256)
        if self.staleness is not None and not hasattr(self.staleness, "table"):
            raise ValueError(f"staleness={self.staleness!r} is no law: give geometric(mu), constant(l), empirical(counts), ...")

    @cached_property
    def law(self) -> Staleness:
        """The law of the staleness, given or that of the workers."""
        return self.staleness if self.staleness is not None else laws.geometric(1.0 - 1.0 / self.n_workers)

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """The outermost modes, one if all curvatures agree; noise that is not known counts as none."""
        return tuple(Mode(h, self.noise or 0.0, self.relative_noise) for h in sorted(set(self.curvature)))

    @property
    def setting(self) -> Setting:
        """What is set now."""
        return Setting(self.eta, self.momentum, self.batch)

    @property
    def n_steps(self) -> int | None:
        """Steps that the budget pays for at the batch of now."""
        return None if self.budget is None else max(1, self.budget // self.batch)

    def unknown(self) -> tuple[str, ...]:
        """Why nothing can be said, a sentence each; empty where something can."""
        reasons, least = [], self.curvature[0]
        if least <= 0.0:
            reasons.append(
                f"The least curvature is {least:g}: the objective is not strongly convex there. All rates known here are of a minimum with "
                "positive curvature; at a saddle only the time of escape is known, for streaming PCA (PCA-P10). Give curvatures at the "
                "minimum, or add a penalty."
            )
        if self.tail is not None and self.tail <= TAIL_LEAST:
            reasons.append(
                f"The gradient noise has tail index {self.tail:g}: its variance is infinite. Every statement used here is about second "
                "moments. Clip the gradients, and measure the noise of what is left."
            )
        if self.law.finite is not None and self.law.max > LAGS:
            reasons.append(
                f"The law of the staleness reaches back {self.law.max} updates, more than the {LAGS} for which moments are computed. Fit a "
                "geometric law to its mean (--mean-staleness), if it looks like one, or leave out a start of the log where workers waited."
            )
        return tuple(reasons)


def _pair(curvature) -> tuple[float, float]:
    values = np.atleast_1d(np.asarray(curvature, float))
    if values.ndim != 1 or len(values) not in (1, 2) or not np.isfinite(values).all() or values[-1] <= 0.0 or values[0] > values[-1]:
        raise ValueError(f"curvature={curvature} must be one or two finite numbers, the least first and the largest positive: give (h_min, h_max)")
    return float(values[0]), float(values[-1])
