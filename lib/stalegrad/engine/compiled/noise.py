"""Gaussian noise of a given covariance, a block of paths at a time.

A matrix of every path is a table (d d, BLOCK), by rows; the lower triangle is used. The readable
form is `stalegrad.engine.square_root`.
"""

from __future__ import annotations

import math

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper
from stalegrad.engine.compiled.philox import next_normal
from stalegrad.engine.square_root import NEGLIGIBLE


@helper
def subtract_square(matrix, g):
    """matrix - g g^T, in place."""
    d = g.shape[0]
    for i in range(d):
        for j in range(i + 1):
            for p in range(BLOCK):
                matrix[i * d + j, p] -= g[i, p] * g[j, p]


@helper
def take_pivot(matrix, j, d, work):
    """Subtract the columns before j from column j, and take the root of its diagonal entry."""
    for p in range(BLOCK):
        work[p] = NEGLIGIBLE * matrix[j * d + j, p]
    for k in range(j):
        for i in range(j, d):
            for p in range(BLOCK):
                matrix[i * d + j, p] -= matrix[i * d + k, p] * matrix[j * d + k, p]
    for p in range(BLOCK):
        left = matrix[j * d + j, p]
        matrix[j * d + j, p] = 0.0 if left <= work[p] else math.sqrt(left)


@helper
def take_square_root(matrix, d, work):
    """The Cholesky factor of a semidefinite matrix, in place; `work` is room for BLOCK numbers."""
    for j in range(d):
        if j == 0:
            for p in range(BLOCK):
                matrix[0, p] = 0.0 if matrix[0, p] <= 0.0 else math.sqrt(matrix[0, p])
        else:
            take_pivot(matrix, j, d, work)
        if j + 1 < d:
            for p in range(BLOCK):
                pivot = matrix[j * d + j, p]
                work[p] = 0.0 if pivot == 0.0 else 1.0 / pivot
            for i in range(j + 1, d):
                for p in range(BLOCK):
                    matrix[i * d + j, p] *= work[p]


@helper
def add_column(x, factor, j, scale, z):
    """x + scale z (column j of the lower triangular factor), in place."""
    d = x.shape[0]
    for i in range(j, d):
        for p in range(BLOCK):
            x[i, p] += scale * (factor[i * d + j, p] * z[p])


@helper
def add_noise(x, factor, scale, tape, normals, words, seed, first_path):
    """x + scale (factor z) with the next d normals z of the tape, in place."""
    for j in range(x.shape[0]):
        add_column(x, factor, j, scale, next_normal(tape, normals, words, seed, first_path))
