"""Gamma draws, a block of paths at a time; the readable form is `Tape.gammas`."""

from __future__ import annotations

import math

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper
from stalegrad.engine.compiled.philox import HALF, LOW, TO_UNIT, draw_words, next_word_of, philox
from stalegrad.engine.compiled.vectormath import cos_sin, exp, log
from stalegrad.engine.streams import ATTEMPT, BOOSTS, GAMMAS

ONE, TWO = np.uint64(1), np.uint64(2)
AT_ONCE = 32
"""Paths that repeat a rejected draw together; a divisor of BLOCK, and enough for vector instructions."""


@helper
def next_whole(out, shape, scale, tape, words, seed, first_path):
    """Shape 1, 2, 3 or 4: minus the logarithm of a product of that many uniforms, times the scale."""
    word = next_word_of(np.uint64(GAMMAS), tape, words, seed, first_path)
    for p in range(BLOCK):
        out[p] = (np.float64(word[p]) + 0.5) * TO_UNIT
    for _ in range(1, int(shape)):
        word = next_word_of(np.uint64(GAMMAS), tape, words, seed, first_path)
        for p in range(BLOCK):
            out[p] *= (np.float64(word[p]) + 0.5) * TO_UNIT
    for p in range(BLOCK):
        out[p] = -scale * log(out[p])


@helper
def next_any(out, shape, pair, words, seed, first_path, number):
    """Any shape, by Marsaglia and Tsang; draws come in pairs, of which `pair` (4, BLOCK) keeps the second."""
    if number & ONE == np.uint64(0):
        draw_pair(pair, shape, words, seed, first_path, number // TWO)
    drawn = pair[number & ONE]
    for p in range(BLOCK):
        out[p] = drawn[p]


@helper
def attempt(z, u, c, d):
    """The gamma of shape d + 1/3 that a normal and a uniform propose, or -1 where it is rejected; c = 1 / sqrt(9 d)."""
    root = 1.0 + c * z
    v = root * root * root
    inside = v > 0.0
    v = v if inside else 1.0
    bound = 0.5 * z * z + d * (1.0 - v + log(v))
    return d * v if inside & (log(u) < bound) else -1.0


@helper
def draw_pair(pair, shape, words, seed, first_path, group):
    """Two draws of every path, in rows 0 and 1 of `pair`; rows 2 and 3 are room to work in."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    draw_words(words, seed, first_path, group, np.uint64(GAMMAS))
    for p in range(BLOCK):
        radius = math.sqrt(-2.0 * log((np.float64(words[0, p]) + 0.5) * TO_UNIT))
        cosine, sine = cos_sin(np.uint64(words[1, p]))
        pair[0, p], pair[1, p] = radius * cosine, radius * sine
    for row in range(2):
        for p in range(BLOCK):
            pair[row, p] = attempt(pair[row, p], (np.float64(words[2 + row, p]) + 0.5) * TO_UNIT, c, d)
        repeat(pair[row], row, pair[2], words[4], c, d, seed, first_path, group)
    if shape < 1.0:
        draw_words(words, seed, first_path, group, np.uint64(BOOSTS))
        for row in range(2):
            for p in range(BLOCK):
                pair[row, p] *= exp(log((np.float64(words[row, p]) + 0.5) * TO_UNIT) / shape)


@helper
def repeat(drawn, row, proposed, waiting, c, d, seed, first_path, group):
    """Attempt again, path by path, what was rejected; `waiting` lists these paths."""
    count = 0
    for p in range(BLOCK):
        waiting[count] = p
        count += 1 if drawn[p] < 0.0 else 0
    stream, k0, k1 = np.uint64(GAMMAS), seed & LOW, seed >> HALF
    while count > 0:
        stream += np.uint64(ATTEMPT)
        for q in range(count, -(-count // AT_ONCE) * AT_ONCE):
            waiting[q] = waiting[0]
        for first in range(0, count, AT_ONCE):
            for q in range(first, first + AT_ONCE):
                path = first_path + np.uint64(waiting[q])
                w0, w1, w2, w3 = philox(path & LOW, path >> HALF, group, stream, k0, k1)
                cosine, sine = cos_sin(w1)
                z = math.sqrt(-2.0 * log((np.float64(w0) + 0.5) * TO_UNIT)) * (cosine if row == 0 else sine)
                proposed[q] = attempt(z, (np.float64(w2 if row == 0 else w3) + 0.5) * TO_UNIT, c, d)
        left = 0
        for q in range(count):
            drawn[waiting[q]] = proposed[q]
            waiting[left] = waiting[q]
            left += 1 if proposed[q] < 0.0 else 0
        count = left
