"""Objectives as averages, over components or over a law of the data, with their compiled gradients; and the reader's own."""

from stalegrad.problems.base import Blocks, Problem
from stalegrad.problems.built_in import double_well, quadratic, quartic
from stalegrad.problems.check import check_gradient
from stalegrad.problems.noisy import gamma_quadratic, noisy_quadratic
from stalegrad.problems.own import finite_sum
from stalegrad.problems.regression import least_squares
from stalegrad.problems.streaming import streaming_data
from stalegrad.problems.symbolic import from_sympy

__all__ = [
    "Blocks",
    "Problem",
    "check_gradient",
    "double_well",
    "finite_sum",
    "from_sympy",
    "gamma_quadratic",
    "least_squares",
    "noisy_quadratic",
    "quadratic",
    "quartic",
    "streaming_data",
]
