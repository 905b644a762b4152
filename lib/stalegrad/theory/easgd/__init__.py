"""Zhang: distributed stochastic optimization for deep learning, elastic averaging SGD (paper key `EASGD`)."""

from stalegrad.theory.easgd import (
    additive,
    additive_eamsgd,
    additive_elastic,
    additive_momentum,
    additive_optimum,
    centre,
    multiplicative,
    multiplicative_elastic,
    nonconvex,
    open_questions,
    quadratic,
    round_robin,
    strongly_convex,
    unified,
)

__all__ = [
    "additive",
    "additive_eamsgd",
    "additive_elastic",
    "additive_momentum",
    "additive_optimum",
    "centre",
    "multiplicative",
    "multiplicative_elastic",
    "nonconvex",
    "open_questions",
    "quadratic",
    "round_robin",
    "strongly_convex",
    "unified",
]
