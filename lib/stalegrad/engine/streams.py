"""Counter-based random numbers, in readable NumPy: the reference that the kernels are tested against.

Every number is a function of (seed, path, position, stream) alone: Philox4x32-10 [1]_, keyed by the
64-bit seed, is called with the counter (path low, path high, group, stream). A call gives four 32-bit
words. So results do not depend on threads, chunks or machines, a path can be simulated again alone,
and two processes with one seed can share their noise.

A stream of a path is a tape: its word number n is word n mod 4 of group n div 4.

| stream | tape                                                                                 |
|--------|--------------------------------------------------------------------------------------|
| 0      | words for staleness and components, in the order they are needed                     |
| 1      | standard normals, by Box-Muller from words (0, 1) and (2, 3)                         |
| 2      | words of gamma draws of a whole shape; or attempts of a rejection method: attempt a  |
|        | of draws 2 n and 2 n + 1 is group n of stream 2 + 256 a                              |
| 3      | words for schedules: which worker acts, how long it takes                            |
| 4      | words that turn gamma draws of shape s + 1 into draws of shape s < 1                 |
| 5      | words of data that are uniform or signs                                              |

References
----------
.. [1] J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
   SC '11.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)

CHOICES, NORMALS, GAMMAS, SCHEDULE, BOOSTS, DATA = 0, 1, 2, 3, 4, 5
WHOLE_SHAPES = (1.0, 2.0, 3.0, 4.0)
"""Gamma shapes drawn from as many uniforms."""
ATTEMPT = 256
"""Streams between one attempt of a rejection method and the next."""

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(counter, key) -> np.ndarray:
    """Philox4x32-10: words (4, ...) from a counter (4, ...) and a key (2, ...) of 32-bit words."""
    c0, c1, c2, c3 = np.asarray(counter, np.uint64)
    k0, k1 = np.asarray(key, np.uint64)
    m0, m1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
    w0, w1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
    for _ in range(ROUNDS):
        p0, p1 = c0 * m0, c2 * m1
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + w0) & _LOW, (k1 + w1) & _LOW
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3))


class Tape(NamedTuple):
    """The random numbers of some paths."""

    seed: int
    paths: np.ndarray
    """Indices of the paths, unsigned 64-bit."""

    def call(self, group: int, stream: int) -> np.ndarray:
        """The four words (4, paths) of one Philox call a path."""
        low, high = self.paths & _LOW, self.paths >> _HALF
        counter = np.broadcast_arrays(low, high, np.uint64(group), np.uint64(stream))
        return philox(np.stack(counter), (self.seed & 0xFFFFFFFF, self.seed >> 32))

    def words(self, first: int, count: int, stream: int = CHOICES) -> np.ndarray:
        """Words `first`, ..., `first + count - 1` of a stream (count, paths)."""
        return _read(lambda group: self.call(group, stream), first, count)

    def normals(self, first: int, count: int) -> np.ndarray:
        """Standard normals number `first`, ..., `first + count - 1` (count, paths)."""
        return _read(self.normal_group, first, count)

    def normal_group(self, group: int) -> np.ndarray:
        """Normals number 4 group, ..., 4 group + 3 (4, paths)."""
        return box_muller(self.call(group, NORMALS))

    def gammas(self, shape: float, number: int) -> np.ndarray:
        """Gamma draw `number` of every path (paths,), scale 1.

        Shape 1/2 is half a squared normal; shape 1, 2, 3 or 4 minus the logarithm of a product of uniforms;
        any other shape the rejection method of Marsaglia and Tsang (2000), below 1 with their boost.
        """
        if shape == 0.5:
            return self.normals(number, 1)[0] ** 2 / 2.0
        if shape in WHOLE_SHAPES:
            size = int(shape)
            return -np.log(np.prod(uniforms(self.words(number * size, size, GAMMAS)), axis=0))
        return self._marsaglia_tsang(shape, number)

    def _marsaglia_tsang(self, shape: float, number: int) -> np.ndarray:
        d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
        c = 1.0 / np.sqrt(9.0 * d)
        group, row = divmod(number, 2)
        drawn, attempt = np.full(len(self.paths), np.nan), 0
        while np.isnan(drawn).any():
            words = self.call(group, GAMMAS + ATTEMPT * attempt)
            z, u = box_muller(words)[row], uniforms(words)[2 + row]
            v = (1.0 + c * z) ** 3
            with np.errstate(invalid="ignore"):
                accepted = (v > 0.0) & (np.log(u) < 0.5 * z * z + d * (1.0 - v + np.log(v)))
            drawn = np.where(np.isnan(drawn) & accepted, d * v, drawn)
            attempt += 1
        return drawn if shape >= 1.0 else drawn * uniforms(self.call(group, BOOSTS))[row] ** (1.0 / shape)


class BufferedTape(Tape):
    """A tape that keeps its last calls, for rules that read a few numbers a step; it gives the same numbers."""

    KEPT = 8

    def call(self, group: int, stream: int) -> np.ndarray:
        """As `Tape.call`."""
        return self._remembered((group, stream), super().call)

    def normal_group(self, group: int) -> np.ndarray:
        """As `Tape.normal_group`."""
        return self._remembered((group, None), lambda *key: super(BufferedTape, self).normal_group(key[0]))

    def _remembered(self, key: tuple, compute: Callable) -> np.ndarray:
        calls = self.__dict__.setdefault("calls", {})
        if key not in calls:
            while len(calls) >= self.KEPT:
                del calls[next(iter(calls))]
            calls[key] = compute(*key)
        return calls[key]


def uniforms(words) -> np.ndarray:
    """Uniforms in the open interval (0, 1): the midpoints of 2^32 equal cells."""
    return (np.asarray(words, float) + 0.5) * 2.0**-32


def box_muller(words) -> np.ndarray:
    """Four standard normals from four words; none exceeds sqrt(66 log 2) = 6.8 in size."""
    radius = np.sqrt(-2.0 * np.log(uniforms(words[::2])))
    angle = 2.0 * np.pi * 2.0**-32 * np.asarray(words[1::2], float)
    pairs = radius * np.cos(angle), radius * np.sin(angle)
    return np.stack([pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1]])


def _read(call: Callable[[int], np.ndarray], first: int, count: int) -> np.ndarray:
    """Rows `first`, ..., `first + count - 1` of a tape whose groups of four `call` returns."""
    groups = [call(group) for group in range(first // 4, max(first // 4 + 1, -(-(first + count) // 4)))]
    return np.concatenate(groups)[first % 4 : first % 4 + count]
