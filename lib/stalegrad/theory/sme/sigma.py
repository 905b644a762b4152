r"""Sections 2.2, 4 and A: the conditional covariance :math:`\Sigma_k` of the delayed sampled gradient.

One dimension suffices for every identity here but symmetry: products such as :math:`y g^T + g y^T` appear as
:math:`2yg`. `G` stands for :math:`\frac1n\sum_i\nabla f_i\nabla f_i^T` and `g` for :math:`\nabla f`, both at `X`.
"""

from __future__ import annotations

import itertools

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sme.symbols import Sigma, Y, alpha, dt, eta, kappa, mu, tidy

G = sp.Symbol("G", nonnegative=True)
g = sp.Symbol("g", real=True)
Y_before = sp.Symbol("Y_before", real=True)

STEP = register(
    Formula(
        "SME-5.1",
        mu * (Sigma + Y_before**2 / alpha**2) + (1 - mu) * G - Y**2 / alpha**2,
        ("Sigma", "Y_before", "Y", "G", "eta", "mu"),
        lhs=r"\Sigma_k",
        names={"Sigma": r"\Sigma_{k-1}", "Y": "y_k"},
    )
)

CLOSURE = register(
    Formula(
        "SME-2.12",
        -kappa * Sigma + kappa * (G + (1 - mu) / mu * g**2) + (1 - mu) / (eta * mu) * (kappa * Y**2 + 2 * g * Y),
        ("Sigma", "Y", "g", "G", "eta", "mu"),
        lhs=r"d\Sigma/dt",
        requires=((lambda v: v["mu"] > 0, "mu > 0 (the equation divides by mu)"),),
    )
)


def covariance_recursion(length: int) -> sp.Expr:
    r"""Residual of (5.1) for a past of `length` free gradients: zero for every length.

    :math:`\Sigma_k = E[\nabla f_\gamma(x_{k-\tau})^2] - y_k^2/\alpha^2` with the geometric average over the past
    taken explicitly; before the free values the past is frozen.
    """
    squares = sp.symbols(f"q0:{length + 1}", nonnegative=True)
    means = sp.symbols(f"g0:{length + 1}", real=True)

    def average(values):
        body = sum((1 - mu) * mu**lag * value for lag, value in enumerate(values[:-1]))
        return body + mu ** (len(values) - 1) * values[-1]

    def covariance(start):
        return average(squares[start:]) - average(means[start:]) ** 2

    now, before = -alpha * average(means), -alpha * average(means[1:])
    recursion = STEP.expr.subs({Sigma: covariance(1), Y_before: before, Y: now, G: squares[0]}, simultaneous=True)
    return tidy(covariance(0) - recursion)


def backward_rate() -> sp.Expr:
    r""":math:`(\Sigma_k-\Sigma_{k-1})/\Delta t` with :math:`y_{k-1}` eliminated by (2.9): what (2.12) prints."""
    earlier = (Y + alpha * (1 - mu) * g) / mu
    return tidy((STEP.expr.subs(Y_before, earlier) - Sigma) / dt)


def forward_rate() -> sp.Expr:
    r""":math:`(\Sigma_k-\Sigma_{k-1})/\Delta t` with :math:`y_k` eliminated instead, so `Y` is :math:`y_{k-1}`."""
    later = mu * Y_before - alpha * (1 - mu) * g
    return tidy((STEP.expr.subs(Y, later) - Sigma) / dt).subs(Y_before, Y)


def continuous_rate() -> sp.Expr:
    r"""Closure in continuous time: :math:`\Sigma=q-Y^2/\alpha^2`, :math:`\dot q=\kappa(G-q)`, :math:`\dot Y=-g-\kappa Y`."""
    second = Sigma + Y**2 / alpha**2
    return tidy(kappa * (G - second) - 2 * Y / alpha**2 * (-g - kappa * Y))


def lag_form(factor) -> sp.Expr:
    r""":math:`\kappa\,[\mathrm{Cov}_i(X)-\Sigma+\text{factor}\,(Y/\alpha+g)^2]`: all closures differ in one factor only."""
    return kappa * (G - g**2 - Sigma + factor * (Y / alpha + g) ** 2)


def batch_covariance(batch: int, shared: bool) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Conditional covariance of a mini-batch gradient by enumeration of all draws.

    Two components and two stored iterates carry four free gradient values; the staleness takes its two values
    with free probabilities. Batch members draw components independently, and the staleness once (`shared`) or each.

    Returns
    -------
    covariance, sampling, reads : sympy expressions
        Of the batch mean; of one sample at a given read, averaged over reads; of the mean gradient over reads.
    """
    values = sp.Matrix(2, 2, sp.symbols("g00 g01 g10 g11", real=True))
    stale = sp.Symbol("rho", nonnegative=True)
    weight = (1 - stale, stale)
    moments = [sp.S.Zero, sp.S.Zero]
    for components in itertools.product(range(2), repeat=batch):
        for delays in itertools.product(range(2), repeat=1 if shared else batch):
            probability = sp.Rational(1, 2**batch) * sp.prod(weight[d] for d in delays)
            reads = delays * batch if shared else delays
            mean = sum(values[i, d] for i, d in zip(components, reads, strict=True)) / batch
            moments[0] += probability * mean
            moments[1] += probability * mean**2
    covariance = sp.expand(moments[1] - moments[0] ** 2)
    means = [(values[0, d] + values[1, d]) / 2 for d in range(2)]
    spreads = [(values[0, d] - values[1, d]) ** 2 / 4 for d in range(2)]
    sampling = sum(w * s for w, s in zip(weight, spreads, strict=True))
    average = sum(w * s for w, s in zip(weight, means, strict=True))
    reads = sum(w * (s - average) ** 2 for w, s in zip(weight, means, strict=True))
    return covariance, sp.expand(sampling), sp.expand(reads)
