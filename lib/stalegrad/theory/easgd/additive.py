r"""Section 5.1.1: SGD with mini-batches on a quadratic with additive Gaussian noise.

The shorthands :math:`\eta_h=\eta h` and :math:`\delta_h=\delta(1-\eta_h)` serve the whole section. Momentum (5.1.2) is in
`additive_momentum`, EASGD (5.1.3) in `additive_elastic`, its optimal rates in `additive_optimum`, EAMSGD in
`additive_eamsgd`. Numbers on grids are in `stalegrad.moments.additive_noise`.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.symbols import delta, eta, h, p, sigma
from stalegrad.theory.formula import Formula, register

x, v, y, centre, xi = sp.symbols("x v y centre xi", real=True)
"""Iterate, velocity, spatial average of the workers, centre variable, noise."""
x2 = sp.Symbol("x2", nonnegative=True)
eta_h, delta_h = sp.symbols("eta_h delta_h", real=True)

SHORTHANDS = {delta_h: delta * (1 - eta_h), eta_h: eta * h}
"""For `Formula(..., where=SHORTHANDS)`."""
ONE_CURVATURE = {"h": 1.0}
UNITS = {"h": 1.0, "sigma": 1.0}
"""Defaults: the curvature of every figure of the section, and noise that only sets a scale."""
NAMES = {"x": "x_t", "y": "y_t", "v": "v_t", "xi": r"\xi_t", "centre": r"\tilde x_t", "x2": r"\mathbb{E}x_t^2"}
UNIT_NOISE = eta**2 * sigma**2
"""Variance that one gradient adds in one step."""

register(Formula("EASGD-5.1", (h**2 * x**2 + sigma**2) / (2 * h), ("x", "h", "sigma"), printed=h**2 * x**2 + sigma**2, lhs="F(x)"))

UPDATE = register(Formula("EASGD-5.2", x - eta * (h * x - xi), ("x", "xi", "eta", "h"), lhs="x_{t+1}", names=NAMES))

SECOND_MOMENT = register(
    Formula(
        "EASGD-5.3",
        (1 - eta * h) ** 2 * x2 + UNIT_NOISE,
        ("x2", "eta", "h", "sigma"),
        lhs=r"\mathbb{E}x_{t+1}^2",
        names=NAMES,
        domains={"x2": "at least 0"},
    )
)

STATIONARY = UNIT_NOISE / (p * (1 - (1 - eta * h) ** 2))
r"""Stationary variance with mini-batches of p, where :math:`0<\eta h<2`."""

OU_STATIONARY = eta * sigma**2 / (2 * h)
r"""Stationary variance of :math:`dX=-hX\,dt+\sqrt\eta\,\sigma\,dB`: half the noise power over the curvature."""
