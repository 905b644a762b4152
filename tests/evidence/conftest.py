"""The setting of the paper's Figure 4, shared by the tests of section 3."""

import pytest

import stalegrad as sg


@pytest.fixture(scope="session")
def square():
    """f(x) = x^2 from the components (x - 1)^2 - 1 and (x + 1)^2 - 1."""
    return sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)
