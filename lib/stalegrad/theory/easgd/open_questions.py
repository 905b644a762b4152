r"""Beyond the thesis: asynchronous EASGD with a random worker, and the EASGD Tree (chapter 7 leaves both open)."""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.symbols import WORKERS, alpha, eta, h, p, sigma
from stalegrad.theory.formula import Formula, register

_s = eta * h
_local = 4 * _s**2 - 2 * _s**3 + alpha * _s * (8 - 12 * _s + 3 * _s**2 + 2 * p * (2 - _s))
_pull = 4 - 14 * _s + 8 * _s**2 - _s**3 + p * (4 - 6 * _s + _s**2) - alpha * (2 - _s) * (2 * p + 2 - _s)
_heard = (2 - _s) * (_s - alpha**2) + alpha * (2 - 4 * _s + _s**2 + p * _s)

RANDOM_WORKER = register(
    Formula(
        "EASGD-async-easgd",
        alpha * _heard / (_s * (_local + alpha**2 * _pull)) * eta**2 * sigma**2,
        ("eta", "alpha", "h", "sigma", "p"),
        defaults={"h": 1.0, "sigma": 1.0},
        lhs=r"\lim E\tilde x_t^2",
        domains=WORKERS,
    )
)
"""Stationary variance of the centre of asynchronous EASGD, additive noise, a random worker in every step, period 1."""

d, depth = sp.symbols("d depth", positive=True)
_kept = (1 - alpha) ** d

TREE = register(
    Formula(
        "EASGD-tree-moments",
        {
            "up": 1 - _kept,
            "leaves": ((2 - alpha) * (1 - _kept) / (alpha * (1 + _kept))) ** depth,
            "fresh": alpha / (2 - alpha),
        },
        ("alpha", "d", "depth"),
        names={"depth": "D"},
        domains={"d": "at least 1", "depth": "at least 1", "alpha": "positive"},
    )
)
"""EASGD Tree: the share of itself that a parent gives up to d children in turn; the leaves that the weights of the root are worth;
the variance of a parent over that of a child, if every message of its children is independent of the one before."""
