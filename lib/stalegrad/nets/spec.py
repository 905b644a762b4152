"""What a training run depends on, in plain numbers and words."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass

import numpy as np

from stalegrad.engine.checks import finite, positive, signed_fraction, whole
from stalegrad.nets.timetable import Clock
from stalegrad.nets.tree_time import Tree


@dataclass(frozen=True)
class Method:
    """What a method observes, and which fields of a `Spec` it uses."""

    observed: tuple[str, ...]
    uses: frozenset[str]


ELASTIC = {"n_workers", "period", "alpha", "beta"}
METHODS = {
    "easgd": Method(("centre",), frozenset(ELASTIC)),
    "eamsgd": Method(("centre",), frozenset(ELASTIC | {"momentum"})),
    "downpour": Method(("centre", "average", "moving_average"), frozenset({"n_workers", "period", "moving"})),
    "mdownpour": Method(("centre",), frozenset({"n_workers", "momentum"})),
    "heavy_ball": Method(("centre",), frozenset({"n_workers", "momentum"})),
    "sgd": Method(("x", "average", "moving_average"), frozenset({"moving"})),
    "msgd": Method(("x",), frozenset({"momentum"})),
    "easgd_tree": Method(("root",), frozenset({"tree", "alpha", "beta"})),
    "eamsgd_tree": Method(("root",), frozenset({"tree", "alpha", "beta", "momentum"})),
}
"""Which method needs what. `moving` is a matter of what is observed only."""


@dataclass(frozen=True)
class Spec:
    r"""One training run.

    Parameters
    ----------
    method : str
        A name of `METHODS`.
    eta : float
        Learning rate.
    seed : int
        Of mini-batches, service times and messages: runs that share it share all of these.
    objective : str
        What is trained: a name of `stalegrad.nets.run.OBJECTIVES`.
    options : dict or tuple of pairs
        Parameters of the objective (batch, l2, ...), plain numbers and words.
    start : int
        Seed of the initial point, from which all variables begin. The thesis starts repeated runs from the same point.
    n_workers, period : int
        p, and the communication period tau in local steps.
    momentum : float
        delta of the workers (eamsgd, msgd, eamsgd_tree) or of the master (mdownpour; heavy_ball, where it is mu).
    alpha : float, optional
        Moving rate of the elastic methods; by default beta / p, in a tree beta / (degree + 1).
    beta : float
        See alpha.
    moving : float
        Rate of the moving averages MVADOWNPOUR and MVASGD.
    n_steps : int
        Virtual seconds that the run lasts: so many local steps are made on average by a worker of speed 1 that never waits.
    decay : float
        gamma of the gradually decreased rate $\eta_t = \eta / (1 + \gamma t)^{1/2}$, with t the clock of who applies it: the local steps of
        a worker; for mdownpour and heavy_ball the updates of the master.
    cuts : tuple of (int, float)
        At clock t the rate is multiplied by the factor, for each pair (t, factor).
    clock : Clock
        Service times and communication.
    tree : Tree, optional
        Shape, scheme and messages; for the two tree methods.
    evaluations : int
        The run is looked at this many times, at equal virtual times, and at the start.

    Raises
    ------
    ValueError
        For an unknown method, a value out of range, or a field that the method has no use for.

    Examples
    --------
    >>> spec = Spec("easgd", eta=0.1, n_workers=4, period=10)
    >>> spec.moving_rate, spec.at(eta=0.2).eta, spec.observed
    (0.225, 0.2, ('centre',))
    """

    method: str
    eta: float
    seed: int = 0
    objective: str = "mlp"
    options: tuple[tuple[str, float | int | str], ...] = ()
    start: int = 0
    n_workers: int = 1
    period: int = 1
    momentum: float = 0.0
    alpha: float | None = None
    beta: float = 0.9
    moving: float = 0.001
    n_steps: int = 1500
    decay: float = 0.0
    cuts: tuple[tuple[int, float], ...] = ()
    clock: Clock = Clock()
    tree: Tree | None = None
    evaluations: int = 30

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"method={self.method!r} is unknown: give one of {', '.join(METHODS)}")
        self._refuse_unused()
        object.__setattr__(self, "options", tuple(sorted(dict(self.options).items())))
        object.__setattr__(self, "cuts", tuple(sorted((int(t), float(factor)) for t, factor in self.cuts)))
        for name, least in {"seed": 0, "start": 0, "n_workers": 1, "period": 1, "n_steps": 1, "evaluations": 1}.items():
            whole(getattr(self, name), name, least)
        positive(self.eta, "eta"), signed_fraction(self.momentum, "momentum"), finite(self.moving_rate, "alpha")
        if not 0.0 < self.moving <= 1.0:
            raise ValueError(f"moving={self.moving} is no moving rate of an average: give a number above 0, at most 1")
        if not 0.0 <= self.decay < math.inf:
            raise ValueError(f"decay={self.decay} is not usable: give a number, 0 or more")
        for t, factor in self.cuts:
            whole(t, "the clock of a cut", 0), positive(factor, "the factor of a cut", "a rate must stay positive and finite")
        self.clock.fits(self.leaves)

    def _refuse_unused(self) -> None:
        uses = METHODS[self.method].uses
        if ("tree" in uses) != (self.tree is not None):
            raise ValueError(
                f"{self.method} {'needs' if 'tree' in uses else 'has no'} tree: {'give' if 'tree' in uses else 'leave out'} tree=Tree(...)"
            )
        optional = {"n_workers", "period", "momentum", "alpha", "beta", "moving"}
        for field in dataclasses.fields(self):
            if field.name in optional - uses and getattr(self, field.name) != field.default:
                raise ValueError(f"{field.name}={getattr(self, field.name)} means nothing to {self.method}: leave it out")

    @property
    def observed(self) -> tuple[str, ...]:
        """The variables that are looked at, the main one first."""
        return METHODS[self.method].observed

    @property
    def leaves(self) -> int:
        """Workers that compute gradients."""
        return self.n_workers if self.tree is None else self.tree.leaves

    @property
    def moving_rate(self) -> float:
        """alpha, given or by default."""
        if self.alpha is not None:
            return float(self.alpha)
        return self.beta / (self.n_workers if self.tree is None else self.tree.degree + 1)

    @property
    def exchange_period(self) -> int:
        """Local steps between exchanges with the master; 0 where there is none."""
        uses = METHODS[self.method].uses
        return (self.period if "period" in uses else 1) if "n_workers" in uses else 0

    @property
    def times(self) -> np.ndarray:
        """Virtual times of the evaluations (evaluations + 1,)."""
        return np.linspace(0.0, self.n_steps, self.evaluations + 1)

    def rates(self, first: int, count: int) -> np.ndarray:
        """Learning rates (count,) at the clocks first, first + 1, ...

        >>> Spec("sgd", eta=1.0, decay=1.0, cuts=((3, 0.5),)).rates(0, 4).tolist()
        [1.0, 0.7071067811865475, 0.5773502691896258, 0.25]
        """
        if not (self.decay or self.cuts):
            return np.full(count, self.eta)
        t = np.arange(first, first + count)
        rates = self.eta / np.sqrt(1.0 + self.decay * t)
        for begin, factor in self.cuts:
            rates[t >= begin] *= factor
        return rates

    def at(self, **changes) -> Spec:
        """This spec with some fields changed."""
        return dataclasses.replace(self, **changes)

    @property
    def digest(self) -> str:
        """SHA-256 of all fields, in hexadecimal."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()
