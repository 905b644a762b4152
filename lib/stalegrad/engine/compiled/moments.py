"""Sums over the paths of a block, in an order that no vector width changes.

A sum over a block is kept as `LANES` partial sums; the driver adds these at the end.
"""

from __future__ import annotations

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper


@helper
def add_folded(x, sums):
    """Add the BLOCK entries of x to the LANES entries of `sums`: entry p to lane p mod LANES."""
    for p in range(len(sums)):
        a = (x[p] + x[p + 8]) + (x[p + 16] + x[p + 24])
        b = (x[p + 32] + x[p + 40]) + (x[p + 48] + x[p + 56])
        c = (x[p + 64] + x[p + 72]) + (x[p + 80] + x[p + 88])
        d = (x[p + 96] + x[p + 104]) + (x[p + 112] + x[p + 120])
        sums[p] += (a + b) + (c + d)


@helper
def add_moments(x, sums, terms):
    """Add the sums over paths of x_i, x_i x_j (j <= i) and x_i^4, i = 0, 1, ..., to `sums` (moments, LANES)."""
    q = np.uint64(0)
    for i in range(x.shape[0]):
        add_folded(x[i], sums[q])
        for j in range(i + 1):
            q += np.uint64(1)
            for p in range(BLOCK):
                terms[p] = x[i, p] * x[j, p]
            add_folded(terms, sums[q])
        for p in range(BLOCK):
            terms[p] = terms[p] * terms[p]
        add_folded(terms, sums[q + np.uint64(1)])
        q += np.uint64(2)


@helper
def record(x, k, block, n_paths, sums, kept, seen, terms):
    """Add the moments of step k over the paths asked for, and store the paths where `kept` has room for them."""
    d, present = x.shape[0], n_paths - block
    if present >= BLOCK:
        add_moments(x, sums[k], terms)
    else:
        for i in range(d):
            for p in range(BLOCK):
                seen[i, p] = x[i, p] if p < present else 0.0
        add_moments(seen, sums[k], terms)
    if kept.shape[0] > 0:
        for i in range(d):
            for p in range(BLOCK):
                kept[k, i, block + p] = x[i, p]
