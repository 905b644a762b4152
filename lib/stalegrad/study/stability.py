"""Where a process is stable: its spectral radius over two parameters, or a measured growth where moments do not close."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stalegrad import moments
from stalegrad.engine.checks import positive, whole
from stalegrad.engine.simulate import DivergenceWarning, simulate
from stalegrad.study.families import Array, begin, checked_axes, is_geometric, member

GROUPS = 8
"""Groups of paths, whose spread gives the standard error."""
FLOOR, CEILING = 1e-16, 1e6
"""Distances are followed while their squares are between these multiples of the first: rounding ends them below, the size of the region above."""
FIRST = 0.25
"""Share of the steps left out of the fit, in which the start is forgotten."""


class Growth(NamedTuple):
    """Factor by which the squared distance of two runs with the same noise typically grows in a step, and its standard error."""

    factor: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class StabilityMap:
    """Spectral radius of second moments, or measured growth, over two parameters; 1 is the edge of stability.

    Attributes
    ----------
    names : (str, str)
        What stands on the axes.
    x, y : ndarray (nx,), (ny,)
    radius, standard_error : ndarray (ny, nx)
        The factor in a step, infinite where paths overflow; its error, 0 where it is exact.
    exact : bool
        Whether the moments close.
    """

    names: tuple[str, str]
    x: Array
    y: Array
    radius: Array
    standard_error: Array
    exact: bool

    def edge(self) -> Array:
        """For each y the first x at which the radius passes 1, between grid points by a straight line.

        Off the map it is infinite: inf where every x is stable, -inf where not even the first one is.
        """
        return np.array([_first_passage(self.x, row) for row in self.radius])

    def plot(self, ax=None):
        """Draw the map on `ax`, or on a new figure; returns the figure."""
        import matplotlib.pyplot as plt

        from stalegrad.figures.maps import colour_bar, radius_map
        from stalegrad.plot import style

        with style():
            fig, ax = plt.subplots() if ax is None else (ax.figure, ax)
            mesh = radius_map(ax, self.x, self.y, self.radius)
            for set_scale, row in ((ax.set_xscale, self.x), (ax.set_yscale, self.y)):
                if is_geometric(row):
                    set_scale("log")
            ax.set(xlabel=self.names[0], ylabel=self.names[1])
            colour_bar(fig, mesh, ax, f"{'spectral radius' if self.exact else 'measured growth'} (grey: 1 or more)")
        return fig


def _first_passage(x: Array, radius: Array) -> float:
    """Where the radius passes 1."""
    beyond = np.flatnonzero(~(radius < 1.0))
    if not len(beyond):
        return np.inf
    j = beyond[0]
    if j == 0:
        return -np.inf
    share = (1.0 - radius[j - 1]) / (radius[j] - radius[j - 1])
    return x[j - 1] + share * (x[j] - x[j - 1])


def stability_map(family: Callable, axes: dict, start=None, n_paths: int = 256, n_steps: int = 400, seed: int = 0) -> StabilityMap:
    r"""Stability of a family of processes over two parameters.

    Where gradients are linear, `moments.spectral_radius`; elsewhere `growth`, measured with the same random numbers for every pair of values.
    The first is about mean squares, the second about typical paths. For mean squares near a minimum, map `problems.linearised`.

    Parameters
    ----------
    family : function
        (first, second) -> a process, or a limit (its Euler-Maruyama scheme).
    axes : dict of two arrays
        Names and values of the two parameters, increasing: the first to the right in `plot`, the second upwards.
    start, n_paths, n_steps, seed
        As in `growth`, for what must be measured.

    Returns
    -------
    StabilityMap

    Raises
    ------
    ValueError
        For axes that are not two increasing rows of numbers, a family that returns no process, an unknown start.

    Notes
    -----
    Claims SME-exact-moments, SME-self-consistent.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> found = sg.stability_map(lambda eta, delay: sg.asgd(problem, eta, sg.constant(int(delay))), {"eta": [0.1, 0.4, 0.7], "delay": [1, 2]})
    >>> (found.radius < 1).tolist(), found.exact
    ([[True, True, False], [True, False, False]], True)
    """
    (names, (x, y)), exact = zip(*checked_axes(axes, 2).items(), strict=True), True
    factors, errors = np.empty((2, len(y), len(x)))
    for i, second in enumerate(y):
        for j, first in enumerate(x):
            model = member(family, float(first), float(second))
            if closes(model):
                factors[i, j], errors[i, j] = moments.spectral_radius(model), 0.0
            else:
                factors[i, j], errors[i, j] = growth(model, start, n_paths, n_steps, seed)
                exact = False
    return StabilityMap(names, x, y, factors, errors, exact)


def closes(model) -> bool:
    """Whether the exact moments of a model are at hand."""
    try:
        moments.of(model, np.zeros(model.problem.dim), 0)
    except ValueError:
        return False
    return True


def growth(model, start=None, n_paths: int = 256, n_steps: int = 400, seed: int = 0, offset: float = 1e-6) -> Growth:
    r"""Factor $\varrho=e^{2\lambda}$ in $|x_k-x'_k|^2\sim\varrho^k$ of two runs that differ in their start and share all noise.

    Below 1 a typical pair of runs forgets where it began: the process is stable there. $\lambda$, the Lyapunov exponent, is fitted to the mean
    over paths of the logarithm of their distance, from a quarter of the steps on, while distances are above rounding and
    below a thousand offsets.

    Parameters
    ----------
    model : process or limit
    start : float or array (d,), optional
        Start of the one run; by default a minimiser, where one is known.
    n_paths, n_steps : int
        At least 16 paths, a multiple of 8, and 8 steps.
    seed : int
    offset : float
        What is added to each coordinate of the start of the other run.

    Returns
    -------
    Growth
        `factor` (infinite where paths overflow) and `standard_error`, from eight groups of paths.

    Raises
    ------
    ValueError
        For an impossible start, offset or number of paths or steps.

    Notes
    -----
    With linear gradients the difference of the runs obeys the rule without its constants. `moments.spectral_radius` is then its growth in the
    mean square, which rare large factors lift above the typical one; they agree where the linear part of the rule is not random, as with a
    constant delay and equal curvatures. Claim SME-exact-moments.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.asgd(sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0), eta=0.05, staleness=sg.constant(3))
    >>> bool(abs(sg.growth(process).factor - sg.moments.spectral_radius(process)) < 1e-3)
    True
    """
    point, offset = begin(start, model), positive(offset, "offset")
    n_paths, n_steps = whole(n_paths, "n_paths", 2 * GROUPS), whole(n_steps, "n_steps", 8)
    if n_paths % GROUPS:
        raise ValueError(f"n_paths={n_paths} must be a multiple of {GROUPS}: the spread over {GROUPS} groups gives the error")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DivergenceWarning)  # an infinite factor says so
        one, other = (simulate(model, x, n_paths, n_steps, seed, keep="paths").paths for x in (point, point + offset))
    with np.errstate(invalid="ignore", over="ignore"):
        squares = ((one - other) ** 2).sum(axis=2)
    if not np.isfinite(squares).all():
        return Growth(np.inf, np.nan)
    floor = FLOOR * squares[0, 0]
    steps = _above(floor, squares)
    if len(steps) < 2:
        return Growth(0.0, 0.0)
    logarithms = np.log(np.maximum(squares[:, steps], floor)).reshape(GROUPS, -1, len(steps)).mean(axis=1)
    factors = np.exp(np.polyfit(steps, logarithms.T, 1)[0])
    return Growth(float(np.exp(np.log(factors).mean())), float(factors.std(ddof=1) / np.sqrt(GROUPS)))


def _above(floor: float, squares: Array) -> Array:
    """Steps of the fit: nearly all paths are above rounding, none has gone far, and the start is forgotten."""
    usable = np.flatnonzero((squares <= floor).mean(axis=0) <= 0.01)
    far = np.flatnonzero(np.log(np.maximum(squares, floor)).mean(axis=0) > np.log(CEILING * squares[0, 0]))
    usable = usable[: np.searchsorted(usable, far[0])] if len(far) else usable
    return usable[usable >= FIRST * usable[-1]]
