r"""Rates under multiplicative Gamma noise: spectral radii of (5.30), (5.34) and of EAMSGD, their minima, edges of stability.

The state shrinks to zero or grows without bound, so what there is to know is a rate. Claims: EASGD-F5.9 to EASGD-F5.19,
EASGD-sp-easgd-0.5 and the like, EASGD-eamsgd-nine. Reference: Zhang, Section 5.2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp
from scipy import integrate, optimize, special

from stalegrad.algorithms.elastic import eamsgd_step
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula
from stalegrad.theory.elastic_trace import nine_variable_matrix
from stalegrad.theory.formula import check_domain

Array = np.ndarray
BETA = 0.9
"""The moving rate of the centre in Figures 5.15 to 5.19."""
WORKERS = np.arange(1, 65)
"""The numbers of workers in Figures 5.15 to 5.18."""
WORKERS_OF_ALPHA = 100
"""The number of workers in Figure 5.19."""


def density(xi, lam: float, omega: float):
    r"""Density of :math:`\Gamma(\lambda,\omega)` at `xi` > 0 (EASGD-F5.9); `omega` is a rate, the mean is lam / omega.

    Examples
    --------
    >>> round(float(density(1.0, 1.0, 1.0)), 6)
    0.367879
    """
    check_domain({"xi": "positive"}, xi=xi, lam=lam, omega=omega)
    return np.exp(lam * np.log(omega) - special.gammaln(lam) + (lam - 1.0) * np.log(xi) - omega * np.asarray(xi))


def msgd_radius(eta, delta, lam, omega) -> Array:
    """Spectral radius of (5.30): the factor by which Nesterov's momentum SGD shrinks second moments in a step.

    Parameters
    ----------
    eta, delta, lam, omega : float or array
        Rate, momentum (any real number), shape and rate of the Gamma law; they broadcast.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> msgd_radius(0.5, 0.0, 1.0, 1.0).round(6).item()
    0.5
    """
    return spectral_radius_of(formula("EASGD-5.30").numeric(eta=eta, delta=delta, lam=lam, omega=omega))


def easgd_radius(eta, alpha, beta, p, lam, omega) -> Array:
    """Spectral radius of (5.34): the factor by which EASGD with p workers shrinks second moments in a step.

    Parameters
    ----------
    eta, alpha, beta, p, lam, omega : float or array
        Rate, moving rates of workers and centre (any real numbers), workers (real, at least 1), shape and rate of the Gamma law;
        they broadcast. At p = 1 the matrix has an eigenvalue that no process has, of b - d; it leads only if alpha < 0 or beta is outside (0, 1].

    Returns
    -------
    ndarray

    Examples
    --------
    >>> easgd_radius(0.3814, 0.15, 0.9, 6, 0.5, 0.5).round(4).item()
    0.5742
    """
    return spectral_radius_of(formula("EASGD-5.34").numeric(eta=eta, alpha=alpha, beta=beta, p=p, lam=lam, omega=omega))


@functools.cache
def _nine_variables() -> Callable[..., Array]:
    """The matrix of EAMSGD, traced from its reference step, as a function of arrays of one shape."""
    names = "eta alpha beta delta p u1 u2".split()
    matrix = nine_variable_matrix(eamsgd_step)
    by_name = {symbol.name: symbol for symbol in matrix.free_symbols}
    entries = sp.lambdify([by_name[name] for name in names], list(matrix), modules="numpy", cse=True)

    def evaluate(*arguments: Array) -> Array:
        columns = [np.broadcast_to(entry, arguments[0].shape) for entry in entries(*arguments)]
        return np.stack(columns, axis=-1).reshape(*arguments[0].shape, *matrix.shape)

    return evaluate


def eamsgd_radius(eta, alpha, beta, delta, p, lam, omega) -> Array:
    """Spectral radius of EAMSGD's map of nine second moments (EASGD-eamsgd-nine).

    Parameters
    ----------
    eta, alpha, beta, delta, p, lam, omega : float or array
        As in `easgd_radius`, with the momentum delta (any real number).

    Returns
    -------
    ndarray

    Examples
    --------
    >>> eamsgd_radius(0.7, 0.32, 0.9, -0.5, 4, 0.5, 0.5).round(2).item()
    0.55
    """
    given = dict(eta=eta, alpha=alpha, beta=beta, delta=delta, p=p, lam=lam, omega=omega)
    check_domain({"p": "at least 1"}, **given)
    eta, alpha, beta, delta, p, lam, omega = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in given.values()))
    return spectral_radius_of(_nine_variables()(eta, alpha, beta, delta, p, lam / omega, lam * (lam + 1.0) / omega**2))


@dataclass(frozen=True)
class Lowest:
    """A minimum of a map: the value, and where."""

    sp: float
    x: float
    y: float


def lowest_on_grid(radius: Callable[[Array, Array], Array], x: Array, y: Array) -> Lowest:
    """The smallest value of `radius` (which broadcasts) on the grid x times y."""
    values = radius(x[None, :], y[:, None])
    row, column = np.unravel_index(np.argmin(values), values.shape)
    return Lowest(float(values[row, column]), float(x[column]), float(y[row]))


def lowest_near(radius: Callable[[Array, Array], Array], x: tuple[float, float], y: tuple[float, float], zooms: int = 26, points: int = 31) -> Lowest:
    """The minimum of `radius` in a box, by grids that close in on it.

    A radius has kinks, where eigenvalues cross, so nothing is differentiated. Each of `zooms` grids has `points` by `points`
    points and spans 0.4 of the one before, centred at the lowest point found.
    """
    centre, half = np.array([sum(x), sum(y)]) / 2, np.array([x[1] - x[0], y[1] - y[0]]) / 2
    low, high = np.array([x[0], y[0]]), np.array([x[1], y[1]])
    for _ in range(zooms):
        first, second = np.linspace(np.maximum(centre - half, low), np.minimum(centre + half, high), points).T
        found = lowest_on_grid(radius, first, second)
        centre, half = np.array([found.x, found.y]), 0.4 * half
    return found


@dataclass(frozen=True)
class Setting:
    """One of the maps whose minimum the thesis prints: its law, axes and presumable grid.

    Attributes
    ----------
    lam, omega : float
    eta : array
        The grid of learning rates. The thesis names the range; the number of points is inferred from its digits.
    name : str
        What the other axis is: "p" (with alpha = beta/p) or "alpha" (with p = 100).
    other : array
        The grid of the other axis.
    """

    lam: float
    omega: float
    eta: Array
    name: str
    other: Array

    def radius(self, eta, other) -> Array:
        """The map."""
        p, alpha = (other, BETA / other) if self.name == "p" else (WORKERS_OF_ALPHA, other)
        return easgd_radius(eta, alpha, BETA, p, self.lam, self.omega)

    def on_grid(self) -> dict:
        """{"sp", name, "eta"} at the lowest point of the presumable grid."""
        found = self._named(lowest_on_grid(self.radius, self.eta, self.other))
        return found | {"p": int(found["p"])} if self.name == "p" else found

    def continuous(self, near: dict | None = None) -> dict:
        """{"sp", name, "eta"} at the minimum, `eta` and the other axis real; `near` saves looking for the lowest grid point."""
        at, steps = near or self.on_grid(), np.array([np.diff(self.eta)[0], np.diff(self.other)[0]]) * (40, 3)
        box = zip((at["eta"], at[self.name]) - steps, (at["eta"], at[self.name]) + steps, strict=True)
        return self._named(lowest_near(self.radius, *box))

    def whole(self) -> dict:
        """{"sp", "p", "eta"} at the best whole p, `eta` real."""
        rates, radii = best_rates(self.radius, self.eta[::10], self.other)
        index = int(np.argmin(radii))
        return {"sp": float(radii[index]), "p": int(self.other[index]), "eta": float(rates[index])}

    def _named(self, found: Lowest) -> dict:
        return {"sp": found.sp, self.name: found.y, "eta": found.x}


def setting_of_workers(lam: float, top: float = 1.0, points: int = 1000) -> Setting:
    """Figures 5.15 to 5.18: lam = omega, alpha = 0.9/p, p = 1 .. 64, `points` learning rates from 0 to `top`."""
    return Setting(lam, lam, np.linspace(0.0, top, points)[1:], "p", WORKERS)


def setting_of_alpha(points: int = 100) -> Setting:
    """Figure 5.19: lam = omega = 0.5, p = 100, `points` learning rates from 0 to 1 and as many alpha from -1 to 1."""
    return Setting(0.5, 0.5, np.linspace(0.0, 1.0, points)[1:], "alpha", np.linspace(-1.0, 1.0, points))


def best_rates(radius: Callable[[Array, Array], Array], eta: Array, other: Array, rounds: int = 18) -> tuple[Array, Array]:
    """For each entry of `other`, the learning rate with the lowest radius, and that radius.

    The best of the grid `eta`, refined between its neighbours by a quarter a round; `radius` broadcasts.

    Returns
    -------
    eta, radius : ndarray, shaped as `other`
    """
    eta, other = np.asarray(eta, dtype=float), np.asarray(other, dtype=float)
    index = np.argmin(radius(eta, other[..., None]), axis=-1)
    low, high = eta[np.maximum(index - 1, 0)], eta[np.minimum(index + 1, len(eta) - 1)]
    for _ in range(rounds):
        points = np.linspace(low, high, 9, axis=-1)
        values = radius(points, other[..., None])
        index = np.argmin(values, axis=-1)[..., None]
        low, high = (np.take_along_axis(points, np.clip(index + step, 0, 8), -1)[..., 0] for step in (-1, 1))
    return np.take_along_axis(points, index, -1)[..., 0], np.take_along_axis(values, index, -1)[..., 0]


def edge_of_stability(radius: Callable[[Array], Array], eta: Array) -> float:
    """The learning rate at which a range of stability that begins at the first entry of `eta` ends.

    0 if there is no such range; infinity if it reaches past the last entry.
    """
    stable = radius(eta) < 1.0
    if not stable[0]:
        return 0.0
    if stable.all():
        return np.inf
    last = int(np.argmin(stable))
    return float(optimize.brentq(lambda rate: float(radius(rate)) - 1.0, eta[last - 1], eta[last], xtol=1e-13))


def growth_along_a_path(eta: float, lam: float, omega: float) -> float:
    r"""Lyapunov exponent :math:`E\log|1-\eta\xi|` of SGD: where it is negative, almost every path goes to zero.

    It may be negative where E x^2 grows. In :math:`r=\xi^\lambda` the density is
    :math:`\omega^\lambda e^{-\omega\xi}/\Gamma(\lambda+1)`, without a pole at 0; the integral is cut at :math:`\xi=1/\eta`.

    Examples
    --------
    >>> round(growth_along_a_path(1.0, 1.0, 1.0), 6)
    -0.697175
    """
    check_domain(eta=eta, lam=lam, omega=omega)
    far = max(special.gammainccinv(lam, 1e-30) / omega, 4.0 / eta)
    cuts = np.array([0.0, 0.5 / eta, 1.0 / eta, 2.0 / eta, far]) ** lam
    front = omega**lam / special.gamma(lam + 1.0)

    def integrand(r: float) -> float:
        at = r ** (1.0 / lam)
        return np.log(abs(1.0 - eta * at)) * np.exp(-omega * at)

    return float(front * sum(integrate.quad(integrand, *pair, limit=200)[0] for pair in zip(cuts, cuts[1:], strict=False)))
