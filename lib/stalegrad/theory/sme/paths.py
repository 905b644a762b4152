r"""Section 3: variation of constants, and how much the error bound of Theorem 2 says."""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sme.symbols import dt, eta, kappa, mu, tidy

time, s, r, Y0 = sp.symbols("t s r Y_0", real=True)
damping = sp.Symbol("kappa", positive=True)
position = sp.Function("X")
horizon, bound = sp.symbols("T slope", positive=True)


def gradient(at: sp.Expr) -> sp.Expr:
    r""":math:`\nabla f(X_t)`."""
    return sp.Function(r"\nabla f")(position(at))


def auxiliary_path(at: sp.Expr) -> sp.Expr:
    r"""Solution :math:`Y_t=e^{-\kappa t}Y_0-\int_0^te^{-\kappa(t-r)}\nabla f(X_r)\,dr` of the first line of (2.11)."""
    memory = sp.Integral(sp.exp(-damping * (at - r)) * gradient(r), (r, 0, at))
    return sp.exp(-damping * at) * Y0 - memory


def auxiliary_residual() -> sp.Expr:
    """dY/dt + kappa Y + grad f(X) along that solution: zero."""
    path = auxiliary_path(time)
    return sp.simplify(sp.diff(path, time) + damping * path + gradient(time))


register(
    Formula(
        "SME-3.2",
        sp.Integral(auxiliary_path(s), (s, 0, dt)).subs(damping, kappa),
        (),
        lhs=r"X_{\Delta t} - x_0 - \frac{\eta^{3/4}}{(1-\mu)^{1/4}}\int_0^{\Delta t}\sigma(s)\,dB_s",
    )
)

register(Formula("SME-3.1", bound * horizon * dt / (1 - mu), ("slope", "T", "eta", "mu"), lhs=r"\text{bound of }\sup_k E|x_0 - x_k|"))


def stay_put_bound() -> sp.Expr:
    r"""Bound on :math:`|x_k-x_0|` over a time T when every gradient read is at most G: (number of steps) eta G."""
    return tidy(horizon / dt * eta * bound)
