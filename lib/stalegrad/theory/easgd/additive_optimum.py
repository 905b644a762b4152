r"""Section 5.1.3, second part: the moving rate alpha at which EASGD converges fastest, for given eta and beta.

Reduced system, (5.17). With :math:`D=(1-\eta_h)(1-\beta)-\alpha` the pair (y, centre) has the polynomial of momentum SGD with
:math:`\beta\eta_h` in place of :math:`\eta_h` and D in place of :math:`\delta_h`. Its radius P falls in D until the roots meet at
:math:`D=(\sqrt{\beta\eta_h}-1)^2`, and is :math:`\sqrt D` beyond.

Full system, for p > 1. The differences of the workers add :math:`E=|e|`, :math:`e=1-\alpha-\eta_h`. P and E both fall to one minimum
and rise from there, so the larger of the two is least either at the minimum of P, if P is the larger one there, or where the two are
equal on the way from there to e = 0. (P and E are radii of drifts here.) With :math:`s=\sqrt{\beta\eta_h}`:

- the minimum of P is at :math:`\alpha=-(\sqrt\beta-\sqrt{\eta_h})^2`, where :math:`e=1+\beta-2s`, and
  :math:`e^2-P^2=(\beta-s)(\beta+2-3s)`: it counts exactly for s between :math:`\beta` and :math:`(\beta+2)/3`;
- for s above both, e < 0 there and the pair is complex: :math:`e^2=D=e-\beta(1-\eta_h)`;
- for s below both, e > 0 there and the pair is real: an eigenvalue of the pair is e only at :math:`\alpha=0`, and -e where
  :math:`2e^2+(2-\beta)e-\beta(1-\eta_h)=0`.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.easgd.additive import ONE_CURVATURE, eta_h
from stalegrad.theory.easgd.additive_elastic import CURVATURE
from stalegrad.theory.easgd.symbols import beta, eta
from stalegrad.theory.formula import Formula, register

_RATES = ("eta", "beta", "h")
_POSITIVE = {"beta": "positive"}
s = sp.sqrt(beta * eta_h)

MEETING = -((sp.sqrt(beta) - sp.sqrt(eta_h)) ** 2)
"""alpha of (5.17), where the two roots of the pair meet."""
register(Formula("EASGD-5.17", MEETING, _RATES, defaults=ONE_CURVATURE, lhs=r"\alpha", where=CURVATURE, domains=_POSITIVE))
register(
    Formula("EASGD-easgd-reduced-optimal", {"alpha": MEETING, "sp": (s - 1) ** 2}, _RATES, defaults=ONE_CURVATURE, where=CURVATURE, domains=_POSITIVE)
)

EDGE = (beta + 2) ** 2 / (9 * beta)
r"""(5.17) is optimal for the full system exactly for eta_h between beta and this value.

For beta at most 1 it is also the best learning rate of all, with the radius :math:`(1-\beta)/3`.
"""
COMPLEX = (1 - sp.sqrt(1 + 4 * beta * (eta - 1))) / 2
"""e where it meets the complex pair, from above at e < 0."""
REAL = (beta - 2 + sp.sqrt((2 - beta) ** 2 + 8 * beta * (1 - eta))) / 4
"""e where -e is an eigenvalue of the pair."""

_between = (eta - beta) * (eta - EDGE) <= 0


def _cases(meeting, complex_, free, real) -> sp.Piecewise:
    return sp.Piecewise((meeting, _between), (complex_, eta > beta), (free, eta + beta <= 2), (real, True))


_meeting = MEETING.subs(eta_h, eta)
FULL = register(
    Formula(
        "EASGD-easgd-full-optimal",
        {
            "alpha": _cases(_meeting, 1 - eta - COMPLEX, sp.S.Zero, 1 - eta - REAL),
            "sp": _cases(sp.Abs(sp.sqrt(beta * eta) - 1), -COMPLEX, 1 - eta, REAL),
        },
        ("eta", "beta"),
        printed={
            "alpha": sp.Piecewise((sp.S.Zero, beta > eta), (_meeting, True)),
            "sp": sp.Piecewise(
                (sp.Max(sp.Abs(1 - eta), sp.Abs(1 - beta)), beta > eta),
                (sp.Max(sp.Abs(sp.sqrt(beta * eta) - 1), sp.Abs(1 + beta - 2 * sp.sqrt(beta * eta))), True),
            ),
        },
        domains=_POSITIVE,
    )
)
"""The rates for h = 1, that is with eta for eta_h. "sp" is the radius of M_p of (5.18); printed: what the printed alpha attains."""
