r"""The exact law of the delay of an ideal parameter server whose workers have Gamma service times.

Worker i takes a service of mean 1 / speed_i and Gamma shape k, then writes, reads and begins the next. While its gradient is under
way, over a time T with the law of its service, worker j writes $N_j(T)$ times, so that its delay is $\tau = \sum_{j \ne i} N_j(T)$. The
others are renewal processes that run independently of worker i, stationary after a while. With shape k = 1 (exponential services) each
next write is worker i's with probability $s_i = $ speed_i / sum of speeds, whatever happened before: $P(\tau = l) = s_i (1 - s_i)^l$,
which is An, Lu and Ying's geometric law with $\mu = 1 - s_i$, exactly. Equal workers then have $\mu = 1 - 1/M$. With constant services and
equal speeds $\tau = M - 1$ always. A whole k lies between: a service is k phases of rate k speed_i, a write of worker j ends every k-th
phase, and a stationary worker is found in each of its k phases as likely.
"""

from __future__ import annotations

import numpy as np
from scipy.special import pdtr
from scipy.stats import gamma

from stalegrad.engine.checks import positive, whole
from stalegrad.staleness import TAIL, Staleness, empirical

Array = np.ndarray
NODES = 400
"""Nodes of the quadrature over the service time."""


def worker_law(speeds, worker: int = 0, shape: int = 1) -> Staleness:
    r"""Law of the delay of one worker.

    $P(\tau = l) = \int f_{k, v_i}(t)\, \bigl(*_{j \ne i}\, q_j(\cdot; t)\bigr)(l)\, dt$, where $f_{k, v}$ is the Gamma density of shape k and mean
    1/v and $q_j(n; t)$ the law of the writes of worker j in a time t: with the phases passed m ~ Poisson(k v_j t) and the phase u at
    the beginning uniform on 0, ..., k - 1, n is the whole part of (u + m) / k.

    Parameters
    ----------
    speeds : sequence of float
        One a worker, positive.
    worker : int
        Whose delay.
    shape : int
        k >= 1; the coefficient of variation of a service is k^(-1/2).

    Raises
    ------
    ValueError
        For a speed or shape that is not positive, or a worker that does not exist.

    Notes
    -----
    Claim SME-A1 (the geometric law as an assumption). Reference: An, Lu and Ying, Section 2.2.

    Examples
    --------
    >>> bool(abs(worker_law([1.0] * 4).pmf([0, 1, 2]) - 0.25 * 0.75 ** np.arange(3)).max() < 1e-8)
    True
    """
    speeds = [positive(speed, f"speeds[{i}]", "a speed must be positive and finite") for i, speed in enumerate(speeds)]
    worker, shape = whole(worker, "worker", 0), whole(shape, "shape", 1)
    if worker >= len(speeds):
        raise ValueError(f"worker={worker} does not exist: speeds lists workers 0 to {len(speeds) - 1}")
    service = gamma(shape, scale=1.0 / (shape * speeds[worker]))
    longest = service.isf(TAIL)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    time = longest * (nodes + 1.0) / 2.0
    others = np.delete(speeds, worker)
    most = longest * others.sum()  # writes of the others in the longest service; with room for ten standard deviations more
    size = int(most + 10.0 * np.sqrt(most)) + len(others) + 10
    transform = np.ones((NODES, size + 1), complex)
    for speed in np.unique(others):
        writes = _writes(shape * speed * time, shape, size)
        transform *= np.fft.rfft(writes, 2 * size, axis=1) ** int((others == speed).sum())
    law = (weights * service.pdf(time)) @ np.fft.irfft(transform, 2 * size, axis=1)
    return empirical(np.maximum(law, 0.0))  # rounding may leave -1e-17


def run_law(speeds, shape: int = 1) -> Staleness:
    """Law of the delay of a whole run: each worker's, weighted by its share of the updates.

    >>> round(run_law([1.0, 1.0, 0.25], shape=4).mean, 6)
    2.0
    """
    speeds = np.asarray(speeds, float)
    laws = [worker_law(speeds, i, shape) for i in range(len(speeds))]
    longest = max(law.max for law in laws)
    return empirical(sum(speed * law.pmf(np.arange(longest + 1)) for speed, law in zip(speeds, laws, strict=True)))


def _writes(phases: Array, shape: int, size: int) -> Array:
    """P(n writes), n = 0, ..., size - 1, for a Poisson number m of phases with each of the given means (means, size).

    There are n writes if n k <= u + m < (n + 1) k.
    """
    below = np.arange(size + 1)[:, None] * shape - np.arange(shape)
    chance = np.where(below > 0, pdtr(np.maximum(below - 1, 0), phases[:, None, None]), 0.0)
    return np.diff(chance.mean(axis=2), axis=1)
