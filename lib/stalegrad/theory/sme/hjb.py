r"""Section 4: the control problem (4.5)-(4.11) for the batch size :math:`1+u`.

Symbols of the derivation: `rate` is :math:`\mathrm{Re}\,\lambda<0`, `level` is :math:`z_\infty` at batch size 1,
`price` is :math:`\gamma/\eta`. The registered formulas keep the shorthands and say what they stand for.
"""

from __future__ import annotations

import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sme.quadratic import STATIONARY_BATCH
from stalegrad.theory.sme.symbols import a, dt, eta, kappa, u

z, t = sp.symbols("z t", real=True)
T = sp.Symbol("T", positive=True)
gamma = sp.Symbol("gamma", positive=True)
Vz = sp.Symbol("Vz", nonnegative=True)

rate = sp.Symbol(r"\operatorname{Re}\lambda", negative=True)
level = sp.Symbol("C", positive=True)
price = gamma / eta
critical = sp.Symbol("gamma^*", positive=True)

RATE = -kappa + sp.sqrt(sp.Max(kappa**2 - 4 * a, 0))
LEVEL = STATIONARY_BATCH.expr.subs(u, 0)
CRITICAL = -rate * level * eta
_in_horizon = ((lambda v: v["t"] <= v["T"], "t <= T"),)


def drift(batch_extra) -> sp.Expr:
    """F(u, z), right-hand side of the constraint in (4.5)."""
    return rate * (z - level / (1 + batch_extra))


GAIN = -Vz * rate * level / price
"""Q in 1 + u* = sqrt(Q): marginal value of noise reduction over price, at u = 0."""

INTERIOR = rate * z * Vz + price * (2 * sp.sqrt(GAIN) - 1)
BOUNDARY = rate * (z - level) * Vz

_decay = sp.exp(rate * (T - t))
SWITCH = sp.log(gamma / critical) / rate
"""t*: the time before the end at which the batch starts to grow, for gamma <= gamma*."""

VALUE_CONSTANT = level + (z - level) * _decay
VALUE_EARLY = (z - level) * _decay - price * (SWITCH - 3 / rate + 4 / rate * sp.sqrt(critical / gamma))
VALUE_LATE = z * _decay - price * (T - t) + 4 * price / rate * sp.sqrt(critical / gamma) * (sp.exp(rate * (T - t) / 2) - 1)


def _cases(constant, early, late) -> sp.Expr:
    return sp.Piecewise((constant, gamma > critical), (early, t <= T - SWITCH), (late, True))


VALUE = _cases(VALUE_CONSTANT, VALUE_EARLY, VALUE_LATE)
VALUE_PRINTED = _cases(VALUE_CONSTANT, (z - level) * _decay - price * (SWITCH + 1 / rate), z * _decay - price * (T - t))
SCHEDULE = _cases(sp.S.Zero, sp.S.Zero, sp.sqrt(critical / gamma) * sp.exp(rate * (T - t) / 2) - 1)

_common = ("eta", "mu", "Sigma", "gamma", "a")
_square = {"a": 2.0}
_second_moment = {"z": "at least 0"}
_where = {critical: CRITICAL, level: LEVEL, rate: RATE}
_path, _time = sp.Function("u"), sp.Symbol("s")

register(Formula("SME-4.5", drift(u), ("z", "u", "eta", "mu", "Sigma", "a"), _square, lhs=r"\frac{dz}{dt}", where=_where, domains=_second_moment))
register(
    Formula(
        "SME-4.6",
        sp.Symbol("z(T)") + price * sp.Integral(_path(_time), (_time, t, T)),
        (),
        lhs=r"V(z,t)=\min_{u\ge0}",
    )
)
_bracket = drift(u) * Vz + price * u
register(
    Formula(
        "SME-4.7",
        {r"-V_t = \min_{u\ge0}": _bracket, "V(z,T)": z, "V(0,t)": VALUE.subs(z, 0)},
        ("z", "Vz", "u", "t", "T", *_common),
        _square,
        printed={r"-V_t = \min_{u\ge0}": _bracket, "V(z,T)": z, "V(0,t)": sp.S.Zero},
        where=_where,
        domains=_second_moment,
        requires=_in_horizon,
    )
)
register(
    Formula(
        "SME-4.8",
        sp.Piecewise((sp.sqrt(GAIN) - 1, GAIN > 1), (0, True)),
        ("Vz", *_common),
        _square,
        lhs="u^*(V_z)",
        where=_where,
    )
)
register(
    Formula(
        "SME-4.9",
        sp.Piecewise((INTERIOR, GAIN > 1), (BOUNDARY, True)),
        ("z", "Vz", *_common),
        _square,
        printed=sp.Piecewise((rate * z * Vz - price, GAIN > 1), (BOUNDARY, True)),
        lhs=r"\min_{u\ge0}\{F V_z+\frac{\gamma}{\eta}u\}",
        where=_where,
        domains=_second_moment,
    )
)
register(
    Formula(
        "SME-4.10",
        VALUE,
        ("z", "t", "T", *_common),
        _square,
        printed=VALUE_PRINTED,
        lhs="V(z,t)",
        where=_where,
        domains=_second_moment,
        requires=_in_horizon,
    )
)
register(Formula("SME-4.11", SCHEDULE, ("t", "T", *_common), _square, lhs="u^*(t)", where=_where, requires=_in_horizon))
register(
    Formula(
        "SME-fig6-transition",
        (T - SWITCH) / dt,
        ("T", *_common),
        _square,
        printed=(T - SWITCH) / eta,
        lhs="k^*",
        where=_where,
    )
)
register(Formula("SME-fig6-batch", sp.sqrt(critical / gamma), _common, _square, lhs="1+u^*(T)", where=_where))


def derive_minimum() -> tuple[sp.Expr, sp.Expr]:
    """Minimiser and minimum of F V_z + price u over u where the derivative vanishes, from calculus alone."""
    objective = drift(u) * Vz + price * u
    batch = sp.Symbol("n", positive=True)
    (root,) = [r for r in sp.solve(sp.diff(objective, u).subs(u, batch - 1), batch) if r.is_nonnegative]
    return root - 1, sp.simplify(objective.subs(u, root - 1))


def derive_value() -> tuple[sp.Expr, sp.Expr]:
    """The two branches of V for gamma <= gamma*, integrated backwards from V(z, T) = z along V_z = exp(rate (T - t)).

    V = z V_z + h(t), and (4.7) leaves h' = -(minimum - rate z V_z).
    """
    s = sp.Symbol("s", real=True)
    late_source = (INTERIOR - rate * z * Vz).subs(Vz, sp.exp(rate * (T - s)))
    early_source = (BOUNDARY - rate * z * Vz).subs(Vz, sp.exp(rate * (T - s)))
    start = T - SWITCH
    late = sp.integrate(sp.powdenest(sp.expand(late_source), force=True), (s, t, T))
    early = sp.integrate(early_source, (s, t, start)) + late.subs(t, start)
    return z * _decay + early, z * _decay + late


def residual(value: sp.Expr, minimum: sp.Expr) -> sp.Expr:
    """V_t plus the minimised Hamiltonian at V_z: zero for a solution of (4.7)."""
    return sp.diff(value, t) + minimum.subs(Vz, sp.diff(value, z))
