r"""Section 5.2: multiplicative noise, :math:`x\mapsto x-\eta\xi x` with :math:`\xi\sim\Gamma(\lambda,\omega)` (thesis of Zhang).

The law of a mini-batch, SGD and momentum SGD here; elastic averaging in `multiplicative_elastic`. One scale drops out of
everything: rates depend on :math:`\eta/\omega` and :math:`\lambda` only.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.symbols import WORKERS, delta, eta, lam, omega, p
from stalegrad.theory.formula import Formula, register

u1, u2 = sp.symbols("u1 u2", positive=True)
"""First and second moment of a Gamma draw."""
xi = sp.Symbol("xi", positive=True)
x, v = sp.symbols("x v", real=True)

MOMENTS = {u1: lam / omega, u2: lam * (lam + 1) / omega**2}
"""u1 and u2 for shape lam and rate omega."""
MSGD_MONOMIALS = (v**2, x**2, v * x)
"""The order of the second moments in (5.30)."""

_USES_GAMMA = ("eta", "lam", "omega", "p")

register(Formula("EASGD-5.22", u1 * x**2, ("x", "lam", "omega"), where=MOMENTS, lhs=r"E[(xu)^2]"))

register(Formula("EASGD-5.23", x - eta * xi * x, ("x", "xi", "eta"), lhs="x_{t+1}"))

register(
    Formula(
        "EASGD-5.24",
        {"mean": lam / omega, "variance": lam / (p * omega**2), "shape": p * lam, "rate": p * omega},
        ("lam", "omega", "p"),
        defaults={"p": 1.0},
        domains=WORKERS,
    )
)

register(Formula("EASGD-5.25", (1 - eta * xi) ** 2 * x**2, ("x", "xi", "eta"), lhs="x_{t+1}^2"))

RATE = register(
    Formula(
        "EASGD-5.26",
        1 - 2 * eta * lam / omega + eta**2 * lam * (p * lam + 1) / (p * omega**2),
        _USES_GAMMA,
        defaults={"p": 1.0},
        lhs=r"E[x_{t+1}^2]/E[x_t^2]",
        domains=WORKERS,
    )
)

BEST_RATE = register(Formula("EASGD-5.27", p * omega / (p * lam + 1), ("lam", "omega", "p"), defaults={"p": 1.0}, lhs=r"\eta_p", domains=WORKERS))

register(
    Formula(
        "EASGD-minibatch-optimal",
        {"eta": BEST_RATE.expr, "sp": 1 / (p * lam + 1)},
        ("lam", "omega", "p"),
        defaults={"p": 1.0},
        domains=WORKERS,
    )
)

DENSITY = register(
    Formula(
        "EASGD-F5.9",
        omega**lam / sp.gamma(lam) * xi ** (lam - 1) * sp.exp(-omega * xi),
        ("xi", "lam", "omega"),
        printed=omega**lam / sp.gamma(omega) * xi ** (lam - 1) * sp.exp(-omega * xi),
        lhs=r"f(\xi)",
    )
)
"""Density of a draw; it is evaluated by its logarithm in `stalegrad.moments.gamma_noise`."""

_moved_v = delta * v - eta * xi * (x + delta * v)
MSGD_UPDATE = {v: _moved_v, x: x + _moved_v}
"""Next velocity and position of (5.28)."""

register(Formula("EASGD-5.28", {"v_{t+1}": _moved_v, "x_{t+1}": x + _moved_v}, ("v", "x", "xi", "eta", "delta")))

_delta_t, _eta_t = delta * (1 - eta * xi), eta * xi

register(
    Formula(
        "EASGD-5.29",
        {
            "v_{t+1}^2": _delta_t**2 * v**2 - 2 * _eta_t * _delta_t * v * x + _eta_t**2 * x**2,
            "x_{t+1}^2": _delta_t**2 * v**2 + (1 - _eta_t) ** 2 * x**2 + 2 * _delta_t * (1 - _eta_t) * v * x,
            "v_{t+1}x_{t+1}": _delta_t**2 * v**2 - _eta_t * (1 - _eta_t) * x**2 + _delta_t * (1 - 2 * _eta_t) * v * x,
        },
        ("v", "x", "xi", "eta", "delta"),
    )
)

_kept = 1 - 2 * eta * u1 + eta**2 * u2
_crossed = -2 * delta * eta * (u1 - eta * u2)

MSGD = register(
    Formula(
        "EASGD-5.30",
        sp.Matrix(
            [
                [delta**2 * _kept, eta**2 * u2, _crossed],
                [delta**2 * _kept, _kept, 2 * delta * (1 - eta * u1) + _crossed],
                [delta**2 * _kept, -eta * u1 + eta**2 * u2, delta * (1 - eta * u1) + _crossed],
            ]
        ),
        ("eta", "delta", "lam", "omega"),
        lhs="M",
        where=MOMENTS,
    )
)
"""One step on (E v^2, E x^2, E vx). A mini-batch of p is the same with p lam and p omega."""

register(
    Formula(
        "EASGD-msgd-slows",
        {"bound": 1 - u1**2 / u2, "slope": 2 * (eta**2 * u2 - eta * u1), "eta": u1 / u2},
        ("eta", "lam", "omega"),
        where=MOMENTS,
    )
)
"""No momentum takes sp(M) below `bound`; at delta = 0 it has the derivative `slope` in delta, which vanishes at `eta`."""


def position_alone() -> sp.Matrix:
    r"""E s s^T after one step of (5.28) from s = (v, x) = (0, 1).

    Less `bound` times the start it is singular and not negative. (5.30) maps covariances to covariances, so every step
    keeps at least the share `bound` of E x^2, whatever delta.
    """
    start = MSGD.expr[:, MSGD_MONOMIALS.index(x**2)]
    velocity, position, cross = start
    return sp.Matrix([[velocity, cross], [cross, position]])
