"""An executable companion to four papers on asynchronous stochastic gradient descent."""

from importlib import import_module

# Loaded on first use (PEP 562): `stalegrad claims` and `sg.claim` answer without numpy, sympy and the engine.
_HOMES = {
    "stalegrad.advice": ("Situation", "advise"),
    "stalegrad.algorithms.admm": ("admm",),
    "stalegrad.algorithms.asgd": ("asgd", "minibatch_asgd", "minibatch_asgd_separate_reads"),
    "stalegrad.algorithms.asynchronous": ("async_eamsgd", "async_easgd", "round_robin_easgd"),
    "stalegrad.algorithms.async_momentum": ("async_msgd",),
    "stalegrad.algorithms.averaged": ("adownpour", "averaged_sgd", "moving_average_sgd", "mvadownpour"),
    "stalegrad.algorithms.downpour": ("downpour", "mdownpour"),
    "stalegrad.algorithms.elastic": ("eamsgd", "eamsgd_heavy_ball", "easgd", "easgd_gauss_seidel"),
    "stalegrad.algorithms.momentum": ("msgd", "nesterov"),
    "stalegrad.algorithms.pca": ("streaming_pca",),
    "stalegrad.algorithms.tree": ("eamsgd_tree", "easgd_tree", "multiscale", "up_down"),
    "stalegrad.algorithms.sgd": ("minibatch_sgd", "sgd"),
    "stalegrad.claims": ("claim",),
    "stalegrad.engine.ensemble": ("Ensemble",),
    "stalegrad.engine.simulate": ("DivergenceWarning", "simulate"),
    "stalegrad.staleness": ("constant", "empirical", "from_samples", "geometric", "mixture", "none", "uniform"),
    "stalegrad.limits.pca": ("pca_diffusion",),
    "stalegrad.limits.sdde": ("sdde",),
    "stalegrad.limits.sde": ("SDE", "euler_maruyama"),
    "stalegrad.limits.sme": ("sme_asgd_linear", "sme_msgd", "sme_sgd"),
    "stalegrad.limits.sme_asgd": ("sme_asgd", "sme_asgd_mixture"),
    "stalegrad.study.stability": ("growth", "stability_map"),
    "stalegrad.study.validity": ("validity",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("control", "evidence", "moments", "plot", "problems", "schedule", "theory")
__all__ = sorted((*_HOME_OF, *_MODULES))


def __getattr__(name):
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    elif name in _MODULES:
        value = import_module(f"stalegrad.{name}")
    else:
        raise AttributeError(f"stalegrad has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return __all__
