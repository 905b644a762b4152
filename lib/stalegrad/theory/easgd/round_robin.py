r"""Section 3.3: EASGD and ADMM in the round-robin scheme on :math:`F(x)=x^2/2` without noise.

Workers act one after another; after p turns, a sweep, each has acted once. Both rules are linear, so a sweep is a matrix. Its
eigenvalues follow from one turn: let every quantity be multiplied by :math:`z` a turn. What a worker leaves behind stays until its
next turn, p turns later, when it has to be what its predecessor found, times :math:`z^p`. That gives the characteristic
polynomials below, for any p; the eigenvalues of the sweep are the p-th powers of their roots.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from stalegrad.engine.checks import whole
from stalegrad.theory.easgd.symbols import alpha, eta, rho, z
from stalegrad.theory.formula import Formula, check_domain, register

PAIR = sp.Matrix([[1 - eta - alpha, alpha], [alpha, 1 - alpha]])
"""What a turn of EASGD does to the active worker and the centre."""

psi = sp.Symbol("psi", positive=True)
"""Angle, up to its sign, by which the mode on the edge of stability turns in a sweep."""

_q = 1 - eta
EASGD_EDGE = register(
    Formula(
        "EASGD-3.3-easgd-stability",
        1 / (sp.Rational(1, 2) + (_q - sp.cos(psi)) / (1 - 2 * _q * sp.cos(psi) + _q**2)),
        ("eta", "psi"),
        printed=(4 - 2 * eta) / (4 - eta),
        lhs=r"\alpha_{\max}",
    )
)
r"""Largest stable alpha: :math:`\psi=\pi` for odd p, else the root of `angle_condition`."""

TWO_WORKERS = (_q + sp.sqrt((1 + _q + _q**2) / (2 + _q))) / (1 + _q)
"""The same in closed form for p = 2."""


def easgd_sweep(p: int, eta, alpha, turns: int | None = None) -> np.ndarray:
    r"""Matrix of a sweep of (3.55)-(3.56) on :math:`(x^1,\ldots,x^p,\tilde x)`.

    Parameters
    ----------
    p : int
        Number of workers.
    eta, alpha : number, array (...) or sympy symbol
        Learning rate and moving rate.
    turns : int, optional
        Number of turns, p by default, beginning with worker 1.

    Returns
    -------
    ndarray (..., p + 1, p + 1)

    Examples
    --------
    >>> easgd_sweep(1, 0.5, 0.25).tolist()
    [[0.25, 0.25], [0.25, 0.75]]
    """
    eta, alpha, rows = _rows(p + 1, eta, alpha)
    local, centre = rows[..., :p, :], rows[..., p, :]
    for turn in range(p if turns is None else turns):
        x = local[..., turn % p, :]
        pull = alpha * (x - centre)
        x[...], centre[...] = x - eta * x - pull, centre + pull
    return rows


def admm_sweep(p: int, eta, rho, turns: int | None = None) -> np.ndarray:
    r"""Matrix of a sweep of (3.52)-(3.54) on :math:`(\lambda^1,x^1,\ldots,\lambda^p,x^p,\tilde x)`.

    Parameters
    ----------
    p : int
        Number of workers.
    eta, rho : number, array (...) or sympy symbol
        Learning rate and penalty; multipliers are in units of the penalty.
    turns : int, optional
        Number of turns, p by default, beginning with worker 1.

    Returns
    -------
    ndarray (..., 2 p + 1, 2 p + 1)

    Examples
    --------
    >>> admm_sweep(1, 1.0, 1.0).tolist()
    [[1.0, -1.0, 1.0], [0.5, -0.5, 1.0], [-0.5, 0.5, 0.0]]
    """
    eta, rho, rows = _rows(2 * p + 1, eta, rho)
    multipliers, local, centre = rows[..., 0 : 2 * p : 2, :], rows[..., 1 : 2 * p : 2, :], rows[..., 2 * p, :]
    for turn in range(p if turns is None else turns):
        multiplier, x = multipliers[..., turn % p, :], local[..., turn % p, :]
        multiplier -= x - centre
        x[...] = (x - eta * x + eta * rho * (multiplier + centre)) / (1 + eta * rho)
        centre[...] = (local - multipliers).sum(axis=-2) / p
    return rows


def _rows(size: int, *rates):
    """Rates that act on rows, and an identity matrix for each of them."""
    symbolic = any(isinstance(rate, sp.Basic) for rate in rates)
    rates = np.broadcast_arrays(*(np.asarray(rate, dtype=object if symbolic else float) for rate in rates))
    identity = np.array([[sp.Integer(i == j) for j in range(size)] for i in range(size)]) if symbolic else np.eye(size)
    return *(rate[..., None] for rate in rates), np.broadcast_to(identity, (*rates[0].shape, size, size)).copy()


def easgd_characteristic(p: int) -> sp.Expr:
    r"""Polynomial in z whose roots, to the power p, are the eigenvalues of the EASGD sweep: :math:`(z^p-1+\eta+\alpha)(z-1+\alpha)-\alpha^2`."""
    return (z**p - 1 + eta + alpha) * (z - 1 + alpha) - alpha**2


def admm_characteristic(p: int) -> sp.Expr:
    r"""The same for ADMM; one more eigenvalue is 0.

    With :math:`Z=z^p` and :math:`s=\frac1p(1+z+\dots+z^{p-1})` it is :math:`(Z-1+s)(Z-1+\eta)+\eta\rho Z(Z-s)`.
    """
    power, share = z**p, sum(z**j for j in range(p)) / sp.Integer(p)
    return (power - 1 + share) * (power - 1 + eta) + eta * rho * power * (power - share)


def admm_turn_characteristic(p: int) -> sp.Expr:
    r"""The two eigenvalues, beside 0 and 1, of a single turn of ADMM: the same with :math:`Z=z`, :math:`s=1/p`."""
    share = sp.Rational(1, p)
    return (z - 1 + share) * (z - 1 + eta) + eta * rho * z * (z - share)


def angle_condition(p: int, q: float, angle):
    r""":math:`2\sin\psi-\tan\frac{\psi}{2p}\,(1-2q\cos\psi+q^2)` with :math:`q=1-\eta`: zero where a mode of EASGD with p even has modulus 1."""
    return 2 * np.sin(angle) - np.tan(angle / (2 * p)) * (1 - 2 * q * np.cos(angle) + q * q)


def largest_alpha(p: int, eta: float) -> float:
    r"""Largest alpha for which the EASGD sweep is stable (spectral radius at most 1): EASGD-3.3-easgd-stability.

    For an odd number of workers it is the printed :math:`\frac{4-2\eta}{4-\eta}`; for an even number it is larger.

    Parameters
    ----------
    p : int
        Number of workers.
    eta : float
        Learning rate, 0 < eta <= 2; beyond, no alpha is stable.

    Raises
    ------
    ValueError
        For p that is no whole number of at least 1, or eta outside (0, 2].

    Examples
    --------
    >>> round(largest_alpha(3, 1.0), 6), round(largest_alpha(2, 1.0), 6)
    (0.666667, 0.707107)
    """
    p = whole(p, "p", 1)
    check_domain(eta=eta)
    if eta > 2:
        raise ValueError(f"eta = {eta} must be at most 2; beyond, the round-robin map is unstable for every alpha: choose a smaller eta")
    # At eta = 2 the workers alone are on the edge, and the formula is 0/0.
    return EASGD_EDGE.numeric(eta=eta, psi=_edge_angle(p, 1.0 - eta)) if eta < 2 else 0.0


def _edge_angle(p: int, q: float) -> float:
    if p % 2:
        return float(np.pi)
    from scipy.optimize import brentq  # slow to import

    return brentq(lambda angle: angle_condition(p, q, angle), np.arccos(2 * q / (1 + q * q)), np.pi)


def admm_edge(p: int, angle) -> tuple[np.ndarray, np.ndarray]:
    r"""Where a mode of ADMM has modulus 1: (eta, eta rho) for the mode that turns by `angle` each turn.

    `admm_characteristic` is linear in eta and eta rho, so its real and imaginary parts at :math:`z=e^{i\theta}` are two linear
    equations for them. With eta below 2 there is no other way to lose stability: z = 1 needs eta = 0, z = -1 needs p odd and eta above 2.

    Parameters
    ----------
    p : int
        Number of workers, at least 2.
    angle : array (n,)
        In (0, pi).

    Returns
    -------
    eta, penalty : array (n,)
        Only pairs of positive numbers are points of the edge.
    """
    z = np.exp(1j * np.asarray(angle, dtype=float))
    power = z**p
    share = (power - 1) / (p * (z - 1))
    by_eta, by_penalty = power - 1 + share, power * (power - share)
    constant = -by_eta * (power - 1)
    determinant = _cross(by_eta, by_penalty)
    return _cross(constant, by_penalty) / determinant, _cross(by_eta, constant) / determinant


def _cross(a, b):
    return a.real * b.imag - a.imag * b.real


def admm_centre(t: int, p: int = 3, eta: float = 0.001, rho: float = 2.5, start: float = 1000.0) -> float:
    r"""Centre of ADMM after t turns from :math:`\lambda^i=0,\ x^i=\tilde x=` `start`; the defaults are those of Figure 3.3.

    Raises
    ------
    ValueError
        For t that is no whole number of at least 0, or a rate that is not positive.

    Examples
    --------
    >>> round(admm_centre(3), 3)
    999.297
    """
    t, p = whole(t, "t", 0), whole(p, "p", 1)
    check_domain({"rho": "positive"}, eta=eta, rho=rho, start=start)
    state = admm_start(p, start)
    sweeps, turns = divmod(t, p)
    state = np.linalg.matrix_power(admm_sweep(p, eta, rho), sweeps) @ state
    return float((admm_sweep(p, eta, rho, turns) @ state)[-1])


def admm_start(p: int, start: float) -> np.ndarray:
    """State (2p + 1,) with no multipliers and everything else at `start`."""
    return np.append(np.tile([0.0, start], p), start)
