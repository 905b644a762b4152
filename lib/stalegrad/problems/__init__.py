"""Objectives, as averages of components or with data from a law; each is loaded on first use, since some need sympy or numba."""

from importlib import import_module

_HOMES = {
    "base": ("Blocks", "Problem"),
    "built_in": ("double_well", "quadratic", "quartic"),
    "check": ("check_gradient",),
    "classification": ("logistic",),
    "noisy": ("gamma_quadratic", "noisy_quadratic"),
    "own": ("finite_sum", "pointwise"),
    "quadratic_model": ("linearised",),
    "regression": ("least_squares",),
    "streaming": ("streaming_data",),
    "symbolic": ("from_sympy",),
    "table": ("Table", "read_csv"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(f"stalegrad.problems has no attribute {name!r}")
    value = getattr(import_module(f"stalegrad.problems.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
