"""Difference equations (2.2)-(2.4), (2.8)-(2.10), (5.2): derived again, and run as numbers."""

import numpy as np
import pytest
import sympy as sp

from stalegrad.theory import formula
from stalegrad.theory.sme import iteration as it
from stalegrad.theory.sme.symbols import a, alpha, dt, eta, mu, vanishes


@pytest.mark.claim("SME-2.2", "proved")
def test_second_difference_follows_from_the_iteration():
    assert vanishes(it.derive_second_difference() - it.explicit(it.SECOND_DIFFERENCE))


@pytest.mark.claim("SME-2.3", "proved")
@pytest.mark.claim("SME-2.4", "proved")
def test_momentum_form_follows_from_the_second_difference():
    assert vanishes(it.derive_momentum_step() - it.explicit(it.MOMENTUM_STEP))
    before = it.m - dt * it.p
    m_next = it.explicit(it.SECOND_DIFFERENCE).subs(it.m_before, before) * eta * (1 - mu) + 2 * it.m - before
    assert vanishes(m_next - it.POSITION_STEP.expr.subs(it.p, it.explicit(it.MOMENTUM_STEP)))


@pytest.mark.claim("SME-2.8", "definition")
@pytest.mark.parametrize("length", [1, 2, 4])
def test_geometric_average_satisfies_its_recursion(length):
    assert it.expected_read_tail(length) == 0


@pytest.mark.claim("SME-2.9", "proved")
@pytest.mark.claim("SME-2.10", "proved")
def test_recursion_of_y_and_split_step():
    assert vanishes(it.derive_gradient_difference() - it.GRADIENT_DIFFERENCE.expr)
    assert vanishes(it.derive_split_step() - it.SPLIT_STEP.expr)


@pytest.mark.claim("SME-2.11", "proved")
def test_one_time_step_fixes_alpha_and_dt():
    matched = it.matching()[it.scale]
    assert vanishes(matched - alpha)
    assert vanishes(matched * (1 - mu) - dt)
    assert vanishes(eta / matched - dt)


@pytest.mark.claim("SME-linear-equivalence", "proved")
def test_linear_gradients_make_the_two_pairs_one():
    assert all(vanishes(residual) for residual in it.linear_form(a))


@pytest.mark.claim("SME-5.2", "proved")
def test_scaled_heavy_ball_is_heavy_ball():
    plain, scaled = (list(entry.expr.values()) for entry in (it.HEAVY_BALL, it.HEAVY_BALL_SCALED))
    scaled = [it.HEAVY_BALL_SCALED.written_out(part) for part in scaled]
    assert sp.simplify(plain[0] / sp.sqrt(it.eta_prime) - scaled[0]) == 0
    assert sp.simplify(plain[1] - scaled[1]) == 0


@pytest.mark.claim("SME-2.2", "exact")
@pytest.mark.claim("SME-2.3", "exact")
@pytest.mark.claim("SME-2.9", "exact")
@pytest.mark.claim("SME-2.10", "exact")
def test_identities_hold_along_a_run_with_arbitrary_gradients(check):
    """No gradient is assumed linear: `drawn` is any sequence, m and y are sums over the frozen past."""
    rate, share, steps = 0.05, 0.8, 40
    rng = np.random.default_rng(1)
    drawn, x = rng.normal(size=steps), np.zeros(steps + 1)
    for k in range(steps):
        x[k + 1] = formula("SME-2.1").numeric(x=x[k], eta=rate, drawn=drawn[k])

    def average(values, k):
        return (1 - share) * sum(share**lag * values[k - lag] for lag in range(k + 1)) + share ** (k + 1) * values[0]

    m = np.array([average(x, k) for k in range(steps + 1)])
    slope, width = np.sin(x), np.sqrt(rate * (1 - share))
    y = np.array([-rate / width * average(slope, k) for k in range(steps + 1)])
    p = np.diff(m, prepend=m[0]) / width
    gaps = []
    for k in range(1, steps):
        second = (m[k + 1] - 2 * m[k] + m[k - 1]) / (rate * (1 - share))
        gaps.append(second - formula("SME-2.2").numeric(m=m[k], m_before=m[k - 1], eta=rate, force=slope[k], drawn=drawn[k]))
        gaps.append(p[k + 1] - formula("SME-2.3").numeric(p=p[k], eta=rate, mu=share, force=slope[k], drawn=drawn[k]))
        gaps.append((y[k + 1] - y[k]) / width - formula("SME-2.9").numeric(y=y[k], alpha=rate / width, force=slope[k + 1]))
        gaps.append((x[k + 1] - x[k]) / width - formula("SME-2.10").numeric(y=y[k], alpha=rate / width, drawn=drawn[k]))
    check("largest gap in the four identities along a run", np.abs(gaps).max(), 0.0, 1e-11)
