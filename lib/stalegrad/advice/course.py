r"""The error of a mode along a run: exact :math:`E x_k^2` from a frozen past, and the steps to a target.

The second moments of `modes` advance by one matrix on (S, Q, 1), with S the moments of what is remembered and Q those of averaged reads.
Short recursions take k steps by powers of that matrix; longer ones are stepped, and continued by their leading factor.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stalegrad.advice.modes import Mode, Setting, level, means_of, radius, template_of
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
    r"""First step found at which :math:`E x_k^2` is at most `target`; infinite where the level in the long run is above it.

    The error is taken to fall: a passing dip of an oscillating mode below the target may be missed.

    Examples
    --------
    >>> from stalegrad.staleness import none
    >>> steps_to(Mode(1.0), Setting(0.5), none(), 2.0, 0.07)
    3.0
    """
    if start**2 <= target:
        return 0.0
    if level(mode, setting, law) >= target or radius(mode, setting, law) >= 1.0:
        return np.inf
    course, high = Course(mode, setting, law, start), 1
    while course.after(high) > target:
        high *= 2
        if high > LONGEST:
            return np.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if course.after(middle) > target else (low, middle)
    return float(high)


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
        self._walked = [float(start**2)]

    def after(self, n_steps: int) -> float:
        """E x^2 after so many steps."""
        if len(self.start) <= SMALL:
            return float(self._jumped(n_steps)[0])
        return self._stepped(n_steps)

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
            step, vector = self._step(self.setting.batch), self.start
            seen = [vector[0]]
            for _ in range(min(STEPPED, 2 * walked)):
                vector = step(vector)
                seen.append(vector[0])
            self._walked = seen
        if n_steps <= STEPPED:
            return float(self._walked[n_steps])
        rest = level(self.mode, self.setting, self.law)
        return rest + (self._walked[-1] - rest) * radius(self.mode, self.setting, self.law) ** (n_steps - STEPPED)

    def _step(self, batch: float) -> Callable[[Array], Array]:
        """One step on (S, Q, 1) packed in a vector."""
        n, template, mode, eta = self.n, self.template, self.mode, self.setting.eta
        enters, square = np.outer(template.enters, template.enters), (eta * mode.h) ** 2

        def step(vector: Array) -> Array:
            second, reads, one = vector[: n * n].reshape(n, n), vector[n * n : -1], vector[-1]
            read = template.weights @ (np.diag(second)[template.slots] if template.mus is None else reads)
            noise = square * ((1.0 + mode.relative / batch) * read - template.read @ second @ template.read)
            moved = self.means @ second @ self.means.T + (noise + eta**2 * mode.noise / batch * one) * enters
            if template.mus is not None:
                reads = template.mus * reads + (1.0 - template.mus) * moved[0, 0]
            return np.concatenate([moved.ravel(), reads, [one]])

        return step


def _matrix(step: Callable[[Array], Array], length: int) -> Array:
    return np.array([step(unit) for unit in np.eye(length)]).T
