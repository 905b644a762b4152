"""The Euler-Maruyama kernel of SME-ASGD; the readable form is `stalegrad.limits.sme_asgd`.

The parts of Y and of Sigma, one for each exponential of the staleness law, lie below one another:
y (parts d, BLOCK) and s (parts d d, BLOCK). One part in one dimension, all that the paper's figures need, has a loop of its own, which
goes through memory once; its rows lie in one array, because the compiler would not vectorise a loop over so many.
"""

from __future__ import annotations

import math

import numpy as np
from numba import float64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.driver import DRIVER, add_scaled, copy, fill
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.noise import add_column, take_square_root
from stalegrad.engine.compiled.philox import next_normal

X, Y, S, G, SECOND = range(5)
"""Rows of the array of `advance_scalars`."""


@helper
def average(y, weights, out):
    """sum_j w_j y_j."""
    d = out.shape[0]
    for i in range(d):
        for p in range(BLOCK):
            out[i, p] = weights[0] * y[i, p]
        for j in range(1, len(weights)):
            for p in range(BLOCK):
                out[i, p] += weights[j] * y[j * d + i, p]


@helper
def total_covariance(s, y, y_mean, weights, alpha, d, out):
    """sum_j w_j (S_j + (y_j - y_mean)(y_j - y_mean)^T / alpha^2), the lower triangle."""
    for i in range(d):
        for k in range(i + 1):
            for p in range(BLOCK):
                out[i * d + k, p] = weights[0] * s[i * d + k, p]
            for j in range(1, len(weights)):
                for p in range(BLOCK):
                    out[i * d + k, p] += weights[j] * s[(j * d + i) * d + k, p]
            if len(weights) > 1:
                for j in range(len(weights)):
                    weight = weights[j] / (alpha * alpha)
                    for p in range(BLOCK):
                        deviation = (y[j * d + i, p] - y_mean[i, p]) * (y[j * d + k, p] - y_mean[k, p])
                        out[i * d + k, p] += weight * deviation


@helper
def advance_part(y, s, g, second, first, mu, alpha):
    """One part: S' = mu S + (1-mu) (C + h h^T / mu) with h = g + y / alpha, C = second - g g^T, and y' = mu y - (1-mu) alpha g."""
    d, stay, per_alpha, per_mu = g.shape[0], 1.0 - mu, 1.0 / alpha, 1.0 / mu
    for i in range(d):
        for k in range(i + 1):
            row = (first + i) * d + k
            for p in range(BLOCK):
                h_i = g[i, p] + y[first + i, p] * per_alpha
                h_k = g[k, p] + y[first + k, p] * per_alpha
                fresh = second[i * d + k, p] - g[i, p] * g[k, p] + h_i * h_k * per_mu
                s[row, p] = mu * s[row, p] + stay * fresh
    for i in range(d):
        for p in range(BLOCK):
            y[first + i, p] = mu * y[first + i, p] - stay * alpha * g[i, p]


@helper
def advance_scalars(rows, z, mu, alpha, dt, scale):
    """In one dimension X' = X + dt Y + scale S^(1/2) z, and S' and Y' as in `advance_part`."""
    stay, per_alpha, per_mu = 1.0 - mu, 1.0 / alpha, 1.0 / mu
    for p in range(BLOCK):
        y, s, g = rows[Y, 0, p], rows[S, 0, p], rows[G, 0, p]
        root = 0.0 if s <= 0.0 else math.sqrt(s)
        h = g + y * per_alpha
        rows[X, 0, p] += dt * y + scale * (root * z[p])
        rows[S, 0, p] = mu * s + stay * (rows[SECOND, 0, p] - g * g + h * h * per_mu)
        rows[Y, 0, p] = mu * y - stay * alpha * g


@helper
def freeze_past(y, s, g, second, alpha):
    """Y_j = -alpha g and S_j = second - g g^T for all parts."""
    d = g.shape[0]
    for row in range(len(y)):
        for p in range(BLOCK):
            y[row, p] = -alpha * g[row % d, p]
    for row in range(len(s)):
        i, k = row // d % d, row % d
        for p in range(BLOCK):
            s[row, p] = second[i * d + k, p] - g[i, p] * g[k, p]


@kernel(
    *DRIVER, BLOCK_FUNCTION, BLOCK_FUNCTION, TABLE,
    float64[::1], float64[::1], float64, float64, float64[::1],
)  # fmt: skip
def sme_asgd(
    seed, first_path, n_paths, start, sums, kept, final, stop,
    mean_gradient, second_moment, summary, weights, mus, eta, dt, shares,
):  # fmt: skip
    """SME-2.11 and SME-2.12, the noise of step k times shares[k] = (1 + u_k)^(-1/2)."""
    d, n_parts, alpha = len(start), len(weights), eta / dt
    scalars = n_parts * d == 1
    rows = np.empty((5, 1, BLOCK))
    x, g, seen = rows[X] if scalars else np.empty((d, BLOCK)), rows[G] if scalars else np.empty((d, BLOCK)), np.empty((d, BLOCK))
    y, s = rows[Y] if scalars else np.empty((n_parts * d, BLOCK)), rows[S] if scalars else np.empty((n_parts * d * d, BLOCK))
    second, factor = rows[SECOND] if scalars else np.empty((d * d, BLOCK)), np.empty((d * d, BLOCK))
    average_y, work = np.empty((d, BLOCK)), np.empty(BLOCK)
    normals, words, tape = np.empty((4, BLOCK)), np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = np.uint64(0)
        fill(x, start)
        for k in range(len(shares) + 1):
            record(x, k, block, n_paths, sums, kept, seen)
            if stop[0] or k == len(shares):
                break
            mean_gradient(x, summary, g)
            second_moment(x, summary, second)
            if k == 0:
                freeze_past(y, s, g, second, alpha)
            if not scalars:
                if n_parts > 1:
                    average(y, weights, average_y)
                y_mean = average_y if n_parts > 1 else y
                total_covariance(s, y, y_mean, weights, alpha, d, factor)
                take_square_root(factor, d, work)
                add_scaled(x, dt, y_mean)
                for j in range(n_parts):
                    advance_part(y, s, g, second, j * d, mus[j], alpha)
            for j in range(d):
                z = next_normal(tape, normals, words, seed, path)
                if scalars:
                    advance_scalars(rows, z, mus[0], alpha, dt, eta * shares[k])
                else:
                    add_column(x, factor, j, eta * shares[k], z)
        copy(x, final, block)
