r"""Which law do the delays of a real run follow?

The mean says nothing. If each of M workers always has one gradient under way, every write makes the M - 1 others older by one, so
that the delays add up to M - 1 an update whatever the law; likewise the delays of a worker that makes the share s of all updates
average 1/s - 1. A geometric law fitted to the mean therefore always has $\mu = 1 - 1/M$, and only the *shape* can contradict it: see
`stalegrad.cluster.shape`.

| law         | fitted                                                            | parameters        |
|-------------|-------------------------------------------------------------------|-------------------|
| `constant`  | the most frequent delay                                           | 1                 |
| `geometric` | $P(\tau = l) = (1-\mu)\mu^l$ with the observed mean (SME-A1)      | 1                 |
| `uniform`   | on the observed range                                             | 2                 |
| `empirical` | what was observed                                                 | values seen       |

Each is fitted to all delays, and to those of every worker by itself; the delays of the run then follow the mixture, in which a
worker counts by its share of the updates (for geometric laws `sg.mixture`, claim SME-embedding).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stalegrad.cluster import shape
from stalegrad.cluster.log import Log
from stalegrad.staleness import Staleness, constant, empirical, from_samples, geometric, mixture, uniform

Array = np.ndarray
WARM_UP = 5
"""Updates of each worker before delays count: at the start all read version 0 at once."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One law fitted to a run.

    Attributes
    ----------
    name : str
        "constant", "geometric", "uniform" or "empirical".
    laws : tuple of Staleness
        One for all delays, or one a worker.
    shares : tuple of float
        Share of the updates that each law stands for.
    n_parameters : int
        Numbers that were estimated.
    log_likelihood : float
        Of the delays, taken as independent given their worker; minus infinity for a law that excludes one of them.
    shape : Shape or None
        The test of the shape, with p = 0 for a law that excludes a delay that was seen; None for the empirical law, which fits by construction.
    """

    name: str
    laws: tuple[Staleness, ...]
    shares: tuple[float, ...]
    n_parameters: int
    log_likelihood: float
    shape: shape.Shape | None

    @property
    def law(self) -> Staleness:
        """The law of a delay of the run, for `sg.asgd(..., staleness=...)`: the mixture over the workers."""
        if len(self.laws) == 1:
            return self.laws[0]
        if self.name == "geometric":
            return mixture(self.shares, [_mu(law.mean) for law in self.laws])
        longest = max(law.max for law in self.laws)
        return empirical(sum(share * law.pmf(np.arange(longest + 1)) for share, law in zip(self.shares, self.laws, strict=True)))

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 parameters - 2 log likelihood; smaller is better."""
        return 2.0 * (self.n_parameters - self.log_likelihood)


@dataclass(frozen=True, eq=False)
class Fits:
    """All laws fitted to one run.

    Attributes
    ----------
    n : int
        Delays that were used.
    workers : tuple of int
        Numbers of the workers.
    shares, means : ndarrays (workers,)
        Of each worker: share of the updates, mean delay.
    together, apart : dicts of Fit by name
        Laws of all delays; laws with a parameter of its own for each worker (empty with one worker).
    """

    n: int
    workers: tuple[int, ...]
    shares: Array
    means: Array
    together: dict[str, Fit]
    apart: dict[str, Fit]

    @property
    def mean(self) -> float:
        """Mean delay; with every worker always busy it is M - 1, by counting alone."""
        return float(self.shares @ self.means)

    @property
    def empirical(self) -> Staleness:
        """The observed law, for the simulators."""
        return self.together["empirical"].law

    @property
    def best(self) -> Fit:
        """The fit with the smallest `aic`."""
        return min((*self.together.values(), *self.apart.values()), key=lambda fit: fit.aic)


def fit(log: Log, warm_up: int = WARM_UP) -> Fits:
    """Fit all laws to a run, while all workers are at work: after `warm_up` updates of each, up to the last of who ends first.

    Raises
    ------
    ValueError
        If no update is left.

    Examples
    --------
    >>> import stalegrad as sg
    >>> worker = sg.schedule.events(sg.schedule.random(), n_workers=4, n_steps=4000).worker[:, 0]
    >>> found = fit(from_events(worker))
    >>> found.best.name, round(found.mean, 1), found.together["geometric"].shape.p_value > 1e-3
    ('geometric', 3.0, True)
    >>> sg.asgd(sg.problems.quadratic([[1.0], [-1.0]]), 0.1, staleness=found.empirical).name
    'asgd'
    """
    log = under_way(log, warm_up)
    return fit_delays(log.tau, log.worker)


def fit_workers(log: Log, warm_up: int = WARM_UP) -> dict[int, Fits]:
    """`fit` for the delays of each worker by themselves; the keys are the numbers of the workers.

    With memoryless services the delays of one worker are independent of one another, although those of a run are not.
    """
    log = under_way(log, warm_up)
    return {int(worker): fit_delays(log.tau[log.worker == worker]) for worker in log.workers}


def fit_delays(tau: Array, worker: Array | None = None) -> Fits:
    """Fit all laws to delays (n,) in the order of the updates, made by the given workers (n,); by default one.

    Raises
    ------
    ValueError
        Without a delay.
    """
    tau = np.asarray(tau)
    if tau.ndim != 1 or tau.size == 0:
        raise ValueError(f"tau has shape {tau.shape}: give the delays of one run, at least one")
    workers, place = np.unique(np.zeros(len(tau), int) if worker is None else worker, return_inverse=True)
    shares = np.bincount(place) / len(tau)
    means = np.bincount(place, weights=tau) / np.bincount(place)
    alone = np.zeros(len(tau), int)
    together = {name: _fit(name, tau, alone, len(workers)) for name in _MAKE}
    apart = {name: _fit(name, tau, place, len(workers)) for name in _MAKE} if len(workers) > 1 else {}
    return Fits(len(tau), tuple(workers.tolist()), shares, means, together, apart)


def from_events(worker: Array) -> Log:
    """The log of an ideal parameter server whose step k is made by worker[k]: it reads again as soon as it has written.

    With `sg.schedule.events` it gives logs of a known law.

    >>> from_events([0, 1, 0, 0]).tau.tolist()
    [0, 1, 1, 0]
    """
    worker = np.asarray(worker)
    read, count = np.zeros(len(worker), int), {}
    name = np.empty(len(worker), "<U24")
    for k, i in enumerate(worker.tolist()):
        read[k], clock = count.get(i, (0, 0))
        name[k] = f"{i}:{clock}"
        count[i] = k + 1, clock + 1
    write = np.arange(1, len(worker) + 1)
    return Log({"algorithm": "events"}, name, worker, read, write, read.astype(float), write.astype(float))


def under_way(log: Log, warm_up: int) -> Log:
    """The log while all workers are at work: after `warm_up` updates of each, up to the last update of who ends first.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    made = [np.flatnonzero(log.worker == worker) for worker in log.workers]
    first = max((int(at[warm_up - 1]) + 1 if len(at) >= warm_up else len(log) for at in made), default=0) if warm_up else 0
    end = min((int(at[-1]) + 1 for at in made), default=0)
    if first >= end:
        raise ValueError(
            f"{len(log)} updates are too few for a law: after the first {warm_up} of each worker none is left while all are at work; "
            "record a longer run or lower warm_up"
        )
    return log.part(first, end)


def _fit(name: str, tau: Array, group: Array, n_workers: int) -> Fit:
    parts = [tau[group == i] for i in range(group.max() + 1)]
    laws = tuple(_MAKE[name](part) for part in parts)
    shares = tuple(len(part) / len(tau) for part in parts)
    with np.errstate(divide="ignore"):
        likelihood = sum(float(np.log(law.pmf(part)).sum()) for law, part in zip(laws, parts, strict=True))
    counts = {"constant": 1, "geometric": 1, "uniform": 2}
    n_parameters = sum(counts[name] if name in counts else len(np.unique(part)) for part in parts)
    found = None if name == "empirical" else _shape(name, laws, np.array(shares), tau, group, n_workers)
    if found is not None and likelihood == -np.inf:
        found = replace(found, p_value=0.0, chi_square=np.inf, p_independent=np.nan)
    return Fit(name, laws, shares, n_parameters, likelihood, found)


def _shape(name: str, laws, shares: Array, tau: Array, group: Array, n_workers: int) -> shape.Shape:
    """The shape test of a law for all, or of one law a group, on the cells of their mixture."""
    slope = _tail_slope if name == "geometric" else _no_slope
    tails = [(law.tail, _of_law(slope, law.mean)) for law in laws]
    mixed = [_of_mixture(shares, functions) for functions in zip(*tails, strict=True)]
    found = shape.cells(*mixed, len(tau), _ends(laws))
    z = np.empty((len(tau), len(found.edges)))
    for i, (law, functions) in enumerate(zip(laws, tails, strict=True)):
        own = shape.Cells(found.edges, *(-np.diff(np.append(function(found.edges), 0.0)) for function in functions))
        z[group == i] = shape.residuals(tau[group == i], own, law.mean)
    return shape.examine(z, found, n_workers)


def _ends(laws) -> tuple[int, ...]:
    """First delay of a bounded support and the first beyond it; nothing for geometric laws, which exclude no delay."""
    bounded = [np.flatnonzero(law.finite) for law in laws if law.finite is not None and not law.weights]
    if len(bounded) < len(laws):
        return ()
    return int(min(support[0] for support in bounded)), int(max(support[-1] for support in bounded)) + 1


def _tail_slope(lag: Array, mean: float) -> Array:
    """Derivative of mu^lag, mu = mean / (1 + mean), with respect to the mean: lag mu^(lag - 1) (1 - mu)^2."""
    mu = _mu(mean)
    return np.where(lag > 0, lag * mu ** np.maximum(np.asarray(lag, float) - 1.0, 0.0) * (1.0 - mu) ** 2, 0.0)


def _no_slope(lag: Array, mean: float) -> Array:
    return np.zeros(np.shape(lag))


def _of_law(slope: Callable, mean: float) -> Callable[[Array], Array]:
    return lambda lag: slope(lag, mean)


def _of_mixture(shares: Array, functions) -> Callable[[Array], Array]:
    return lambda lag: sum(share * function(lag) for share, function in zip(shares, functions, strict=True))


def _mu(mean: float) -> float:
    return mean / (1.0 + mean)


def _most_frequent(tau: Array) -> Staleness:
    return constant(int(np.bincount(tau).argmax()))


_MAKE = {
    "constant": _most_frequent,
    "geometric": lambda tau: geometric(_mu(float(tau.mean()))),
    "uniform": lambda tau: uniform(int(tau.min()), int(tau.max())),
    "empirical": from_samples,
}
"""How each law is made from delays."""
