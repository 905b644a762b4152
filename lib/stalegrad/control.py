r"""Optimal mini-batch size: the control problem (4.5)-(4.11) of the paper, and independent solutions of it.

Minimise over extra samples :math:`u(t)\ge0`

.. math:: z(T) + \frac\gamma\eta\int_0^Tu(s)\,ds,\qquad \dot z=\mathrm{Re}\lambda\,(z-z_\infty(u)),\quad z(0)=z_0 .

`value`, `extra_samples` and `switch_time` are the closed forms (claims SME-4.10, SME-4.11); `minimise_directly`
knows nothing of them: it minimises the discretised cost. `extra_samples_full` solves the same problem under the whole
second-moment system (4.3) instead of its scalar stand-in.

Time is SME-ASGD's: one step of the algorithm takes :math:`\Delta t=\sqrt{\eta(1-\mu)}`, so a run of K steps has
:math:`T=K\Delta t`, and the cost of one extra sample is :math:`(\gamma/\eta)\Delta t`. The paper's
:math:`k^*=(T-t^*)/\eta` converts with :math:`\eta` instead; pass ``dt=eta`` to reproduce it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm
from scipy.optimize import minimize

from stalegrad.engine.checks import whole
from stalegrad.theory import formula
from stalegrad.theory.formula import check_domain

Array = np.ndarray
_SECOND_MOMENT = {"z0": "at least 0"}


@dataclass(frozen=True)
class BatchProblem:
    r"""Parameters of (4.5): one quadratic mode of curvature a with constant noise covariance.

    Attributes
    ----------
    eta, mu : float
        Step size and staleness parameter.
    Sigma : float
        Noise covariance at batch size 1.
    gamma : float
        Price of extra samples.
    a : float
        Curvature; 2 for the paper's f = x^2.

    Examples
    --------
    >>> problem = BatchProblem(eta=0.02, mu=0.9, Sigma=0.02, gamma=1e-8)
    >>> problem.gamma < problem.critical_gamma
    True
    """

    eta: float
    mu: float
    Sigma: float
    gamma: float
    a: float = 2.0

    def __post_init__(self):
        check_domain(**vars(self))

    @property
    def rate(self) -> float:
        r""":math:`\mathrm{Re}\,\lambda`, the slowest decay of second moments (SME-second-moment-eigenvalues)."""
        slowest = formula("SME-second-moment-eigenvalues").numeric(eta=self.eta, mu=self.mu, a=self.a)["lambda_+"]
        return float(np.real(slowest))

    @property
    def level(self) -> float:
        r""":math:`z_\infty` at batch size 1 (SME-4.4)."""
        return formula("SME-4.4").numeric(Sigma=self.Sigma, eta=self.eta, mu=self.mu, u=0.0, a=self.a)

    @property
    def price(self) -> float:
        r""":math:`\gamma/\eta`, cost per extra sample and unit of time."""
        return self.gamma / self.eta

    @property
    def critical_gamma(self) -> float:
        r""":math:`\gamma^*`; a dearer sample is never worth drawing."""
        return -self.rate * self.level * self.eta

    @property
    def dt(self) -> float:
        r""":math:`\Delta t=\sqrt{\eta(1-\mu)}`, time of one step."""
        return float(np.sqrt(self.eta * (1.0 - self.mu)))


def switch_time(problem: BatchProblem, T: float) -> float:
    """Time at which the optimal batch starts to grow: max(T - t*, 0), and T where it never does."""
    check_domain(T=T)
    if problem.gamma > problem.critical_gamma:
        return float(T)
    return max(T - np.log(problem.gamma / problem.critical_gamma) / problem.rate, 0.0)


def value(problem: BatchProblem, z, t, T: float):
    """Least cost from state z at time t, V(z, t) (SME-4.10, corrected); broadcasts over z and t."""
    return formula("SME-4.10").numeric(z=z, t=t, T=T, **vars(problem))


def extra_samples(problem: BatchProblem, t, T: float):
    """Optimal extra samples u*(t) (SME-4.11); broadcasts over t."""
    return formula("SME-4.11").numeric(t=t, T=T, **vars(problem))


def extra_samples_full(problem: BatchProblem, t, T: float) -> Array:
    r"""Optimal u(t) when the constraint is the whole system (4.3), not the scalar model of (4.5).

    A unit of noise injected at t adds :math:`\varphi(T-t)^2` to :math:`E X_T^2`, where :math:`\varphi` answers a kick of
    X in the first-moment equation. So :math:`1+u=\max(1,|\varphi(T-t)|\sqrt{D/c})` with D the noise per unit of time at
    batch size 1 and c the price: with complex eigenvalues the best batch size oscillates.
    """
    times = np.asarray(t, dtype=float)
    if np.any((times < 0) | (times > T)):
        raise ValueError(f"t = {t!r} must lie in [0, T = {T}]; choose times within the run")
    noise = problem.Sigma * problem.eta**2 / problem.dt
    kick = np.array([_response(problem, T - time) for time in times.ravel()]).reshape(times.shape)
    return np.maximum(np.abs(kick) * np.sqrt(noise / problem.price), 1.0) - 1.0


def _response(problem: BatchProblem, time: float) -> float:
    """X at `time` after a unit kick of X at 0, noise aside."""
    friction = np.sqrt((1.0 - problem.mu) / problem.eta)
    return float(expm(time * np.array([[0.0, 1.0], [-problem.a, -friction]]))[0, 0])


@dataclass(frozen=True)
class Optimum:
    """A minimiser of the discretised cost.

    Attributes
    ----------
    time : ndarray (n,)
        Midpoints of the intervals on which the control is constant.
    extra : ndarray (n,)
        Optimal u on each.
    cost : float
        Its cost, final value and spending together.
    """

    time: Array
    extra: Array
    cost: float


def minimise_directly(problem: BatchProblem, z0: float, T: float, n: int = 400, full: bool = False) -> Optimum:
    """Minimise the cost of (4.5) over controls that are constant on n equal intervals.

    Exact integration turns the constraint into z(T) = z_free + sum_j w_j / (1 + u_j); the cost is then a convex function
    of v_j = 1/(1 + u_j) in (0, 1], minimised by bounded quasi-Newton steps with its exact gradient. `full` takes the
    weights w_j from the whole second-moment system (4.3), by matrix exponentials.

    Raises
    ------
    ValueError
        For parameters outside their range.
    """
    check_domain(_SECOND_MOMENT, T=T, z0=z0)
    n = whole(n, "n", 1)
    width = T / n
    free, weights = (_weights_full if full else _weights_scalar)(problem, z0, T, n)
    spending = problem.price * width
    scale = spending + weights.sum() / n

    def cost(v):
        total = weights @ v + spending * np.sum(1.0 / v - 1.0)
        return total / scale, (weights - spending / v**2) / scale

    least = 1e-9
    found = minimize(
        cost,
        np.ones(n),
        jac=True,
        method="L-BFGS-B",
        bounds=[(least, 1.0)] * n,
        options={"ftol": 1e-15, "gtol": 1e-12, "maxiter": 20000, "maxfun": 40000},
    )
    return Optimum((np.arange(n) + 0.5) * width, 1.0 / found.x - 1.0, float(free + found.fun * scale))


def _weights_scalar(problem: BatchProblem, z0: float, T: float, n: int) -> tuple[float, Array]:
    """z(T) without noise, and what each interval adds at batch size 1, for the scalar model."""
    left = T - np.linspace(0.0, T, n + 1)
    return z0 * np.exp(problem.rate * T), problem.level * np.diff(np.exp(problem.rate * left))


def _weights_full(problem: BatchProblem, z0: float, T: float, n: int) -> tuple[float, Array]:
    """The same for (4.3), started at X^2 = z0 and Y from a frozen past."""
    matrix = formula("SME-4.3").numeric(eta=problem.eta, mu=problem.mu, a=problem.a)
    noise = np.array([problem.Sigma * problem.eta**2 / problem.dt, 0.0, 0.0])
    pull = -problem.a / np.sqrt((1.0 - problem.mu) / problem.eta)
    start = z0 * np.array([1.0, pull**2, pull])
    one_interval = np.linalg.solve(matrix, (expm(matrix * T / n) - np.eye(3)) @ noise)
    step, vector, weights = expm(matrix * T / n), one_interval, np.empty(n)
    for j in range(n - 1, -1, -1):
        weights[j] = vector[0]
        vector = step @ vector
    return float((expm(matrix * T) @ start)[0]), weights


def batch_schedule(problem: BatchProblem, n_steps: int, dt: float | None = None) -> Array:
    """Whole batch sizes for steps 0 .. n_steps - 1 from the optimal u*(t), at t = k dt.

    Parameters
    ----------
    problem : BatchProblem
    n_steps : int
        Length of the run; its horizon is n_steps dt.
    dt : float, optional
        Time of one step; sqrt(eta (1 - mu)) unless given. ``dt=eta`` is the paper's conversion.

    Returns
    -------
    ndarray of int, (n_steps,)
        1 + u* rounded up to a whole number: never fewer samples than the optimum asks for.

    Examples
    --------
    >>> sizes = batch_schedule(BatchProblem(eta=0.02, mu=0.9, Sigma=0.02, gamma=1e-8), n_steps=200)
    >>> sizes[0], bool(sizes[-1] > 1)
    (np.int64(1), True)
    """
    n_steps = whole(n_steps, "n_steps", 1)
    step = problem.dt if dt is None else dt
    check_domain(T=step)
    sizes = 1.0 + extra_samples(problem, step * np.arange(n_steps), step * n_steps)
    rounding = 1e-9
    return np.maximum(np.ceil(sizes - rounding), 1.0).astype(np.int64)


def cost_of(problem: BatchProblem, z0: float, sizes: Array, dt: float | None = None) -> float:
    """Cost of (4.5), scalar model, for batch sizes of at least 1, held for one step each."""
    step = problem.dt if dt is None else dt
    check_domain({**_SECOND_MOMENT, "sizes": "at least 1"}, T=step, z0=z0, sizes=sizes)
    sizes = np.asarray(sizes, dtype=float)
    if sizes.ndim != 1 or not sizes.size:
        raise ValueError(f"sizes has shape {sizes.shape}; give one batch size for each step, and one step at least")
    free, weights = _weights_scalar(problem, z0, step * len(sizes), len(sizes))
    return float(free + weights @ (1.0 / sizes) + problem.price * step * np.sum(sizes - 1.0))
