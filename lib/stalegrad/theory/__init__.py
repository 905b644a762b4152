"""Closed formulas of the papers, each once, as sympy expressions under their claim ids."""

from stalegrad.theory import easgd, pca, sdde, sme
from stalegrad.theory.formula import Formula, formula, formulas

__all__ = ["Formula", "easgd", "formula", "formulas", "pca", "sdde", "sme"]
