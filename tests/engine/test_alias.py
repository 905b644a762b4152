"""The alias table: exact probabilities, whatever the law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalegrad.engine.alias import WORD_BITS, alias_table

LAWS = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=70).filter(lambda weights: sum(weights) > 1e-3)


@given(LAWS)
def test_the_law_drawn_is_the_law_to_one_part_in_2_to_the_31(weights):
    law = np.array(weights) / sum(weights)
    table = alias_table(law)
    drawn = table.pmf()
    assert drawn.sum() == 1.0
    assert np.abs(drawn[: len(law)] - law[: len(drawn)]).max() < 1.0001 * 2.0**-WORD_BITS if len(drawn) >= len(law) else True
    assert table.longest == np.flatnonzero(drawn)[-1]


def test_draws_reach_each_outcome_as_often_as_the_table_says():
    """All words of a coarse grid that hits every bucket at regular places: counts are exact up to the grid."""
    table = alias_table([0.5, 0.125, 0.375])
    grid = np.arange(2**16) << (WORD_BITS - 16)
    counts = np.bincount(table.draw(grid), minlength=3)
    assert counts.tolist() == [2**15, 2**13, 3 * 2**13]


def test_a_law_on_one_value_needs_no_word():
    assert alias_table([1.0]).index_bits == 0
    assert alias_table([0.0, 0.0, 1.0]).longest == 2


def test_values_that_no_word_can_reach_are_dropped():
    assert alias_table(0.5 ** np.arange(1, 200)).longest <= WORD_BITS


def test_a_law_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="keep at most"):
        alias_table(np.full(2**20 + 1, 1.0))
