"""The three models that the figures of section 3 compare, by the names that readers type."""

from __future__ import annotations

from stalegrad.algorithms.asgd import asgd
from stalegrad.limits.sme import sme_sgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.problems import double_well, quadratic, quartic
from stalegrad.staleness import geometric

MODELS = {
    "asgd": lambda problem, eta, mu: asgd(problem, eta, geometric(mu)),
    "sme-asgd": lambda problem, eta, mu: sme_asgd(problem, eta, mu),
    "sme-sgd": lambda problem, eta, mu: sme_sgd(problem, eta),
}

PROBLEMS = {
    "quadratic": lambda: quadratic([[1.0], [-1.0]], curvature=2.0),
    "quartic": quartic,
    "double-well": double_well,
}


def model(name: str, problem, eta: float, mu: float):
    """Process or limit of that name on `problem`; ValueError lists the names."""
    return _choose("model", name, MODELS)(problem, eta, mu)


def problem(name: str):
    """Built-in problem of that name; ValueError lists the names."""
    return _choose("problem", name, PROBLEMS)()


def _choose(what: str, name: str, table: dict):
    if name not in table:
        raise ValueError(f"{what} = {name!r} is unknown; choose one of {', '.join(table)}")
    return table[name]
