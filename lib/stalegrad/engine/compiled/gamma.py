"""Gamma draws, a block of paths at a time; the readable form is `Tape.gammas`."""

from __future__ import annotations

import math

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper
from stalegrad.engine.compiled.philox import TO_UNIT, draw_words, next_normal
from stalegrad.engine.compiled.vectormath import cos_sin, exp, log
from stalegrad.engine.streams import ATTEMPT, GAMMAS


@helper
def draw_half(out, tape, normals, words, seed, first_path):
    """Shape 1/2: half the square of the next normal of the tape."""
    z = next_normal(tape, normals, words, seed, first_path)
    for p in range(BLOCK):
        out[p] = z[p] * z[p] / 2.0


@helper
def draw_whole(out, shape, words, seed, first_path, number):
    """Shape 1, 2, 3 or 4: minus the logarithm of a product of that many uniforms."""
    draw_words(words, seed, first_path, number, np.uint64(GAMMAS))
    for p in range(BLOCK):
        out[p] = (np.float64(words[0, p]) + 0.5) * TO_UNIT
    for factor in range(1, int(shape)):
        for p in range(BLOCK):
            out[p] *= (np.float64(words[factor, p]) + 0.5) * TO_UNIT
    for p in range(BLOCK):
        out[p] = -log(out[p])


@helper
def draw_any(out, shape, words, seed, first_path, number):
    """Any shape, by the rejection method of Marsaglia and Tsang: each path keeps its first accepted attempt."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    power = 1.0 / shape if shape < 1.0 else 0.0
    for p in range(BLOCK):
        out[p] = -1.0
    stream, missing = np.uint64(GAMMAS), BLOCK
    while missing > 0:
        draw_words(words, seed, first_path, number, stream)
        stream += np.uint64(ATTEMPT)
        for p in range(BLOCK):
            cosine, _ = cos_sin(np.uint64(words[1, p]))
            z = math.sqrt(-2.0 * log((np.float64(words[0, p]) + 0.5) * TO_UNIT)) * cosine
            u = (np.float64(words[2, p]) + 0.5) * TO_UNIT
            boost = (np.float64(words[3, p]) + 0.5) * TO_UNIT
            root = 1.0 + c * z
            v = root * root * root
            log_v = log(v if v > 0.0 else 1.0)
            accepted = v > 0.0 and log(u) < 0.5 * z * z + d * (1.0 - v + log_v)
            value = d * v * exp(power * log(boost))
            out[p] = value if accepted and out[p] < 0.0 else out[p]
        missing = 0
        for p in range(BLOCK):
            missing += 1 if out[p] < 0.0 else 0
