"""Closed formulas of the papers, each once, as sympy expressions under their claim ids."""

from importlib import import_module

from stalegrad.theory.formula import PAPERS, Formula, formula, formulas

__all__ = ["Formula", "easgd", "formula", "formulas", "pca", "sdde", "sme"]


def __getattr__(name):
    # A paper's derivations take up to half a second: those of the other papers are not made for it.
    if name.upper() in PAPERS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"{__name__} has no attribute {name!r}")
