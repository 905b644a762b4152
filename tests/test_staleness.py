"""Laws of the staleness: probabilities, tails, means, cuts; and what they refuse."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalegrad import staleness

mus = st.floats(0.0, 0.999)
LAWS = st.one_of(
    st.just(staleness.none()),
    st.integers(0, 50).map(staleness.constant),
    mus.map(staleness.geometric),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: staleness.uniform(min(ends), max(ends))),
    st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(any).map(staleness.empirical),
    st.lists(st.integers(0, 60), min_size=1, max_size=40).map(staleness.from_samples),
    st.tuples(st.floats(0.0, 1.0), mus, mus).map(lambda p: staleness.mixture([p[0], 1.0 - p[0]], p[1:])),
)


@settings(deadline=None)
@given(LAWS)
def test_pmf_tail_and_mean_agree(law):
    lags = np.arange(law.max + 1)
    pmf, tail = law.pmf(lags), law.tail(lags)
    assert (pmf >= 0).all()
    assert pmf.sum() + law.truncation_bias == pytest.approx(1.0, abs=1e-11)
    assert tail[0] == pytest.approx(1.0, abs=1e-15)
    assert tail[:-1] - tail[1:] == pytest.approx(pmf[:-1], abs=1e-12)
    # E tau = sum over l >= 1 of P(tau >= l); the lags beyond the cut hold at most 2^-31 of probability
    slowest = max(law.mus, default=0.0)
    beyond = law.truncation_bias / (1.0 - slowest)
    assert tail[1:].sum() == pytest.approx(law.mean, rel=1e-11, abs=beyond + 1e-11)


@settings(deadline=None)
@given(LAWS)
def test_the_cut_is_as_stated(law):
    assert law.table.sum() == pytest.approx(1.0, abs=1e-12)
    assert len(law.table) == law.max + 1
    assert law.truncation_bias <= staleness.TAIL
    distance = 0.5 * np.abs(law.table - law.pmf(np.arange(law.max + 1))).sum() + 0.5 * law.truncation_bias
    assert distance == pytest.approx(law.truncation_bias, abs=1e-11)


@pytest.mark.claim("SME-A1", "definition")
@pytest.mark.parametrize("mu", [0.5, 0.9, 0.95, 0.97, 0.995])
def test_geometric_law(mu, check):
    law = staleness.geometric(mu)
    lags = np.arange(200)
    check(
        "P(tau = l) against (1 - mu) mu^l, by repeated multiplication", law.pmf(lags), (1 - mu) * np.cumprod(np.append(1.0, np.full(199, mu))), 1e-14
    )
    check("mean against mu / (1 - mu)", law.mean, mu / (1 - mu), 1e-10)
    assert mu ** (law.max + 1) <= staleness.TAIL < mu**law.max


def test_geometric_zero_is_none():
    assert staleness.geometric(0.0).table.tolist() == staleness.none().table.tolist() == [1.0]


def test_mixture_is_the_mixture_of_its_parts():
    lags = np.arange(100)
    parts = [staleness.geometric(mu).pmf(lags) for mu in (0.5, 0.9)]
    assert staleness.mixture([0.25, 0.75], [0.5, 0.9]).pmf(lags) == pytest.approx(0.25 * parts[0] + 0.75 * parts[1], abs=1e-16)


def test_finite_laws():
    assert staleness.uniform(2, 4).table.tolist() == [0.0, 0.0, 1 / 3, 1 / 3, 1 / 3]
    assert staleness.empirical([0, 3, 1, 0, 0]).table.tolist() == [0.0, 0.75, 0.25]
    assert staleness.from_samples([1, 1, 2, 1]).table.tolist() == [0.0, 0.75, 0.25]
    assert staleness.empirical([1e308] * 4).table.tolist() == [0.25] * 4
    law = staleness.constant(4)
    assert (law.mean, law.max, law.truncation_bias) == (4.0, 4, 0.0)
    assert law.pmf(7) == 0.0 and law.tail(4) == 1.0 and law.tail(5) == 0.0 and law.tail(9) == 0.0


def test_laws_travel_and_do_not_change():
    law = staleness.geometric(0.9)
    assert (pickle.loads(pickle.dumps(law)).table == law.table).all()
    assert repr(law) == "geometric(0.9)"
    with pytest.raises(ValueError, match="read-only"):
        law.table[0] = 1.0


REFUSED = [
    (lambda: staleness.geometric(1.0), "mu=1.0 must lie in [0, 1)"),
    (lambda: staleness.geometric(-0.1), "mu=-0.1 must lie in [0, 1)"),
    (lambda: staleness.geometric(float("nan")), "mu=nan must lie in [0, 1)"),
    (lambda: staleness.geometric(1 - 1e-9), "take mu further from 1"),
    (lambda: staleness.constant(-1), "lag=-1.0 must be a whole number"),
    (lambda: staleness.constant(1.5), "lag=1.5 must be a whole number"),
    (lambda: staleness.constant([1, 2]), "one whole number"),
    (lambda: staleness.uniform(3, 2), "low must not exceed high"),
    (lambda: staleness.uniform(-3, 2), "low=-3.0"),
    (lambda: staleness.empirical([]), "shape (0,)"),
    (lambda: staleness.empirical([0, 0]), "cannot be normalised"),
    (lambda: staleness.empirical([1, -2]), "contains -2.0"),
    (lambda: staleness.empirical([1, float("inf")]), "contains inf"),
    (lambda: staleness.from_samples([]), "empty"),
    (lambda: staleness.from_samples([1, -2]), "lag=-2.0"),
    (lambda: staleness.from_samples([1, 2.5]), "lag=2.5"),
    (lambda: staleness.mixture([0.5, 0.6], [0.1, 0.2]), "sum to 1"),
    (lambda: staleness.mixture([1.5, -0.5], [0.1, 0.2]), "not be negative"),
    (lambda: staleness.mixture([1.0], [0.1, 0.2]), "one weight for each mu"),
    (lambda: staleness.mixture([0.5, 0.5], [0.1, 1.0]), "mu=1.0"),
    (lambda: staleness.geometric(0.5).pmf(-1), "lag=-1.0"),
    (lambda: staleness.geometric(0.5).tail(0.5), "lag=0.5"),
]


@pytest.mark.parametrize("make, message", REFUSED)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
