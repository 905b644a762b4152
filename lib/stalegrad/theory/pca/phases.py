r"""Propositions 6, 8 and 10: the times T_3, T_2, T_1 of the three phases, and the counts N of rounds of tau updates.

Times are in units of t = k eta. Derivations, with g = lambda_1 - lambda_2 and mu the momentum:

- Phase III. :math:`E\sum_{i\ge2}H_i(T)^2\le\delta^2e^{-2gT/(1-\mu)}+\frac{\eta\phi}{2(1-\mu)g}`, and Markov's inequality gives the probability 3/4
  if this is at most :math:`\epsilon/4`.
- Phase II. On the flow :math:`\frac{1-H_1^2}{H_1^2}` falls at least like :math:`e^{-2gT/(1-\mu)}`; from :math:`H_1^2=\delta^2` to
  :math:`1-\delta^2` it has to fall by the factor :math:`(\frac{\delta^2}{1-\delta^2})^2`.
- Phase I. U(T) is normal with mean 0 and the variance of `diffusion.SADDLE`; :math:`P(\eta U^2\ge\delta^2)=1-\nu` is solved for T.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from scipy.special import ndtr, ndtri

from stalegrad.theory.formula import Formula, check_domain, register
from stalegrad.theory.pca import symbols
from stalegrad.theory.pca.symbols import alpha2, delta2, eps, eta, gap, momentum, phi

_unit = (1 - momentum) / (2 * gap)
_pull = (1 - momentum) * gap
_half = sp.Rational(1, 2)
quantile = sp.Symbol("q", positive=True)
"""Phi^{-1}((1 + nu) / 2) in T_1."""
gamma, pace = sp.Symbol("gamma", nonnegative=True), sp.Symbol("pace", positive=True)
"""Exponent of eta in the paper's delays, and the constant under it: lambda_1 + C_d, or lambda_1 in phase II."""

_shared = {"names": {**symbols.NAMES, "q": r"\Phi^{-1}\left(\tfrac{1+\nu}{2}\right)", "alpha2": r"\alpha_{12}^2"}}


def _positive(values) -> bool:
    return np.all((1.0 - values["momentum"]) * values["gap"] * values["eps"] > 2.0 * values["eta"] * values["phi"])


T3 = register(
    Formula(
        "PCA-P6",
        _unit * sp.log(4 * _pull * delta2 / (_pull * eps - 2 * eta * phi)),
        ("eta", "momentum", "gap", "delta2", "eps", "phi"),
        printed=_unit * sp.log(_pull * delta2 / (_pull * eps - 2 * eta * phi)),
        lhs="T_3",
        requires=((_positive, "2 eta phi < (1 - momentum) gap eps, without which eps is below the noise floor"),),
        domains={**symbols.POSITIVE, "delta2": "positive"},
        **_shared,
    )
)

T2 = register(
    Formula(
        "PCA-P8",
        2 * _unit * sp.log((1 - delta2) / delta2),
        ("momentum", "gap", "delta2"),
        printed=_unit * sp.log((1 - delta2) / delta2),
        lhs="T_2",
        requires=((lambda v: np.all((v["delta2"] > 0) & (v["delta2"] < 1)), "0 < delta2 < 1"),),
        domains=symbols.POSITIVE,
        **_shared,
    )
)

T1 = register(
    Formula(
        "PCA-P10",
        _unit * sp.log(2 * _pull * delta2 / (eta * quantile**2 * alpha2) + 1),
        ("eta", "momentum", "gap", "delta2", "q", "alpha2"),
        lhs="T_1",
        domains={**symbols.POSITIVE, "delta2": "positive", "q": "positive"},
        **_shared,
    )
)


def escape_time(eta, momentum, lam, delta2, nu, alpha2) -> float:
    """T_1 of Proposition 10, from its own arguments (claim PCA-P10); exact for the linear equation from the saddle e_2.

    Parameters
    ----------
    eta, momentum : float
    lam : sequence of float
        Eigenvalues.
    delta2 : float
        What (H_1)^2 has to reach.
    nu : float
        Probability, in (0, 1), of not having reached it at T_1.
    alpha2 : float
        alpha_12 squared, E[Y_1^2 Y_2^2].

    Examples
    --------
    >>> round(escape_time(0.001, 0.5, [2.0, 1.0], 0.01, 0.1, 2.0), 3)
    1.44
    """
    check_domain({"nu": "positive"}, nu=nu)
    if nu >= 1:
        raise ValueError(f"nu = {nu!r} must be below 1; give the probability of not having escaped")
    q = float(ndtri((1.0 + nu) / 2.0))
    return T1.numeric(eta=eta, momentum=momentum, gap=symbols.eigengap(lam), delta2=delta2, q=q, alpha2=alpha2)


def within(T, eta, momentum, gap, delta2, eps, alpha2) -> float:
    r"""P(H_2(T)^2 <= eps) for d = 2 by the linear equation (8) from :math:`H_2(0)^2=\delta^2`, exact (claim PCA-P6).

    Examples
    --------
    >>> round(within(10.0, 1e-6, 0.0, 1.0, 0.01, 1e-6, 2.0), 3)
    0.683
    """
    decay = math.exp(-gap * T / (1.0 - momentum))
    spread = math.sqrt(eta * alpha2 / (2.0 * (1.0 - momentum) * gap) * (1.0 - decay**2))
    mean, edge = math.sqrt(delta2) * decay, math.sqrt(eps)
    return float(ndtr((edge - mean) / spread) - ndtr((-edge - mean) / spread))


def conventions() -> dict[str, sp.Expr]:
    r"""The step sizes of Propositions 6 and of 8 and 10, without their constants.

    Phase III has :math:`(1-\mu)\epsilon g/\phi`, the others :math:`\epsilon g/\phi`: one run has one step size.
    """
    return {"III": (1 - momentum) * eps * gap / phi, "I and II": eps * gap / phi}


def delay_bound(exponent=_half) -> sp.Expr:
    """The paper's delay (1 - mu)^2 / (pace eta^(exponent - gamma)); exponent 1/2 near stationary points, 1 between them."""
    return (1 - momentum) ** 2 / (pace * eta ** (exponent - gamma))


def rounds(time: sp.Expr, exponent=_half) -> sp.Expr:
    """N = T / (eta tau) with the paper's delay: iterations over tau, so a count of rounds and not of updates (claims PCA-P6, P8, P10)."""
    return time / (eta * delay_bound(exponent))


def paper_delay(eta: float, momentum: float, rate: float, power: float, exponent: float = 0.5) -> float:
    r"""The paper's delay as a number of updates, with the constant 1 for :math:`\asymp`: :math:`(1-\mu)^2/(c\,\eta^{e-\gamma})`.

    Parameters
    ----------
    eta, momentum : float
    rate : float
        c: :math:`\lambda_1+C_d` in phases I and III, :math:`\lambda_1` in phase II.
    power : float
        gamma, above 0 and at most `exponent`.
    exponent : float
        e: 1/2 in phases I and III, 1 in phase II.

    Examples
    --------
    >>> round(paper_delay(0.0005, 0.7, 4.0, 0.1), 3)
    0.471
    """
    check_domain({"rate": "positive", "power": "positive"}, eta=eta, momentum=momentum, rate=rate, power=power)
    if not power <= exponent:
        raise ValueError(f"power = {power!r} must be at most exponent = {exponent}; the paper's gamma is no larger")
    return (1.0 - momentum) ** 2 / (rate * eta ** (exponent - power))


def n_rounds(T: float, eta: float, tau: float) -> float:
    """N_1, N_2 or N_3 from T_1, T_2 or T_3: T / (eta tau), iterations over a delay, so rounds of tau updates (claims PCA-P6, P8, P10).

    Examples
    --------
    >>> round(n_rounds(1.5, 0.001, 30))
    50
    """
    check_domain({"T": "at least 0", "tau": "positive"}, T=T, eta=eta, tau=tau)
    return T / (eta * tau)
