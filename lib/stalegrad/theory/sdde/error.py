r"""Section 3.2: what Theorems 3.2 and 3.4 bound, with their constants written out, and what is true.

All bounds here are for the noise part :math:`E\|x_K-\tilde x_K\|` between the algorithm and the Euler scheme at
:math:`\eta=1/K`, i.e. time 1; `s2` is the largest trace of the covariance of one component gradient, so the noise of one
step enters the proofs with :math:`\Phi=2\sqrt{s_2}`.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from stalegrad.theory.formula import Formula, register
from stalegrad.theory.sdde.symbols import K, L, b, l

s2 = sp.Symbol("s2", nonnegative=True)
PHI = 2 * sp.sqrt(s2)
_BOUNDED = r"\text{bound of }E\|x_K-\tilde x_K\|"
_NAMES = {"s2": "s_2"}
_DOMAINS = {"L": "positive", "l": "at least 0", "b": "positive", "K": "positive"}

RANDOM = register(
    Formula(
        "SDDE-T3.2",
        PHI / sp.sqrt(b) * (1 + 4 * sp.exp(L * (l + 1)) / (L * (l + 1))),
        ("L", "l", "b", "s2"),
        lhs=_BOUNDED,
        names=_NAMES,
        domains=_DOMAINS,
    )
)

CONSTANT = register(
    Formula("SDDE-T3.4", 4 * PHI * sp.exp(L) / sp.sqrt(b) * (1 / K + 1 / L), ("L", "K", "b", "s2"), lhs=_BOUNDED, names=_NAMES, domains=_DOMAINS)
)

SERIAL = register(Formula("SDDE-C3.3", PHI / sp.sqrt(b) * (1 + 4 * sp.exp(L) / L), ("L", "b", "s2"), lhs=_BOUNDED, names=_NAMES, domains=_DOMAINS))

SHARP = register(
    Formula(
        "SDDE-sharp-error",
        {
            "recursion": PHI / sp.sqrt(b) * (sp.exp(L) - 1) / L,
            "martingale": 2 * sp.sqrt(2 * s2 / (b * K)) * sp.exp(L),
        },
        ("L", "K", "b", "s2"),
        names=_NAMES,
        domains=_DOMAINS,
    )
)
"""Two bounds for any law of the delay: the paper's recursion without its loss, and Doob's inequality for the summed noise."""


def closed_sum(r, k) -> sp.Expr:
    r"""Closed form of :math:`\sum_{j=0}^{k-2}(1+r)^j(k-1-j)`, the sum in the proof of Theorem 3.2."""
    return ((1 + r) ** k - 1 - k * r) / r**2


def extremal(law, rate: float, n_steps: int) -> np.ndarray:
    r"""Largest sequence that the recursion of the proofs allows, in units of the noise of one step.

    :math:`A_{k+1}=A_k+\eta L\sum_jq_jA_{k-j}+1`, :math:`A_i=0` for :math:`i\le0`; `rate` is :math:`\eta L`,
    `law` the probabilities :math:`q_0,q_1,\dots`.

    Examples
    --------
    >>> float(extremal([1.0], 0.5, 3)[3])
    4.75
    """
    reversed_law = np.asarray(law, float)[::-1]
    lags = len(reversed_law)
    values = np.zeros(lags + n_steps)
    for k in range(lags - 1, lags - 1 + n_steps):
        values[k + 1] = values[k] + rate * reversed_law @ values[k - lags + 1 : k + 1] + 1.0
    return values[lags - 1 :]


def first_block(rate: float, l: int) -> dict[str, float]:  # noqa: E741
    r"""Sum :math:`A_1+\dots+A_l` for the constant delay `l`, in units of the noise of one step, beside what the proof of Theorem 3.4 claims.

    Before step `l` both sides read the same past. So the recursion allows :math:`A_k=k`, and the distances themselves are
    those of two sums of independent noise: :math:`A_k=\sqrt{k/\pi}` if both are normal.

    Examples
    --------
    >>> found = first_block(0.001, 1000)
    >>> round(found["normal"]), round(found["claimed"])
    (11903, 5437)
    """
    return {
        "recursion": l * (l + 1) / 2,
        "normal": float(np.sqrt(np.arange(1, l + 1) / np.pi).sum()),
        "claimed": 2 * (1 + rate) ** l / float(np.log1p(rate)),
    }
