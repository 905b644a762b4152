"""Philox4x32-10 and the draws made from it, a block of paths at a time.

The readable form of everything here, with the layout of counters, is `stalegrad.engine.streams`.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper
from stalegrad.engine.compiled.vectormath import cos_sin, log
from stalegrad.engine.streams import CHOICES, MULTIPLIERS, NORMALS, ROUNDS, WEYL

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
M0, M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
W0, W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
FOUR = np.uint64(4)
TO_UNIT = 2.0**-32


@helper
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words from a counter of four and a key of two, all held in 64 bits."""
    for _ in range(ROUNDS):
        p0, p1 = c0 * M0, c2 * M1
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
    return c0, c1, c2, c3


@helper
def draw_words(words, seed, first_path, group, stream):
    """Fill `words` (4, BLOCK) with the words of one call for each path of the block."""
    k0, k1 = seed & LOW, seed >> HALF
    for p in range(np.uint64(BLOCK)):
        path = first_path + p
        w0, w1, w2, w3 = philox(path & LOW, path >> HALF, group, stream, k0, k1)
        words[0, p], words[1, p] = np.uint32(w0), np.uint32(w1)
        words[2, p], words[3, p] = np.uint32(w2), np.uint32(w3)


@helper
def draw_normals(normals, words, seed, first_path, group, stream):
    """Fill `normals` (4, BLOCK) by Box-Muller from the words of one call a path."""
    draw_words(words, seed, first_path, group, stream)
    for pair in range(0, 4, 2):
        for p in range(BLOCK):
            u = (np.float64(words[pair, p]) + 0.5) * TO_UNIT
            radius = math.sqrt(-2.0 * log(u))
            cosine, sine = cos_sin(np.uint64(words[pair + 1, p]))
            normals[pair, p], normals[pair + 1, p] = radius * cosine, radius * sine


@helper
def next_word_of(stream, tape, words, seed, first_path):
    """Row of `words` with the next word of a stream, drawn four at a time; `tape[0]` counts them."""
    row = tape[0] % FOUR
    if row == np.uint64(0):
        draw_words(words, seed, first_path, tape[0] // FOUR, stream)
    tape[0] += np.uint64(1)
    return words[row]


@helper
def next_word(tape, words, seed, first_path):
    """The next word of the stream of choices."""
    return next_word_of(np.uint64(CHOICES), tape, words, seed, first_path)


@helper
def next_normal(tape, normals, words, seed, first_path):
    """Row of `normals` with the next normal of the tape, drawn four at a time; `tape[0]` counts them."""
    row = tape[0] % FOUR
    if row == np.uint64(0):
        draw_normals(normals, words, seed, first_path, tape[0] // FOUR, np.uint64(NORMALS))
    tape[0] += np.uint64(1)
    return normals[row]
