"""Where a limit stops describing its algorithm: the distance of their means and deviations over a range of a parameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from typing import NamedTuple

import numpy as np

from stalegrad import moments
from stalegrad.engine.checks import positive, start_point, whole
from stalegrad.engine.process import Process
from stalegrad.engine.simulate import DivergenceWarning, simulate
from stalegrad.study.families import Array, checked_axes, is_geometric, member

ROUTES = ("equation", "scheme", "simulation")
STEPS_COMPARED = 64
"""Most steps, spread evenly over a run, at which two models are compared."""
GROUPS = 16
"""Groups of paths, whose spread gives standard errors."""


class Departure(NamedTuple):
    """How far a limit is from the algorithm at each value of the parameter, all of shape (n,).

    `mean` is the largest distance of the means in units of the algorithm's largest root-mean-square distance from its start; `deviation` the
    largest distance of the standard deviations (coordinate by coordinate) in units of the algorithm's largest one. Infinite where only the
    limit overflows, NaN where the algorithm does. Errors are 0 where moments are exact.
    """

    mean: Array
    mean_error: Array
    deviation: Array
    deviation_error: Array
    routes: tuple[str, ...]
    """For each value "equation", "scheme" or "simulation"."""


class _Course(NamedTuple):
    """Mean and standard deviation (steps, d) of a model over time, and their standard errors."""

    mean: Array
    deviation: Array
    mean_error: Array
    deviation_error: Array
    spread: float
    """Largest root-mean-square distance from the start."""


@dataclass(frozen=True, eq=False)
class Validity:
    """Departures of limits from an algorithm over the values of one parameter.

    Attributes
    ----------
    name : str
        The parameter.
    values : ndarray (n,)
    departures : dict of Departure
        One for each limit.
    tolerance : float
    """

    name: str
    values: Array
    departures: dict[str, Departure]
    tolerance: float

    def holds(self, limit: str) -> Array:
        """Where mean and deviation are within the tolerance, by two standard errors (n,)."""
        d = self.departures[limit]
        return (d.mean + 2.0 * d.mean_error <= self.tolerance) & (d.deviation + 2.0 * d.deviation_error <= self.tolerance)

    def up_to(self) -> dict[str, float | None]:
        """For each limit the largest value of the grid up to which it holds without a gap; None if it fails at the first."""
        ends = {name: np.flatnonzero(~self.holds(name)) for name in self.departures}
        return {name: float(self.values[-1]) if not len(end) else (float(self.values[end[0] - 1]) if end[0] else None) for name, end in ends.items()}

    def plot(self):
        """Both distances over the parameter, a line for each limit, the tolerance dotted; returns the figure."""
        import matplotlib.pyplot as plt

        from stalegrad.plot import style

        looks = _looks(self.departures)
        with style():
            fig, axes = plt.subplots(1, 2, figsize=(9.0, 3.9), sharex=True, sharey=True)
            for ax, kind in zip(axes, ("mean", "deviation"), strict=True):
                for limit, found in self.departures.items():
                    height, error = (np.where(np.isfinite(part), part, np.nan) for part in (getattr(found, kind), getattr(found, f"{kind}_error")))
                    ax.errorbar(self.values, height, 2.0 * error, marker=".", **looks[limit] | {"label": limit})
                ax.axhline(self.tolerance, color="0.4", linestyle=":", linewidth=1.0)
                ax.set(yscale="log", xlabel=self.name, title={"mean": "mean", "deviation": "standard deviation"}[kind])
                if is_geometric(self.values):
                    ax.set_xscale("log")
            axes[0].set(ylabel="relative distance from the algorithm")
            fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(self.departures))
        return fig


def _looks(limits) -> dict[str, dict]:
    """The line that each limit has in every figure, if its name is that of a model; the others take lines that are free."""
    from stalegrad.plot import MODELS

    own = {limit: MODELS[limit.lower()] for limit in limits if limit.lower() in MODELS}
    free = cycle([look for name, look in MODELS.items() if name != "exact" and look not in own.values()])
    return {limit: own[limit] if limit in own else next(free) for limit in limits}


def validity(
    algorithm: Callable,
    limits: Mapping[str, Callable],
    axis: dict,
    start,
    n_steps,
    tolerance: float = 0.1,
    route: str | None = None,
    n_paths: int = 16384,
    seed: int = 0,
) -> Validity:
    r"""How far limits are from their algorithm over a range of one parameter, and up to where they are within a tolerance.

    An update of the algorithm stands for the time `dt` of the limit. The two are compared at up to 64 steps of a run by the best route there is:

    - "equation": exact moments of both, the limit in continuous time;
    - "scheme": exact moments of both, the limit by its Euler-Maruyama scheme, for delay equations with a random delay;
    - "simulation": both by `simulate`, independently, the limit by its scheme; with standard errors.

    A scheme has an error of its own: that of SME-ASGD leaves the algorithm, and stability, at smaller rates than the equation does.

    Parameters
    ----------
    algorithm : function
        value -> process.
    limits : dict of functions
        Name -> (value -> limit).
    axis : dict of one array
        Name and values of the parameter, increasing.
    start : float or array (d,)
    n_steps : int, or function of the value
        Length of a run; ``lambda eta: round(3 / eta)`` keeps the time that passes.
    tolerance : float
        Largest relative distance at which a limit is said to hold.
    route : str, optional
        One of the three, for all values.
    n_paths, seed : int
        For simulation; paths in multiples of 16.

    Returns
    -------
    Validity
        `up_to()`, `plot()`, and the distances themselves.

    Raises
    ------
    ValueError
        For functions that return no process, another dimension, an impossible axis, start or number; for a route that is not open.

    Notes
    -----
    Claims SME-exact-moments, SME-2.11, SDDE-T4.1. Simulation overestimates small distances: the largest of 64 differences has noise in it.
    A simulated limit averages over all components at every step, unless their sums have a closed form: time grows with rows of data, steps and
    paths, and logistic regression on a thousand rows takes many minutes with the default. Look with `n_paths=1024` first.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> found = sg.validity(
    ...     lambda eta: sg.asgd(problem, eta, sg.geometric(0.8)),
    ...     {"SME-ASGD": lambda eta: sg.sme_asgd(problem, eta, 0.8), "no delay": lambda eta: sg.sme_sgd(problem, eta)},
    ...     {"eta": [0.002, 0.02, 0.2]}, start=1.0, n_steps=lambda eta: round(3 / eta),
    ... )
    >>> found.up_to()
    {'SME-ASGD': 0.02, 'no delay': 0.002}
    """
    ((name, values),) = checked_axes(axis, 1).items()
    tolerance = positive(tolerance, "tolerance", "a distance of 0 is never reached")
    if route not in (None, *ROUTES):
        raise ValueError(f"route={route!r} is unknown: give one of {', '.join(ROUTES)}, or leave it out")
    if not isinstance(limits, Mapping) or not limits:
        raise ValueError(f'limits={limits!r} must be a dict of functions, as in {{"SME-ASGD": lambda eta: sg.sme_asgd(problem, eta, 0.9)}}')
    n_paths = whole(n_paths, "n_paths", 2 * GROUPS)
    if n_paths % GROUPS:
        raise ValueError(f"n_paths={n_paths} must be a multiple of {GROUPS}: the spread over {GROUPS} groups gives the error")
    rows = {limit: [] for limit in limits}
    for value in values.tolist():
        process = member(algorithm, value)
        length = whole(n_steps(value) if callable(n_steps) else n_steps, "n_steps", 1)
        course = partial(_course, start=start_point(start, process.problem.dim), steps=_steps(length), n_paths=n_paths, seed=seed)
        mine = cache(partial(course, process))
        for limit, family in limits.items():
            rows[limit].append(_compared(mine, course, process, member(family, value), ROUTES if route is None else (route,)))
    return Validity(name, values, {limit: _departure(found) for limit, found in rows.items()}, tolerance)


def _departure(rows: list[tuple]) -> Departure:
    *numbers, routes = zip(*rows, strict=True)
    return Departure(*np.array(numbers, dtype=float), routes)


def _steps(length: int) -> Array:
    """The steps that are compared."""
    return np.unique(np.round(np.linspace(1, length, min(length, STEPS_COMPARED))).astype(int))


def _compared(mine: Callable, course: Callable, process, limit, routes) -> tuple:
    """(distance of the means, its error, distance of the deviations, its error, route) by the first route that is open."""
    if limit.problem.dim != process.dim:
        raise ValueError(f"{limit!r} has dimension {limit.problem.dim}, but {process!r} records {process.dim} numbers: compare like with like")
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity say so
        for route in routes[:-1]:
            with suppress(ValueError):  # the moments of one of the two do not close, or not in continuous time
                return _by(route, mine, course, limit)
        return _by(routes[-1], mine, course, limit)


def _by(route: str, mine: Callable, course: Callable, limit) -> tuple:
    one, other = mine(route), course(limit, route)
    means = _largest(one.mean - other.mean, np.hypot(one.mean_error, other.mean_error), one.spread)
    size = float(np.linalg.norm(one.deviation, axis=1).max())
    deviations = _largest(one.deviation - other.deviation, np.hypot(one.deviation_error, other.deviation_error), size)
    return (*means, *deviations, route)


def _largest(difference: Array, error: Array, unit: float) -> tuple[float, float]:
    """The largest |difference| over the steps and its standard error, in units; (inf, 0) where the other model overflows, NaN where this one does."""
    if not np.isfinite(unit) or unit == 0.0:
        return np.nan, np.nan
    lengths = np.linalg.norm(difference, axis=1)
    if not np.isfinite(lengths).all():
        return np.inf, 0.0
    k = int(lengths.argmax())
    return lengths[k] / unit, np.linalg.norm(error[k]) / unit


def _course(model, route: str, *, start: Array, steps: Array, n_paths: int, seed: int) -> _Course:
    if route == "simulation":
        return _simulated(model, start, steps, n_paths, seed)
    if route == "equation" and not isinstance(model, Process):
        mean, second = moments.exact_limit(model, start, steps * model.dt)
    else:
        mean, second = (part[steps] for part in moments.of(model, start, int(steps[-1])))
    deviation = _deviation(mean, second)
    return _Course(mean, deviation, 0.0 * mean, 0.0 * mean, _spread(mean, deviation, start))


def _simulated(model, start: Array, steps: Array, n_paths: int, seed: int) -> _Course:
    """From groups of paths, whose spread gives the errors; a limit takes other paths than the algorithm."""
    size, skipped = n_paths // GROUPS, 0 if isinstance(model, Process) else n_paths
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DivergenceWarning)  # an infinite distance says so
        runs = [simulate(model, start, size, int(steps[-1]), seed, first_path=skipped + i * size) for i in range(GROUPS)]
        means, seconds = (np.array([getattr(run, name)[steps] for run in runs]) for name in ("mean", "second_moment"))
        mean, deviation = means.mean(axis=0), _deviation(means.mean(axis=0), seconds.mean(axis=0))
        errors = (part.std(axis=0, ddof=1) / np.sqrt(GROUPS) for part in (means, _deviation(means, seconds)))
        return _Course(mean, deviation, *errors, _spread(mean, deviation, start))


def _deviation(mean: Array, second: Array) -> Array:
    """Standard deviation of each coordinate."""
    return np.sqrt(np.maximum(np.diagonal(second, axis1=-2, axis2=-1) - mean**2, 0.0))


def _spread(mean: Array, deviation: Array, start: Array) -> float:
    return float(np.sqrt(((mean - start) ** 2 + deviation**2).sum(axis=1)).max())
