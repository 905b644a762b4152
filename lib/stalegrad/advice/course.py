r"""The error of a mode along a run: exact :math:`E x_k^2` from a frozen past, and the steps to a target.

The second moments of `modes` advance by one matrix on (S, Q, 1), with S the moments of what is remembered and Q those of averaged reads.
Short recursions take k steps by powers of that matrix. For long windows the variance of the gradients solves a scalar renewal equation: with m the
mean path, z its expected read, R the expected square of its read, and g the response of x to one gradient, r that of the read,

.. math:: q_k = d_k + (K*q)_{k-1},\quad E x_k^2 = m_k^2 + (g^2*q)_{k-1},\quad
    d_k = s^2[(1+c/B)R_k - z_k^2] + \eta^2\sigma^2/B,\quad K = s^2[(1+c/B)\,p*g^2 - r^2],

with p the law of the delays; it is solved by a Fourier transform for 20,000 steps, and continued by the leading factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.signal import lfilter

from stalegrad.advice.modes import Mode, Setting, is_stable, level, means_of, radius, template_of
from stalegrad.staleness import Staleness

Array = np.ndarray
SMALL = 200
"""Most unknowns for which steps are taken by powers of a matrix."""
STEPPED = 20_000
"""Steps taken one by one where there are more unknowns."""
LONGEST = 10**8
"""Steps after which a target counts as out of reach."""


def error_after(mode: Mode, setting: Setting, law: Staleness, start: float, n_steps: int) -> float:
    r""":math:`E x_k^2` after `n_steps` steps from x_0 = `start`, velocity 0 and a frozen past.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> error_after(Mode(1.0), Setting(0.5), none(), 2.0, 3)
    0.0625
    """
    return Course(mode, setting, law, start).after(n_steps)


def steps_to(mode: Mode, setting: Setting, law: Staleness, start: float, target: float) -> float:
    r"""Step from which on :math:`E x_k^2` is at most `target`; infinite where the level in the long run is above it.

    A passing dip of an oscillating mode below the target does not count; later than 20,000 steps the error is taken to fall.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> steps_to(Mode(1.0), Setting(0.5), none(), 2.0, 0.07)
    3.0
    """
    if level(mode, setting, law) >= target or not is_stable(mode, setting, law):
        return np.inf
    course, high = Course(mode, setting, law, start), 1
    if start**2 <= target:
        return float(_kept(course, 0, target))
    while course.after(high) > target:
        high *= 2
        if high > LONGEST:
            return np.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if course.after(middle) > target else (low, middle)
    return float(_kept(course, high, target))


def _kept(course: Course, step: int, target: float) -> int:
    """The step after the last at which the target is exceeded: looked for up to twice the step and 100 more, and again from there."""
    while step <= STEPPED:
        above = np.flatnonzero(course.errors(2 * step + 100)[step:] > target)
        if len(above) == 0:
            break
        step += int(above[-1]) + 1
    return step


def walk(mode: Mode, setting: Setting, law: Staleness, start: float, n_steps: int) -> Array:
    """E x_k^2 for k = 0 .. `n_steps` under a law with a largest delay, where it is stable, by the renewal equation; (n_steps + 1,).

    Examples
    --------
    >>> from stalegrad.staleness import constant
    >>> walk(Mode(1.0), Setting(0.5), constant(1), 2.0, 3).tolist()
    [4.0, 1.0, 0.0, 0.25]
    """
    law_of_reads, step = np.asarray(law.finite, float), setting.eta * mode.h
    divisor = np.concatenate([[1.0, -1.0 - setting.momentum, setting.momentum], np.zeros(max(0, len(law_of_reads) - 2))])
    divisor[1 : len(law_of_reads) + 1] += step * law_of_reads
    response = lfilter([1.0], divisor, np.eye(1, n_steps)[0])
    shift = np.concatenate([[0.0], lfilter([1.0], divisor, np.full(n_steps, -step * start))])
    path, past = start + shift, start**2
    expected = start + lfilter(law_of_reads, [1.0], shift)[:-1]
    squared = past + lfilter(law_of_reads, [1.0], path**2 - past)[:-1]
    spread = 1.0 + mode.relative / setting.batch
    drawn = step**2 * (spread * squared - expected**2) + setting.eta**2 * mode.noise / setting.batch
    kernel = step**2 * (spread * lfilter(law_of_reads, [1.0], response**2) - lfilter(law_of_reads, [1.0], response) ** 2)
    return path**2 + np.concatenate([[0.0], np.maximum(_renewed(drawn, kernel, response**2), 0.0)])


def _renewed(drawn: Array, kernel: Array, left: Array) -> Array:
    """left * q where q_k = drawn_k + (kernel * q)_(k-1): transforms on a circle a little inside, where what wraps around is 10^-12 of itself."""
    n, length = len(drawn), 2 ** (2 * len(drawn)).bit_length()
    damping = 10.0 ** (-12.0 / length * np.arange(n))
    transformed, fed, kept = (np.fft.rfft(damping * values, length) for values in (drawn, np.append(0.0, kernel[:-1]), left))
    return np.fft.irfft(transformed / (1.0 - fed) * kept, length)[:n] / damping


class Course:
    """Exact second moments of one mode at any step of a run.

    Parameters
    ----------
    mode, setting, law
        As in `stalegrad.advice.modes`; `batches` of `along` replace the setting's batch.
    start : float
        x_0, and the past before it.
    """

    def __init__(self, mode: Mode, setting: Setting, law: Staleness, start: float):
        self.mode, self.setting, self.law, self.template = mode, setting, law, template_of(law)
        self.means = means_of(mode, setting, self.template)
        self.n, self.extra = len(self.means), 0 if self.template.mus is None else len(self.template.mus)
        here = np.full(self.n, float(start))
        here[1] = 0.0
        self.start = np.concatenate([np.outer(here, here).ravel(), np.full(self.extra, start**2), [1.0]])
        self._powers: list[Array] = []
        self._walked = np.array([float(start**2)])

    def after(self, n_steps: int) -> float:
        """E x^2 after so many steps."""
        if len(self.start) <= SMALL:
            return float(self._jumped(n_steps)[0])
        return self._stepped(n_steps)

    def errors(self, n_steps: int) -> Array:
        """E x^2 at steps 0 .. `n_steps`, where the setting is stable."""
        if self.template.mus is None:
            return walk(self.mode, self.setting, self.law, self.start[0] ** 0.5, n_steps)
        rows, power = np.eye(1, len(self.start)), _matrix(self._step(self.setting.batch), len(self.start))
        while len(rows) <= n_steps:
            rows, power = np.vstack([rows, rows @ power]), power @ power
        return rows[: n_steps + 1] @ self.start

    def along(self, batches: Array) -> float:
        """E x^2 at the end of a run with these batch sizes, one a step; equal ones in a row are taken together."""
        sizes = np.asarray(batches)
        starts = np.flatnonzero(np.diff(sizes, prepend=sizes[0] - 1))
        vector = self.start
        for first, last in zip(starts, [*starts[1:], len(sizes)], strict=True):
            step = self._step(float(sizes[first]))
            if len(self.start) <= SMALL:
                vector = np.linalg.matrix_power(_matrix(step, len(vector)), int(last - first)) @ vector
            else:
                for _ in range(first, last):
                    vector = step(vector)
        return float(vector[0])

    def apart(self, n_steps: int) -> tuple[Array, Array]:
        """What the start leaves in E x^2 at steps 0 .. `n_steps`; and the additive noise of one sample, j + 1 steps after it is drawn, from j = 0.

        Shapes (n_steps + 1,) and (n_steps,). Curvatures that are drawn are those of the setting's batch, which must be stable. After 20,000 steps
        by the leading factor.
        """
        walked = min(n_steps, STEPPED)
        left = Course(replace(self.mode, noise=0.0), self.setting, self.law, self.start[0] ** 0.5).errors(walked)
        noise = self.setting.batch * np.diff(Course(self.mode, self.setting, self.law, 0.0).errors(walked))
        later = radius(self.mode, self.setting, self.law) ** np.arange(1, n_steps - walked + 1)
        return np.concatenate([left, left[-1] * later]), np.maximum(np.concatenate([noise, noise[-1] * later]), 0.0)

    def parts(self) -> tuple[Array, Array, Array]:
        """M, e and w of a step v -> M v + e (w v) / B of the packed moments with a batch of B; there must be additive noise."""
        still = _matrix(self._step(math.inf), len(self.start))
        noisy = _matrix(self._step(1.0), len(self.start)) - still
        return still, noisy[:, -1] / noisy[0, -1], noisy[0]

    def _jumped(self, n_steps: int) -> Array:
        vector, bit = self.start, 0
        while n_steps >> bit:
            if bit == len(self._powers):
                last = self._powers[-1] if bit else None
                self._powers.append(last @ last if bit else _matrix(self._step(self.setting.batch), len(vector)))
            if n_steps >> bit & 1:
                vector = self._powers[bit] @ vector
            bit += 1
        return vector

    def _stepped(self, n_steps: int) -> float:
        walked = min(n_steps, STEPPED)
        if len(self._walked) <= walked:
            self._walked = walk(self.mode, self.setting, self.law, self.start[0] ** 0.5, min(STEPPED, 2 * walked))
        if n_steps <= STEPPED:
            return float(self._walked[n_steps])
        rest = level(self.mode, self.setting, self.law)
        return rest + (self._walked[-1] - rest) * radius(self.mode, self.setting, self.law) ** (n_steps - STEPPED)

    def _step(self, batch: float) -> Callable[[Array], Array]:
        """One step on (S, Q, 1) packed in a vector, or in each row of an array."""
        n, template, mode, eta = self.n, self.template, self.mode, self.setting.eta
        enters, square = np.outer(template.enters, template.enters), (eta * mode.h) ** 2

        def step(packed: Array) -> Array:
            second, reads, one = packed[..., : n * n].reshape(*packed.shape[:-1], n, n), packed[..., n * n : -1], packed[..., -1:]
            read = (np.diagonal(second, axis1=-2, axis2=-1)[..., template.slots] if template.mus is None else reads) @ template.weights
            noise = square * ((1.0 + mode.relative / batch) * read - second @ template.read @ template.read)
            added = noise + eta**2 * mode.noise / batch * one[..., 0]
            moved = self.means @ second @ self.means.T + added[..., None, None] * enters
            if template.mus is not None:
                reads = template.mus * reads + (1.0 - template.mus) * moved[..., 0, :1]
            return np.concatenate([moved.reshape(*packed.shape[:-1], n * n), reads, one], axis=-1)

        return step


def _matrix(step: Callable[[Array], Array], length: int) -> Array:
    return step(np.eye(length)).T
