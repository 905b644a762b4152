r"""Section 5.1.3, first part: EASGD with additive noise, (5.9) to (5.16), (5.18) and (5.19).

The spatial average y and the centre form a system of their own: no difference between workers enters it. So the second moments
of y and of the centre obey (5.12) exactly, for any p, whether or not the differences of the workers, which have the eigenvalue
:math:`1-\alpha-\eta_h` of (5.18), die out.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.additive import NAMES, ONE_CURVATURE, UNIT_NOISE, UNITS, centre, eta_h, x, xi, y
from stalegrad.theory.easgd.symbols import WORKERS, alpha, beta, eta, h, p
from stalegrad.theory.formula import Formula, register

CURVATURE = {eta_h: eta * h}
"""The shorthand of formulas without momentum."""
RATES = ("eta", "alpha", "beta", "h")
_NOISY = ("eta", "alpha", "beta", "h", "sigma", "p")
_DEFAULTS = {**UNITS, "p": 1.0}
_keep = 1 - eta_h - alpha

_worker = x - eta * (h * x - xi) + alpha * (centre - x)
WORKER = register(
    Formula(
        "EASGD-5.9",
        {"x^i_{t+1}": _worker, r"\tilde x_{t+1}": centre + beta * (y - centre)},
        ("x", "y", "centre", "xi", *RATES),
        names={**NAMES, "x": "x^i_t", "xi": r"\xi^i_t", "y": r"\tfrac1p\textstyle\sum_ix^i_t"},
    )
)
REDUCED = register(
    Formula(
        "EASGD-5.10",
        {"y_{t+1}": _worker.subs(x, y), r"\tilde x_{t+1}": centre + beta * (y - centre)},
        ("y", "centre", "xi", *RATES),
        names=NAMES,
    )
)
_next_y, _next_centre = _keep * y + alpha * centre + eta * xi, (1 - beta) * centre + beta * y
SQUARES = register(
    Formula(
        "EASGD-5.11",
        {"y_{t+1}^2": _next_y**2, r"y_{t+1}\tilde x_{t+1}": _next_y * _next_centre, r"\tilde x_{t+1}^2": _next_centre**2},
        ("y", "centre", "xi", *RATES),
        where=CURVATURE,
        names=NAMES,
    )
)

DRIFT = sp.Matrix([[_keep, alpha], [beta, 1 - beta]])
"""Drift of (y, centre)."""
MATRIX = sp.Matrix(
    [
        [_keep**2, 2 * alpha * _keep, alpha**2],
        [_keep * beta, _keep * (1 - beta) + alpha * beta, alpha * (1 - beta)],
        [beta**2, 2 * beta * (1 - beta), (1 - beta) ** 2],
    ]
)
"""M of (5.12), on the second moments of (y, centre)."""
CONSTANT = sp.Matrix([UNIT_NOISE / p, 0, 0])
register(Formula("EASGD-5.12", {"matrix": MATRIX, "constant": CONSTANT}, _NOISY, defaults=_DEFAULTS, where=CURVATURE, domains=WORKERS))

FLIP = (2 - beta) * (2 - eta_h) - 2 * alpha
r"""det(1 + drift): positive until an eigenvalue of the drift reaches -1."""
DETERMINANT = (1 - eta_h) * (1 - beta) - alpha
r"""det(drift), which is z_1 of (5.16) and c of (5.19)."""
_below_one = alpha + beta + eta_h * (1 - beta)
_unit = UNIT_NOISE / p / (FLIP * _below_one)
STATIONARY_Y = ((2 - beta) * (1 - beta) * eta_h + beta * (2 - alpha - beta)) / eta_h * _unit
STATIONARY = {
    "y2": STATIONARY_Y,
    "yx": beta * ((2 - beta) * (1 - eta_h) - alpha) / eta_h * _unit,
    "x2": (-beta * (1 - beta) * eta_h + beta * (2 - alpha - beta)) / eta_h * _unit,
}
_LABELS = {"y2": r"\underline{y}^2_\infty", "yx": r"\underline{y\tilde x}_\infty", "x2": r"\underline{\tilde x}^2_\infty"}
register(Formula("EASGD-5.13", STATIONARY_Y, _NOISY, defaults=_DEFAULTS, lhs=_LABELS["y2"], where=CURVATURE, domains=WORKERS))
register(Formula("EASGD-5.14", STATIONARY, _NOISY, defaults=_DEFAULTS, where=CURVATURE, domains=WORKERS))

CONDITION = register(
    Formula(
        "EASGD-5.15",
        {"first": eta_h, "second": beta, "third": FLIP, "fourth": (2 - alpha - beta - eta_h + beta * eta_h) / _below_one},
        RATES,
        defaults=ONE_CURVATURE,
        where=CURVATURE,
    )
)

B_SECOND = ((alpha - (1 - eta_h - beta)) ** 2 + 1 - 2 * beta * eta_h) / 2
"""b of (5.16)."""
_root = sp.sqrt(B_SECOND**2 - DETERMINANT**2)
SECOND_EIGENVALUES = register(
    Formula("EASGD-5.16", {"z_1": DETERMINANT, "z_2": B_SECOND - _root, "z_3": B_SECOND + _root}, RATES, defaults=ONE_CURVATURE, where=CURVATURE)
)

B_FIRST = (2 - beta - eta_h - alpha) / 2
"""b of (5.19)."""
_first_root = sp.sqrt(B_FIRST**2 - DETERMINANT)
FIRST_EIGENVALUES = register(
    Formula("EASGD-5.19", {"z_1": _keep, "z_2": B_FIRST - _first_root, "z_3": B_FIRST + _first_root}, RATES, defaults=ONE_CURVATURE, where=CURVATURE)
)


def drift_matrix(n_workers: int) -> sp.Matrix:
    """M_p of (5.18): drift of (x^1, ..., x^p, centre), for p = `n_workers`."""
    matrix = sp.diag(*[_keep] * n_workers, 1 - beta)
    for worker in range(n_workers):
        matrix[worker, n_workers] = alpha
        matrix[n_workers, worker] = beta / n_workers
    return matrix


register(Formula("EASGD-5.18", drift_matrix(2), RATES, defaults=ONE_CURVATURE, where=CURVATURE, lhs="M_2"))
