r"""The expressions behind the explorers, taken from the theory and written out in plain parameters.

A rate enters the maps as the step :math:`s`, rate times mean curvature: :math:`\eta h` where the noise is additive, :math:`\eta\lambda/\omega`
where a Gamma draw is the curvature. So curvature and :math:`\omega` only set units, and every map has one scale.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import sympy as sp

from stalegrad.algorithms.asgd import asgd_step
from stalegrad.algorithms.elastic import eamsgd_step
from stalegrad.theory import formula, trace
from stalegrad.theory.easgd import symbols as elastic
from stalegrad.theory.easgd.multiplicative import MOMENTS
from stalegrad.theory.elastic_trace import nine_variable_matrix
from stalegrad.theory.ito import ito_moments
from stalegrad.theory.pca import stability
from stalegrad.theory.sme import langevin, quadratic
from stalegrad.theory.sme.symbols import Sigma, X, a, alpha, dt, eta, s2, u

step = sp.Symbol("step", positive=True)
x0 = sp.Symbol("x0", real=True)
_STEP_OF_GAMMA = step * elastic.omega / elastic.lam
_MODE = ("eta", "mu", "a")
_NOISY_MODE = (*_MODE, "s2")


@dataclass(frozen=True)
class Form:
    """An expression and the names of its symbols, in the order in which a function takes them.

    Attributes
    ----------
    expression : sympy expression or matrix
    arguments : tuple of str
    claims : tuple of str
        Ids of the claims that it rests on.
    """

    expression: sp.Basic
    arguments: tuple[str, ...]
    claims: tuple[str, ...]

    def numeric(self, **values) -> np.ndarray | float:
        """Value at numbers for all arguments, or at arrays that broadcast: (...,) and, for a matrix, (..., rows, columns).

        Examples
        --------
        >>> round(forms()["sme_dt"].numeric(eta=0.01, mu=0.96), 12)
        0.02
        """
        if missing := [name for name in self.arguments if name not in values]:
            raise ValueError(f"the form in {', '.join(self.arguments)} needs {', '.join(missing)}; pass {missing[0]}=...")
        given = np.broadcast_arrays(*(np.asarray(values[name], dtype=float) for name in self.arguments))
        with np.errstate(all="ignore"):
            entries = [np.broadcast_to(entry, given[0].shape) for entry in _compiled(self)(*given)]
        if isinstance(self.expression, sp.MatrixBase):
            return np.stack(entries, axis=-1).reshape(*given[0].shape, *self.expression.shape)
        return entries[0] if entries[0].ndim else entries[0].item()


@functools.cache
def _compiled(form: Form):
    named = _named(form.expression)
    entries = list(form.expression) if isinstance(form.expression, sp.MatrixBase) else [form.expression]
    return sp.lambdify([named.get(name, sp.Symbol(name)) for name in form.arguments], entries, "numpy", cse=True)


def _named(expression) -> dict[str, sp.Symbol]:
    return {symbol.name: symbol for symbol in expression.free_symbols}


def _form(expression, arguments, *claims: str) -> Form:
    """A form, checked to be in its arguments alone."""
    if unknown := set(_named(expression)) - set(arguments):
        raise ValueError(f"the form of {', '.join(claims)} depends on {', '.join(sorted(unknown))} as well; add it to the arguments {arguments}")
    fixed = sp.ImmutableMatrix(expression) if isinstance(expression, sp.MatrixBase) else expression
    return Form(fixed, tuple(arguments), claims)


def _written(claim_id: str, part: str | None, replaced: dict[str, sp.Basic]) -> sp.Basic:
    """A formula, or a part of it, without shorthands and with some of its symbols replaced, named as a formula's arguments are."""
    source = formula(claim_id)
    expression = source.written_out(source.expr if part is None else source.expr[part])
    return expression.subs({symbol: replaced[name] for name, symbol in _named(expression).items() if name in replaced}, simultaneous=True)


def _cancelled(matrix: sp.Matrix) -> sp.Matrix:
    return matrix.applyfunc(sp.cancel)


@functools.cache
def forms() -> dict[str, Form]:
    """All forms by name."""
    return {**_additive(), **_multiplicative(), **_iteration(), **_equation(), **_rules(), **_delays()}


def _additive() -> dict[str, Form]:
    """Maps of section 5.1 of the thesis at unit curvature, and the stationary variance that goes with each, in units of sigma^2/h^2."""
    units = {"eta": step, "h": sp.S.One, "sigma": sp.S.One}
    momentum, pair, elastic_momentum = ("step", "delta"), ("step", "alpha", "beta"), ("step", "alpha", "beta", "delta")

    def taken(claim_id, arguments, part=None):
        return _form(_written(claim_id, part, units), arguments, claim_id)

    return {
        "additive_momentum": taken("EASGD-5.6", momentum, "matrix"),
        "additive_momentum_variance": taken("EASGD-5.7", momentum, "x2"),
        "additive_average": taken("EASGD-5.12", pair, "matrix"),
        "additive_elastic": taken("EASGD-5.18", pair),
        "additive_elastic_variance": taken("EASGD-5.14", (*pair, "p"), "x2"),
        "additive_eamsgd": taken("EASGD-5.20", elastic_momentum),
        "additive_eamsgd_variance": taken("EASGD-eamsgd-stationary", (*elastic_momentum, "p"), "x2"),
    }


def _multiplicative() -> dict[str, Form]:
    """Maps of section 5.2; a mini-batch of p has shape p lam and rate p omega."""
    lam, p = elastic.lam, elastic.p
    batch = {"eta": _STEP_OF_GAMMA, "lam": p * lam, "omega": p * elastic.omega}
    nine = nine_variable_matrix(eamsgd_step).subs(MOMENTS).subs(elastic.eta, _STEP_OF_GAMMA)
    pair = ("step", "alpha", "beta", "lam", "p")
    return {
        "gamma_momentum": _form(_cancelled(_written("EASGD-5.30", None, batch)), ("step", "delta", "lam", "p"), "EASGD-5.30", "EASGD-5.24"),
        "gamma_elastic": _form(_cancelled(_written("EASGD-5.34", None, {"eta": _STEP_OF_GAMMA})), pair, "EASGD-5.34"),
        "gamma_eamsgd": _form(_cancelled(nine), ("step", "alpha", "beta", "delta", "lam", "p"), "EASGD-eamsgd-nine"),
        "gamma_rate": _form(_STEP_OF_GAMMA, ("step", "lam", "omega"), "EASGD-5.24"),
    }


def _iteration() -> dict[str, Form]:
    """ASGD with geometric staleness on one quadratic mode, traced from its step: maps of means (x, z) and of (x^2, xz, z^2, q)."""

    def gradient(x, z, out):
        out[:] = a * x - z

    rule = functools.partial(asgd_step, SimpleNamespace(blocks=SimpleNamespace(gradient=gradient)), eta)
    matrix, constant = trace.asgd_moments(rule)
    return {
        "asgd_mean": _form(trace.asgd_means(rule), _MODE, "SME-2.1"),
        "asgd_second": _form(matrix, _MODE, "SME-exact-moments"),
        "asgd_noise": _form(constant.subs(trace.spread, s2), _NOISY_MODE, "SME-exact-moments"),
        "asgd_stationary": _form(quadratic.ASGD_STATIONARY["x2"], _NOISY_MODE, "SME-exact-moments"),
    }


def _equation() -> dict[str, Form]:
    """The limits in continuous time: rates of change of means and second moments, starts for a past frozen at x0."""
    closed, fed = quadratic.closed_moments()
    open_, injected = quadratic.second_moments()
    fresh = ito_moments(langevin.SGD.drift, langevin.SGD.covariance, (X,))[0]
    spread, noise = ito_moments(langevin.SGD.drift, langevin.SGD.covariance, (X**2,))
    velocity = -alpha * a * x0
    return {
        "sme_dt": _form(dt, ("eta", "mu"), "SME-2.11"),
        "sme_mean": _form(quadratic.first_moments(), _MODE, "SME-first-moment"),
        "sme_mean_start": _form(sp.Matrix([velocity, x0]), (*_MODE, "x0"), "SME-2.11"),
        "sme_second": _form(closed, _MODE, "SME-5.3", "SME-2.12"),
        "sme_noise": _form(fed, _NOISY_MODE, "SME-5.3", "SME-2.12"),
        "sme_start": _form(sp.Matrix([x0**2, velocity**2, x0 * velocity, s2]), (*_NOISY_MODE, "x0"), "SME-2.11"),
        "constant_second": _form(open_, _MODE, "SME-4.3"),
        "constant_noise": _form(injected.subs({u: 0, Sigma: s2}), _NOISY_MODE, "SME-5.4"),
        "sgd_mean": _form(fresh, ("eta", "a"), "SME-3.3"),
        "sgd_second": _form(spread, ("eta", "a"), "SME-3.3"),
        "sgd_noise": _form(noise.subs(Sigma, s2), ("eta", "a", "s2"), "SME-3.3"),
        "sgd_stationary": _form((-noise[0] / spread[0]).subs(Sigma, s2), ("eta", "a", "s2"), "SME-3.3"),
    }


def _rules() -> dict[str, Form]:
    """Stationary values of the limits, and the two thresholds of the staleness parameter."""
    noise = {"Sigma": s2, "u": sp.S.Zero}
    return {
        "constant_stationary": _form(_written("SME-4.4", None, noise), _NOISY_MODE, "SME-4.4"),
        "sme_stationary": _form(_written("SME-self-consistent", "x2", {}), _NOISY_MODE, "SME-self-consistent"),
        "best_staleness": _form(_written("SME-5.5", None, {}), ("eta", "a"), "SME-5.5"),
        "oscillation": _form(quadratic.critical_mu(a * eta), ("eta", "a"), "SME-best-mu"),
    }


def _delays() -> dict[str, Form]:
    r"""The edge of stability of momentum with a constant delay, and the delay equation's variance.

    With z on the circle, :math:`y=|z-1|^2`, the characteristic polynomial gives :math:`y|z-\mu|^2=h^2` for the modulus and
    :math:`\arg(z-1)+\arg(z-\mu)+(\tau-1)\omega=\pi` for the angle.
    """
    h, momentum = stability.step, stability.inertia
    y = sp.Symbol("y", positive=True)
    cosine = 1 - y / 2
    square, linear, constant = sp.Poly(y * (1 - 2 * momentum * cosine + momentum**2) - h**2, y).all_coeffs()
    # The root that does not cancel for a small step, and exists without momentum.
    root = -2 * constant / (linear + sp.sqrt(linear**2 - 4 * square * constant))
    angle = 2 * sp.asin(sp.Min(sp.sqrt(root) / 2, 1))
    omega = sp.Symbol("angle", positive=True)
    delay = 1 + (sp.pi / 2 - omega / 2 - sp.atan2(sp.sin(omega), sp.cos(omega) - momentum)) / omega
    variance = _written("SDDE-stationary-variance", None, {"a": sp.S.One, "sigma2": sp.S(2)})
    length = _named(variance)["tau"]
    return {
        "edge_angle": _form(angle, ("h", "mu"), "PCA-critical-delay"),
        "edge_delay": _form(delay, ("angle", "mu"), "PCA-critical-delay"),
        "edge_step": _form(sp.solve(stability.characteristic(0).subs(stability.z, -1), h)[0], ("mu",), "PCA-critical-delay"),
        "equation_variance": _form(variance.subs(length, sp.Symbol("length", nonnegative=True)), ("length",), "SDDE-stationary-variance"),
    }
