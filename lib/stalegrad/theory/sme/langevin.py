r"""The stochastic differential equations of the paper, as drift and noise, and what follows from their form.

A model is a `Diffusion`: drift by state variable and noise covariance per unit of time. `force` is
:math:`\nabla f` at the variable that the model evaluates it at.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.ito import Covariance, Drift, adjoint, generator
from stalegrad.theory.sme.iteration import eta_prime, force, momentum
from stalegrad.theory.sme.symbols import M, P, Sigma, X, Y, a, alpha, dt, eta, kappa, mu, tidy, u

temperature = sp.Symbol("theta", positive=True)
friction = sp.Symbol("kappa", positive=True)
noise = sp.Symbol("D", nonnegative=True)
"""Noise covariance per unit of time on the momentum, of a generic Langevin equation."""


@dataclass(frozen=True)
class Diffusion:
    r"""Drift :math:`b` and noise covariance :math:`\sigma\sigma^T` of :math:`ds = b\,dt + \sigma\,dB`."""

    drift: Drift
    covariance: Covariance


def langevin(position, velocity, gradient, damping, strength) -> Diffusion:
    """Underdamped Langevin equation with noise of covariance `strength` on the momentum."""
    return Diffusion({position: velocity, velocity: -gradient - damping * velocity}, {(velocity, velocity): strength})


ASGD_LINEAR = langevin(M, P, a * M, kappa, Sigma * dt)
"""(2.5) for one quadratic mode."""

MSGD = langevin(X, P, a * X, (1 - momentum) / sp.sqrt(eta_prime), Sigma * sp.sqrt(eta_prime))
"""(2.7) for one quadratic mode."""

ASGD_GENERAL = Diffusion({X: Y, Y: -a * X - kappa * Y}, {(X, X): Sigma * eta ** sp.Rational(3, 2) / sp.sqrt(1 - mu)})
"""(2.11) for one quadratic mode."""

ASGD_BATCH = Diffusion(ASGD_GENERAL.drift, {pair: D / (1 + u) for pair, D in ASGD_GENERAL.covariance.items()})
"""(4.2) for one quadratic mode."""

SGD = Diffusion({X: -sp.diff(a * X**2 / 2 + eta / 4 * (a * X) ** 2, X)}, {(X, X): eta * Sigma})
"""(3.3) for one quadratic mode."""

register(
    Formula(
        "SME-2.5",
        {"dP/dt": -force - kappa * P, "dM/dt": P, "noise": sp.sqrt(Sigma) * (eta * (1 - mu)) ** sp.Rational(1, 4)},
        ("P", "eta", "mu", "force", "Sigma"),
    )
)

register(
    Formula(
        "SME-2.7",
        {
            "dP/dt": -force - (1 - momentum) / sp.sqrt(eta_prime) * P,
            "dX/dt": P,
            "noise": sp.sqrt(Sigma) * eta_prime ** sp.Rational(1, 4),
        },
        ("P", "eta_prime", "momentum", "force", "Sigma"),
    )
)

register(
    Formula(
        "SME-2.11",
        {
            "dY/dt": -force - kappa * Y,
            "dX/dt": Y,
            "noise": sp.sqrt(Sigma) * eta ** sp.Rational(3, 4) / (1 - mu) ** sp.Rational(1, 4),
        },
        ("Y", "eta", "mu", "force", "Sigma"),
    )
)

_sampling, _reads = sp.symbols("Sigma_sample Sigma_read", nonnegative=True)
_scale = eta ** sp.Rational(3, 4) / (1 - mu) ** sp.Rational(1, 4)

register(
    Formula(
        "SME-4.2",
        sp.sqrt(_sampling / (1 + u) + _reads) * _scale,
        ("Sigma_sample", "Sigma_read", "eta", "mu", "u"),
        printed=sp.sqrt((_sampling + _reads) / (1 + u)) * _scale,
        lhs="c",
    )
)

_objective = sp.Function("f")(X)

register(
    Formula(
        "SME-3.3",
        -sp.diff(_objective + eta / 4 * sp.diff(_objective, X) ** 2, X),
        (),
        lhs=r"\text{drift}",
    )
)

register(
    Formula(
        "SME-temperature",
        {
            "asgd_friction": kappa,
            "asgd": Sigma * eta / 2,
            "msgd_friction": (1 - momentum) / sp.sqrt(eta_prime),
            "msgd": Sigma * eta_prime / (2 * (1 - momentum)),
        },
        ("Sigma", "eta", "mu", "eta_prime", "momentum"),
    )
)


def noise_coefficient(step_noise: sp.Expr) -> sp.Expr:
    r"""Covariance rate :math:`D` with :math:`D\Delta t` the covariance of one step's noise in ASGD's time."""
    return tidy(step_noise / dt)


def gibbs_residual(potential: sp.Expr) -> sp.Expr:
    """Fokker-Planck operator on exp(-(P^2/2 + potential(M))/theta), divided by that density."""
    model = langevin(M, P, sp.diff(potential, M), friction, noise)
    density = sp.exp(-(P**2 / 2 + potential) / temperature)
    return sp.simplify(adjoint(density, model.drift, model.covariance) / density)


def fluctuation_dissipation() -> sp.Expr:
    """The temperature for which the Gibbs law is stationary, for any potential."""
    (solution,) = sp.solve(gibbs_residual(sp.Function("f")(M)).subs(P, 0), temperature)
    return solution


def temperature_of(model: Diffusion, velocity: sp.Symbol) -> sp.Expr:
    """Temperature of one of the Langevin models above."""
    damping = -sp.diff(model.drift[velocity], velocity)
    return tidy(fluctuation_dissipation().subs({noise: model.covariance[velocity, velocity], friction: damping}))


def change_of_variables(model: Diffusion, new: dict[sp.Symbol, sp.Expr], back: dict[sp.Symbol, sp.Expr]) -> Diffusion:
    """The same process in other coordinates: Itô's formula for each, written in the new symbols.

    Parameters
    ----------
    new : dict of new symbol -> expression in the old ones
    back : dict of old symbol -> expression in the new ones
    """
    drift = {s: tidy(generator(e, model.drift, model.covariance).subs(back, simultaneous=True)) for s, e in new.items()}
    covariance = {}
    for i, first in new.items():
        for j, second in new.items():
            entry = sum(D * sp.diff(first, r) * sp.diff(second, s) for (r, s), D in model.covariance.items())
            if entry != 0:
                covariance[i, j] = tidy(entry)
    return Diffusion(drift, covariance)


def general_as_linear() -> Diffusion:
    r"""(2.11) in the coordinates :math:`M=-Y/(\alpha a)`, :math:`P=(X-M)/\alpha`: it is (2.5)."""
    return change_of_variables(
        ASGD_GENERAL,
        {M: -Y / (alpha * a), P: (X + Y / (alpha * a)) / alpha},
        {X: M + alpha * P, Y: -alpha * a * M},
    )
