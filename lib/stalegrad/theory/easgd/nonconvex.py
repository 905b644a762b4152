r"""Section 5.3: two wells, and when elastic averaging lets its workers fall into different ones.

With :math:`f(u)=\frac14(1-u^2)^2` and p = 2 workers x, y with centre z, EASGD in Jacobi form with :math:`\alpha=\eta\rho`,
:math:`\beta=2\alpha` is gradient descent on (5.35). All critical points have :math:`z=(x+y)/2` and are known in closed form:

=========== =================================== ================ ==========================
kind        where                               exists for       Hessian
=========== =================================== ================ ==========================
consensus   x = y = 1 or -1                     every rho        minimum
top         x = y = 0                           every rho        index 2; 1 from rho = 1 on
split       x = -y, :math:`x^2=1-\rho`          rho < 1          minimum for rho < 2/3
mixed       :math:`x+y=\pm\sqrt{1-3\rho/2}`,    rho < 2/3        saddle of index 1
            :math:`x-y=\pm\sqrt{1+\rho/2}`
=========== =================================== ================ ==========================

The thesis holds that there are none of the last kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import sympy as sp

from stalegrad.theory.easgd.symbols import rho
from stalegrad.theory.formula import Formula, check_domain, register

x, y, z = sp.symbols("x y z", real=True)
_PENALTY = {"rho": "at least 0"}


def well(u):
    """The objective of one worker, with minima at 1 and -1 and a maximum between them."""
    return (1 - u**2) ** 2 / 4


OBJECTIVE = register(
    Formula("EASGD-5.35", well(x) + well(y) + rho / 2 * (x - z) ** 2 + rho / 2 * (y - z) ** 2, ("x", "y", "z", "rho"), domains=_PENALTY)
)

GRADIENT = register(
    Formula(
        "EASGD-5.36",
        {
            r"\partial/\partial x": (x**2 - 1) * x + rho * (x - z),
            r"\partial/\partial y": (y**2 - 1) * y + rho * (y - z),
            r"\partial/\partial z": rho * (z - x) + rho * (z - y),
        },
        ("x", "y", "z", "rho"),
        domains=_PENALTY,
    )
)

_between = (x + y) / 2
CRITICAL = register(
    Formula(
        "EASGD-5.37",
        {
            r"\partial_x|_{z=(x+y)/2}": (x**2 - 1) * x + rho * (x - _between),
            r"\partial_y|_{z=(x+y)/2}": (y**2 - 1) * y + rho * (y - _between),
        },
        ("x", "y", "rho"),
        domains=_PENALTY,
    )
)

HESSIAN = register(
    Formula(
        "EASGD-5.38",
        sp.Matrix([[3 * x**2 - 1 + rho, 0, -rho], [0, 3 * y**2 - 1 + rho, -rho], [-rho, -rho, 2 * rho]]),
        ("x", "y", "rho"),
        lhs="H",
        domains=_PENALTY,
    )
)

SPLIT = {x: sp.sqrt(1 - rho), y: -sp.sqrt(1 - rho)}
"""The split point; its mirror image exchanges x and y."""

_sum, _gap = sp.sqrt(1 - 3 * rho / 2), sp.sqrt(1 + rho / 2)
MIXED = {x: (_sum + _gap) / 2, y: (_sum - _gap) / 2}
"""One of the four solutions of (5.39); the others have the opposite signs, or x and y exchanged."""

register(Formula("EASGD-5.39", {"x": MIXED[x], "y": MIXED[y]}, ("rho",), domains=_PENALTY))

SMALLEST = register(
    Formula(
        "EASGD-F5.20",
        1 - sp.sqrt(6 * rho**2 - 4 * rho + 1),
        ("rho",),
        lhs=r"\lambda_{\min}(H)",
        domains=_PENALTY,
        requires=((lambda given: given["rho"] <= 1, "rho <= 1, where the split point x = sqrt(1 - rho) is real"),),
    )
)

BARRIER = (2 - 3 * rho) ** 2 / 16
"""How far the mixed points lie above the split ones: what noise has to climb to bring the workers together."""

average = sp.Symbol("m", real=True)
VALLEY = sp.Piecewise(
    (rho - rho**2 / 2 + (2 - 3 * rho) * average**2 - 4 * average**4, 3 * average**2 < 1 - rho),
    (2 * well(average), True),
)
"""The lowest value of (5.35) among states whose workers have the average m: the landscape that the centre moves in."""

LARGEST_STEP = 2 / (1 + sp.sqrt(6 * rho**2 - 4 * rho + 1))
r"""Below this learning rate EASGD with :math:`\beta=2\alpha` stays at the split point wherever that is a minimum."""


class CriticalPoint(NamedTuple):
    """A critical point of (5.35); the centre lies at (x + y) / 2.

    Attributes
    ----------
    x, y : float
    kind : str
        "consensus", "top", "split" or "mixed".
    index : int
        Number of negative eigenvalues of the Hessian (5.38).
    value : float
        The objective there.
    """

    x: float
    y: float
    kind: str
    index: int
    value: float


def critical_points(rho: float) -> list[CriticalPoint]:
    r"""All real critical points of (5.35), by x and then y.

    There are 9 for rho < 2/3, 5 up to rho = 1 and 3 from there on.

    Parameters
    ----------
    rho : float
        Penalty, at least 0.

    Raises
    ------
    ValueError
        For a penalty that is negative or not finite.

    References
    ----------
    Zhang, equations (5.37) to (5.39). Claims EASGD-5.37, EASGD-5.39.

    Examples
    --------
    >>> [(point.kind, point.index) for point in critical_points(0.75)]
    [('consensus', 0), ('split', 1), ('top', 2), ('split', 1), ('consensus', 0)]
    """
    check_domain(_PENALTY, rho=rho)
    rho = float(rho)
    found = [_classified(a, b, kind, rho) for kind, places in _places(rho).items() for a, b in places]
    return sorted(found, key=lambda point: (point.x, point.y))


def _places(rho: float) -> dict[str, list[tuple[float, float]]]:
    places = {"consensus": [(1.0, 1.0), (-1.0, -1.0)], "top": [(0.0, 0.0)]}
    if rho < 1:
        apart = np.sqrt(1 - rho)
        places["split"] = [(apart, -apart), (-apart, apart)]
    if (squared := 1 - 1.5 * rho) > 0:
        total, gap = np.sqrt(squared), np.sqrt(1 + rho / 2)
        places["mixed"] = [((a * total + b * gap) / 2, (a * total - b * gap) / 2) for a in (1, -1) for b in (1, -1)]
    return places


def _classified(a: float, b: float, kind: str, rho: float) -> CriticalPoint:
    curvatures = np.linalg.eigvalsh(HESSIAN.numeric(x=a, y=b, rho=rho))
    value = OBJECTIVE.numeric(x=a, y=b, z=(a + b) / 2, rho=rho)
    return CriticalPoint(float(a), float(b), kind, int(np.sum(curvatures < -1e-12)), value)


def split_penalty(s, q):
    r"""Penalty at which a share q of the workers sits at :math:`-su` and the rest at :math:`u`, for any p.

    From the two equations :math:`u^3-u+\rho q(u-v)=0` and :math:`v^3-v-\rho(1-q)(u-v)=0` with v = -s u:
    :math:`\rho=\frac{s(1-s)}{1-q-qs^3}`, for 0 < s < 1 and q at most one half.
    """
    return s * (1 - s) / (1 - q - q * s**3)


def split_threshold(k: int, p: int) -> float:
    r"""Penalty below which k of p workers can be caught in the other well.

    The objective is that of (1.2) for p workers. A state with k workers on one side and p - k on the other is a minimum up to
    this penalty, and does not exist beyond (or, for k = p/2, is a saddle). Every minimum is of this kind or a consensus.
    The threshold is 2/3 for an even split, and falls to 1/4 for one worker out of many.

    Parameters
    ----------
    k, p : int
        Workers on one side, and in all; 0 < k < p.

    Raises
    ------
    ValueError
        If k is not a whole number between 0 and p.

    Notes
    -----
    The largest value of `split_penalty` over s, where :math:`(1-q)(1-2s)+2qs^3-qs^4=0`. Beyond the thesis, which has p = 2.

    Examples
    --------
    >>> [round(split_threshold(k, p), 4) for k, p in ((1, 2), (1, 3), (1, 4), (2, 4))]
    [0.6667, 0.4052, 0.3496, 0.6667]
    """
    if k != int(k) or p != int(p) or not 0 < k < p:
        raise ValueError(f"k = {k} of p = {p} workers is no split; give whole numbers with 0 < k < p")
    q = min(k, p - k) / p
    if 2 * q == 1:
        return 2 / 3
    roots = np.roots([-q, 2 * q, 0.0, -2 * (1 - q), 1 - q])
    s = next(root.real for root in roots if abs(root.imag) < 1e-9 and 0 < root.real < 1)
    return float(split_penalty(s, q))
