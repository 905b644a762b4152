"""The stochastic differential delay equation of asynchronous SGD, and its Euler-Maruyama scheme."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from stalegrad import staleness as laws
from stalegrad.algorithms.delayed import Past, State
from stalegrad.algorithms.sampled import position
from stalegrad.engine.alias import AliasTable, alias_table
from stalegrad.engine.checks import objective, positive, whole
from stalegrad.engine.process import Process, described
from stalegrad.engine.rates import Rates, given, learning_rates
from stalegrad.engine.square_root import square_root
from stalegrad.engine.streams import Tape
from stalegrad.limits.sme import apply, constant_root


@dataclass(frozen=True)
class SDDE:
    """A limit dX = drift(seen, u) dt + diffusion(seen, u) dB with seen = X(t - theta(t)) and u = U(t).

    Attributes
    ----------
    name, problem, parameters
        As in `Process`.
    dt : float
        delta, the time that one update of the algorithm stands for.
    drift : callable
        (seen (d, paths), u) -> (d, paths).
    diffusion : callable
        (seen, u, dB (d, paths)) -> (d, paths).
    scheme : Scheme
        How `discretised` steps it.
    """

    name: str
    problem: Any
    parameters: Mapping[str, Any]
    dt: float
    drift: Callable[[np.ndarray, float], np.ndarray]
    diffusion: Callable[[np.ndarray, float, np.ndarray], np.ndarray]
    scheme: Scheme

    @property
    def dim(self) -> int:
        """d, the length of x."""
        return self.problem.dim

    def __repr__(self) -> str:
        return described(self)

    def discretised(self) -> Process:
        """The Euler-Maruyama scheme, the process that `simulate` runs; its dt is delta / substeps."""
        scheme = self.scheme
        return Process(
            name=self.name,
            problem=self.problem,
            parameters=self.parameters,
            dt=scheme.dt,
            init=scheme.init,
            draw=scheme.draw,
            step=partial(euler_step, self),
            observe=position,
            kernel=("sdde", "sdde"),
            arguments=partial(_arguments, self),
            stability=_stability(self),
        )


class DelayDraw(NamedTuple):
    """What one step of the scheme needs beside its state."""

    tau: np.ndarray
    """(paths,) delay in steps of the scheme."""
    dB: np.ndarray
    """(d, paths) increment of Brownian motion."""
    u: float
    """U(t)."""


@dataclass(frozen=True)
class Scheme:
    """How a delay equation is stepped: `substeps` steps for each delta, a new delay for each delta."""

    dim: int
    delta: float
    table: AliasTable
    """Law of the delay in units of delta."""
    rates: Rates | None
    history: np.ndarray
    """(delays, d) X(-dt), X(-2 dt), ...; no rows for a past frozen at the start."""
    substeps: int
    grid: int
    """Normals drawn for each delta and coordinate; each step adds grid / substeps of them."""

    @property
    def dt(self) -> float:
        """Length of a step."""
        return self.delta / self.substeps

    @property
    def longest(self) -> int:
        """Longest delay, in steps."""
        return self.table.longest * self.substeps

    @property
    def is_random(self) -> bool:
        """Whether a delay is drawn."""
        return np.count_nonzero(self.table.pmf()) > 1

    @property
    def normals_per_step(self) -> int:
        """Normals that make up one increment."""
        return self.grid // self.substeps

    def init(self, x0: np.ndarray) -> State:
        """X(0) = x_0, and the past."""
        past = [np.repeat(row[:, None], x0.shape[1], axis=1) for row in self.history]
        return State(x0, Past((x0, *past), self.longest))

    def draw(self, tape: Tape, k: int) -> DelayDraw:
        """Word number k div substeps is the delay; an increment adds consecutive normals, so that finer grids refine the same path."""
        tau = np.full(len(tape.paths), self.table.longest)
        if self.is_random:
            tau = self.table.draw(tape.words(k // self.substeps, 1)[0] >> np.uint64(1))
        m = self.normals_per_step
        normals = tape.normals(k * m * self.dim, m * self.dim).reshape(m, self.dim, -1)
        u = 1.0 if self.rates is None else self.rates.of(k + 1, self.substeps)[k]
        return DelayDraw(tau * self.substeps, math.sqrt(self.dt / m) * normals.sum(axis=0), u)


def sdde(problem, eta: float, delay, batch: int = 1, rates=None, delta=None, Sigma=None, history=None, substeps: int = 1, grid=None) -> SDDE:
    r"""The delay equation of ASGD, claim SDDE-6; its Euler-Maruyama scheme with step delta is SDDE-5.

    .. math:: dX(t) = -\frac\eta\delta\,U(t)\,\nabla F(X(t-\theta(t)))\,dt + \frac\eta\delta\sqrt\delta\,U(t)\,\sigma(X(t-\theta(t)))\,dB(t),

    with $\theta(t) = l_k\delta$ for t in $[k\delta, (k+1)\delta)$, and $\sigma\sigma^T = \Sigma/b$ the covariance of a batch gradient, both at
    the delayed point. One update of ASGD stands for the time dt = delta. Delay 0 is the equation of SGD (claim SDDE-8): `sme_sgd` without
    its second-order drift. The scheme depends on delta by the name of its time axis alone: one step is
    $x_{k+1} = x_k - \eta u_k\nabla F(x_{k-l_k}) + \eta u_k\sigma(x_{k-l_k}) z_k$.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    delay : int or Staleness
        Law of $l_k$ in updates, drawn anew for each: a number, `constant(l)`, `uniform(low, high)`, `empirical(counts)`, ...
    batch : int
        b, at least 1.
    rates : list, array or function of k, optional
        Factors u_1, u_2, ... of eta, by default 1. As a function it is U(t) = u(t / delta), such as ``lambda k: 1 / k`` for delta / t. The
        run begins with u_1: where k counts from 1, as for 1/k it must, the start is X(delta), and time t of a run is the paper's t + delta.
    delta : float, optional
        Time of one update, positive; eta by default.
    Sigma : float or array (d, d), optional
        A constant covariance of one gradient, in place of that of $\nabla f_\gamma(x)$; the batch divides it.
    history : float, array (d,) or function, optional
        $\xi$: X(s) for s in [-tau, 0), a point, or a function of s in units of time. By default the start, which is X(0) in any case.
    substeps : int
        Steps of the scheme for each delta.
    grid : int, optional
        A multiple of `substeps`: how many increments of Brownian motion are drawn for each delta. Runs of one seed with the same grid and
        different substeps follow the same Brownian path with the same delays.

    Raises
    ------
    ValueError
        For rates, batches or steps out of range, a delay that is no law, a Sigma that is no covariance of the right shape, a history that is
        not finite or has another dimension; from `simulate`, for a list of factors shorter than the run.

    References
    ----------
    He, Meng, Chen, Ma and Liu, Section 3.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> limit = sg.sdde(sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0), eta=0.005, delay=10)
    >>> limit.dt, sg.simulate(limit, 4.0, n_paths=100, n_steps=20).mean.shape
    (0.005, (21, 1))
    """
    eta, batch, rates = positive(eta, "eta"), whole(batch, "batch", 1), learning_rates(rates)
    delta = eta if delta is None else positive(delta, "delta")
    law, d = _law(delay), objective(problem).dim
    factor = None if Sigma is None else constant_root(Sigma, d)
    substeps = whole(substeps, "substeps", 1)
    grid = substeps if grid is None else whole(grid, "grid", 1)
    if grid % substeps:
        raise ValueError(f"grid={grid} must be a multiple of substeps={substeps}: a step adds up whole increments")
    table = alias_table(law.table)
    rows = _history(history, table.longest * substeps, delta / substeps, d)
    parameters = {"eta": eta, "delay": law, "batch": batch, "delta": delta} | given(rates)
    parameters |= {} if Sigma is None else {"Sigma": np.array(Sigma, float)}
    parameters |= {} if history is None else {"history": rows}
    parameters |= {} if grid == 1 else {"substeps": substeps, "grid": grid}
    return SDDE(
        name="sdde",
        problem=problem,
        parameters=parameters,
        dt=delta,
        drift=partial(delayed_drift, problem, eta / delta),
        diffusion=partial(delayed_diffusion, problem, eta / math.sqrt(delta * batch), factor),
        scheme=Scheme(d, delta, table, rates, rows, substeps, grid),
    )


def delayed_drift(problem, speed: float, seen: np.ndarray, u: float) -> np.ndarray:
    """-(eta / delta) U grad F(seen)."""
    return -speed * u * problem.mean_gradient(seen)


def delayed_diffusion(problem, scale: float, factor, seen: np.ndarray, u: float, dB: np.ndarray) -> np.ndarray:
    """(eta / delta) sqrt(delta) U sigma(seen) dB."""
    root = square_root(problem.gradient_covariance(seen)) if factor is None else factor
    return scale * u * apply(root, dB)


def euler_step(equation: SDDE, state: State, draw: DelayDraw) -> State:
    """X + drift dt + diffusion dB, both at the delayed point."""
    seen = state.past.read(draw.tau)
    x = state.x + equation.drift(seen, draw.u) * equation.scheme.dt + equation.diffusion(seen, draw.u, draw.dB)
    return State(x, state.past.push(x))


def _law(delay) -> laws.Staleness:
    if isinstance(delay, laws.Staleness):
        return delay
    if np.ndim(delay) or isinstance(delay, str) or delay is None:
        raise ValueError(f"delay={delay!r} is no law: give a whole number of updates, constant(l), uniform(low, high), empirical(counts), ...")
    return laws.constant(delay)


def _history(history, length: int, dt: float, d: int) -> np.ndarray:
    """Rows X(-dt), X(-2 dt), ...; none for a past frozen at the start."""
    if history is None:
        return np.empty((0, d))
    points = [history(-j * dt) if callable(history) else history for j in range(1, length + 1)]
    rows = np.array([np.atleast_1d(np.asarray(point, float)) for point in points]).reshape(length, -1) if points else np.empty((0, d))
    if rows.shape != (length, d) or not np.isfinite(rows).all():
        raise ValueError(f"history must give a finite point of dimension {d} at each s in [-{length * dt:g}, 0), not {history!r}")
    return rows


def _stability(equation: SDDE) -> str:
    eta, curvature, law = equation.parameters["eta"], equation.problem.curvature, equation.parameters["delay"]
    if curvature is None or law.table[law.max] != 1.0:
        return "Reduce eta or the delay."
    bound = 2.0 * math.sin(math.pi / (4.0 * law.max + 2.0))
    return f"Near the minimum eta * curvature = {eta * curvature:.3g} must be below 2 sin(pi / (4 delay + 2)) = {bound:.3g}; reduce either."


def _arguments(equation: SDDE, n_steps: int) -> tuple:
    scheme, blocks, factor = equation.scheme, equation.problem.blocks, equation.diffusion.args[2]
    u = np.ones(n_steps) if scheme.rates is None else scheme.rates.of(n_steps, scheme.substeps)
    speed, scale = equation.drift.args[1], equation.diffusion.args[1]
    return (
        blocks.mean_gradient.compiled,
        blocks.second_moment.compiled,
        equation.problem.summary,
        np.zeros(0) if factor is None else factor.ravel(),
        scheme.history,
        scheme.table.entries,
        scheme.table.index_bits if scheme.is_random else 0,
        scheme.longest,
        scheme.substeps,
        scheme.normals_per_step,
        speed * scheme.dt * u,
        scale * math.sqrt(scheme.dt / scheme.normals_per_step) * u,
    )
