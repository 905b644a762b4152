r"""Section 3.1: from asynchronous SGD (4) over normal noise (5) to the delay equation (6).

(5) is the Euler-Maruyama scheme of (6) with step :math:`\delta`, whatever :math:`\delta` is: written in iterations
:math:`s=t/\delta`, equation (6) no longer contains it.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sdde.symbols import NAMES, U, b, delta, eta, g, sigma, t, x, z

STEP = register(
    Formula(
        "SDDE-5", x - eta * U * g + eta * U * sigma * z, ("x", "eta", "U", "g", "sigma", "z"), lhs="x_{k+1}", names={**NAMES, "U": "u_k", "x": "x_k"}
    )
)

LIMIT = register(
    Formula(
        "SDDE-6",
        {"drift": -eta / delta * U * g, "diffusion": eta / delta * sp.sqrt(delta) * U * sigma},
        ("eta", "delta", "U", "g", "sigma"),
        names=NAMES,
        domains={"delta": "positive"},
    )
)

FACTORS = {"1": sp.Integer(1), "1/k": delta / t, "1/sqrt(k)": sp.sqrt(delta / t)}
"""U(t) for the learning-rate factors u_k = 1, 1/k and 1/sqrt(k) of cases (a) to (c)."""


def euler_step(drift, diffusion, step) -> sp.Expr:
    """One Euler-Maruyama step of length `step` from `x`, with a standard normal `z`."""
    return x + step * drift + sp.sqrt(step) * diffusion * z


def in_iterations(drift, diffusion) -> tuple[sp.Expr, sp.Expr]:
    r"""Drift and diffusion of :math:`Y(s)=X(\delta s)`, the equation with the iteration as its unit of time."""
    return sp.simplify(drift * delta), sp.simplify(diffusion * sp.sqrt(delta))


def characteristic_function(s, batch=b, scale=1) -> sp.Expr:
    """Of `scale` times the mean of `batch` independent fair signs: the gradient noise of (x - 1)^2/2 and (x + 1)^2/2."""
    return sp.cos(s * scale / batch) ** batch


def batch_variance(variance, n: int, batch: int, replacement: bool) -> sp.Expr:
    r"""Variance of a mini-batch mean from `n` components: :math:`\Sigma/b`, times :math:`(n-b)/(n-1)` without replacement."""
    return variance / batch * (1 if replacement else sp.Rational(n - batch, n - 1))
