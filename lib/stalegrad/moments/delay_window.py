"""A linear recursion with a constant delay and additive noise, by the covariances of a window of iterates."""

from __future__ import annotations

import numpy as np

from stalegrad.engine.checks import finite, positive, whole

Array = np.ndarray


def constant_delay(a: float, eta: float, delay: int, sigma2: float, x0: float, n_steps: int, synchronous_steps: int = 0) -> tuple[Array, Array]:
    r"""Mean and variance of :math:`x_{k+1} = x_k - \eta\,(a\,x_{k-l} + \xi_k)` at steps 0 .. n_steps, by a window of covariances.

    The noise :math:`\xi_k` has variance `sigma2`, and the past is frozen at x0. The same second moments belong to ASGD whose components have
    curvature a, and to the Euler-Maruyama scheme (SDDE-5) of its limit.

    Parameters
    ----------
    a, eta, sigma2, x0 : float
        Curvature, learning rate, variance of one gradient, start.
    delay : int
        l, at least 0.
    n_steps : int
    synchronous_steps : int
        How many steps, at first, read x_k itself.

    Examples
    --------
    >>> constant_delay(1.0, 0.5, 1, 1.0, 4.0, 2)
    (array([4., 2., 0.]), array([0.  , 0.25, 0.5 ]))
    """
    delay, n_steps = whole(delay, "delay", 0), whole(n_steps, "n_steps", 0)
    window, level = np.full(delay + 1, finite(x0, "x0")), positive(eta, "eta") ** 2 * noise_level(sigma2)
    joint, rate = np.zeros((delay + 1, delay + 1)), eta * finite(a, "a")  # of x_k, x_{k-1}, ..., x_{k-l}
    mean, spread = [window[0]], [0.0]
    for k in range(n_steps):
        lag = 0 if k < synchronous_steps else delay
        row = joint[0] - rate * joint[lag]  # covariances of x_{k+1} with the window
        newest = row[0] - rate * row[lag] + level
        joint[1:, 1:] = joint[:-1, :-1].copy()
        joint[0, 0], joint[0, 1:], joint[1:, 0] = newest, row[:-1], row[:-1]
        window = np.append(window[0] - rate * window[lag], window[:-1])
        mean.append(window[0])
        spread.append(newest)
    return np.array(mean), np.array(spread)


def noise_level(sigma2) -> float:
    """`sigma2` as a variance: finite, at least 0."""
    level = finite(sigma2, "sigma2")
    if level < 0.0:
        raise ValueError(f"sigma2={sigma2} is a variance: give a number of at least 0")
    return level
