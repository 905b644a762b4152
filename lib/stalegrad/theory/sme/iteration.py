r"""Sections 1, 2.1 and 2.2, discrete part: ASGD as difference equations.

Gradients are scalar symbols here: `force` is :math:`\nabla f(m_k)` or :math:`\nabla f(x_{k+1})`, `drawn` is
the sampled delayed gradient :math:`\nabla f_{\gamma_k}(x_{k-\tau_k})`. The identities are linear in them, so the
scalar case is the general one, component by component.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sme.symbols import alpha, dt, eta, kappa, mu, retention, tidy

x, m, m_before, p, y = sp.symbols("x m m_before p y", real=True)
force, drawn, frozen = sp.symbols("force drawn frozen", real=True)
v = sp.Symbol("v", real=True)
momentum = sp.Symbol("momentum", nonnegative=True)
eta_prime = sp.Symbol("eta_prime", positive=True)
n = sp.Symbol("n", integer=True, positive=True)
losses, positions = sp.IndexedBase("f"), sp.IndexedBase("x")
gradient = sp.Function(r"\nabla f")
index = sp.Symbol("l", integer=True, nonnegative=True)
counter = sp.Symbol("k", integer=True)
scale = sp.Symbol("alpha", positive=True)
noise = sp.Symbol("xi", real=True)
_noise = {noise: force - drawn}
_fresh = {"drawn": r"\nabla f_{\gamma_k}(x_k)"}

register(Formula("SME-1.1", sp.Sum(losses[index], (index, 0, n - 1)) / n, (), lhs="f(x)"))

ASGD = register(Formula("SME-2.1", x - eta * drawn, ("x", "eta", "drawn"), lhs="x_{k+1}", names={"x": "x_k"}))

SECOND_DIFFERENCE = register(
    Formula(
        "SME-2.2",
        -(m - m_before) / eta - force + noise,
        ("m", "m_before", "eta", "force", "drawn"),
        lhs=r"\frac{m_{k+1}-2m_k+m_{k-1}}{\eta(1-\mu)}",
        where=_noise,
    )
)

MOMENTUM_STEP = register(
    Formula(
        "SME-2.3",
        p - dt * kappa * p - dt * force + dt * noise,
        ("p", "eta", "mu", "force", "drawn"),
        lhs="p_{k+1}",
        where=_noise,
    )
)

POSITION_STEP = register(Formula("SME-2.4", m + dt * p, ("m", "p", "eta", "mu"), lhs="m_{k+1}"))

HEAVY_BALL = register(
    Formula(
        "SME-2.6",
        {"v_{k+1}": momentum * v - eta_prime * drawn, "x_{k+1}": x + momentum * v - eta_prime * drawn},
        ("x", "v", "momentum", "eta_prime", "drawn"),
        names=_fresh,
    )
)

register(
    Formula(
        "SME-2.8",
        -scale * sp.Sum(gradient(positions[counter - index]) * (1 - mu) * mu**index, (index, 0, sp.oo)),
        (),
        lhs="y_k",
    )
)

GRADIENT_DIFFERENCE = register(Formula("SME-2.9", -y / scale - force, ("y", "alpha", "force"), lhs=r"\frac{y_{k+1}-y_k}{\alpha(1-\mu)}"))

SPLIT_STEP = register(
    Formula(
        "SME-2.10",
        y + scale * (-y / scale - drawn),
        ("y", "alpha", "drawn"),
        lhs=r"\frac{x_{k+1}-x_k}{\eta/\alpha}",
    )
)

HEAVY_BALL_SCALED = register(
    Formula(
        "SME-5.2",
        {
            r"v_{k+1}/\sqrt{\eta'}": v / sp.sqrt(eta_prime)
            + sp.sqrt(eta_prime) * (-(1 - momentum) / eta_prime * v - force)
            + sp.sqrt(eta_prime) * noise,
            "x_{k+1}": x + momentum * v - eta_prime * drawn,
        },
        ("x", "v", "momentum", "eta_prime", "force", "drawn"),
        where=_noise,
        names=_fresh,
    )
)


def explicit(entry: Formula) -> sp.Expr:
    r"""Right-hand side with the noise :math:`\xi=\nabla f-\nabla f_{\gamma_k}(x_{k-\tau_k})` inserted."""
    return entry.written_out(entry.expr)


def next_read(x_next, m_now):
    r"""Recursion of the expected read, :math:`m_{k+1} = (1-\mu)x_{k+1} + \mu m_k`."""
    return (1 - mu) * x_next + mu * m_now


def derive_second_difference() -> sp.Expr:
    """Right-hand side of (2.2): eliminate x from (2.1) by the recursion of the expected read."""
    m_next = sp.Symbol("m_next", real=True)
    iterate = (m - mu * m_before) / (1 - mu)
    step = sp.Eq(m_next, next_read(ASGD.expr.subs(x, iterate), m))
    (solution,) = sp.solve(step, m_next)
    return tidy((solution - 2 * m + m_before) / (eta * (1 - mu)))


def derive_momentum_step() -> sp.Expr:
    r"""(2.3) from (2.2) with :math:`p_k = (m_k-m_{k-1})/\Delta t`."""
    second_difference = explicit(SECOND_DIFFERENCE).subs(m_before, m - dt * p)
    return tidy(p + eta * (1 - mu) / dt * second_difference)


def derive_gradient_difference() -> sp.Expr:
    r"""(2.9) from (2.8): :math:`y_{k+1}` weights the new gradient by :math:`1-\mu` and the old sum by :math:`\mu`."""
    y_next = -scale * (1 - mu) * force + mu * y
    return tidy((y_next - y) / (scale * (1 - mu)))


def derive_split_step() -> sp.Expr:
    """(2.10) from (2.1)."""
    return tidy((ASGD.expr - x) / (eta / scale))


def expected_read_tail(length: int) -> sp.Expr:
    r"""Residual of the recursion of :math:`m_k` on a past of `length` free values that is frozen before them.

    Zero for every `length`: the sum over the past satisfies the recursion exactly.
    """
    past = sp.symbols(f"x0:{length + 1}", real=True)

    def read(history):
        body = sum((1 - mu) * mu**lag * value for lag, value in enumerate(history))
        return body + mu ** len(history) * frozen

    return tidy(read(past) - next_read(past[0], read(past[1:])))


def matching() -> dict[sp.Symbol, sp.Expr]:
    r"""The :math:`\alpha` that gives (2.9) and (2.10) one time step: :math:`\alpha(1-\mu) = \eta/\alpha`."""
    (solution,) = sp.solve(sp.Eq(scale * retention, eta / scale), scale)
    return {scale: solution.subs(retention, 1 - mu)}


def linear_form(curvature: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    r"""Residuals of (2.3) and (2.4) when (2.9)-(2.10) run with :math:`\nabla f(x)=ax`, :math:`y_k=-\alpha a m_k`.

    Both vanish: for linear gradients the two pairs of difference equations are one.
    """
    iterate = m + mu / (1 - mu) * dt * p
    y_now = -alpha * curvature * m
    x_next = iterate + (eta / alpha) * SPLIT_STEP.expr.subs({y: y_now, scale: alpha})
    y_next = y_now + alpha * (1 - mu) * GRADIENT_DIFFERENCE.expr.subs({y: y_now, scale: alpha, force: curvature * x_next})
    m_next = -y_next / (alpha * curvature)
    p_next = (m_next - m) / dt
    momentum_residual = p_next - explicit(MOMENTUM_STEP).subs(force, curvature * m)
    position_residual = m_next - POSITION_STEP.expr.subs(p, p_next)
    return tidy(momentum_residual), tidy(position_residual)
