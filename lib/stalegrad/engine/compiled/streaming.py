"""Data of streaming PCA, four rows of a block of paths at a time; the readable form is `stalegrad.problems.streaming`.

Each law is a function of the signature in `stalegrad.engine.compiled.laws`: it fills xi (4, BLOCK) with group `number` of its tape.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.philox import TO_UNIT, draw_normals, draw_words
from stalegrad.engine.streams import DATA, NORMALS

TOP = np.uint32(31)


def draw_gaussian(xi, table, number, tape, words, normals, seed, path):
    """Standard normals."""
    draw_normals(xi, words, seed, path, number, np.uint64(NORMALS))


def draw_uniform(xi, table, number, tape, words, normals, seed, path):
    """Uniform on sqrt 3 times [-1, 1]."""
    draw_words(words, seed, path, number, np.uint64(DATA))
    for row in range(4):
        for p in range(BLOCK):
            xi[row, p] = math.sqrt(3.0) * (2.0 * ((np.float64(words[row, p]) + 0.5) * TO_UNIT) - 1.0)


def draw_signs(xi, table, number, tape, words, normals, seed, path):
    """-1 or 1, by the top bit of a word."""
    draw_words(words, seed, path, number, np.uint64(DATA))
    for row in range(4):
        for p in range(BLOCK):
            xi[row, p] = 1.0 - 2.0 * np.float64(words[row, p] >> TOP)
