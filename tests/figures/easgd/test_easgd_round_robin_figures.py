"""Numbers behind the figures of section 3.3."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.easgd import round_robin as figure
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import round_robin


@pytest.mark.claim("EASGD-F3.2", "exact")
def test_maps_show_what_the_value_says(check):
    found = figure.radii(9)
    for p in (3, 8):
        for row, column in [(0, 0), (2, 1), (8, 8)]:
            value = sg.claim("EASGD-F3.2").value(p=p, eta=found["eta"][column], rho=found["rho"][row])
            check(f"p = {p}, point {row}, {column}", found[f"ADMM, p = {p}"][row, column], value, 1e-12)


@pytest.mark.claim("EASGD-3.3-admm-unstable", "exact")
def test_easgd_is_stable_where_admm_is_not():
    """On the caption's axes alpha = eta rho is at most 0.1, far below EASGD's edge."""
    found = figure.radii(20)
    for p in (3, 8):
        assert found[f"ADMM, p = {p}"].max() > 1.001
        assert found[f"EASGD, p = {p}"].max() < 1
        assert not np.all(found[f"ADMM, p = {p}"] > 1)


@pytest.mark.claim("EASGD-F3.2", "exact")
@pytest.mark.parametrize("p", [3, 8])
def test_edge_separates(p, check):
    """Along the drawn edge the spectral radius is 1; a little to its left the sweep is unstable."""
    eta, penalty = figure.edge(p, 41)
    inside = (eta > 1e-4) & (eta < 0.98 * eta.max())
    radius = spectral_radius_of(round_robin.admm_sweep(p, eta[inside], penalty[inside] / eta[inside]))
    check("radius on the edge", radius, 1.0, 1e-7)
    assert spectral_radius_of(round_robin.admm_sweep(p, 0.97 * eta[inside], penalty[inside] / eta[inside])).min() > 1
    assert spectral_radius_of(round_robin.admm_sweep(p, 1.03 * eta[inside], penalty[inside] / eta[inside])).max() < 1


@pytest.mark.claim("EASGD-3.3-admm-unstable", "exact")
def test_easgd_converges_where_the_exercise_s_admm_does_not():
    for eta, rho in ((0.003, 2.0), (0.0003, 2.0), (0.009, 2.0), (0.003, 0.1), (0.003, 20.0)):
        assert spectral_radius_of(round_robin.easgd_sweep(8, eta, eta * rho)) < 1
    assert sg.claim("EASGD-3.3-admm-unstable").value(p=8, eta=0.003, rho=2.0) > 1


def test_edge_reaches_both_axes():
    for p in (3, 64):
        eta, penalty = figure.edge(p)
        assert eta[0] < 1e-6 and eta[-1] < 1e-6 and eta.min() > 0 and penalty.min() > 0
        assert penalty[-1] > 1e3 * penalty[0]


@pytest.mark.claim("EASGD-F3.3", "exact")
def test_run_is_the_value_and_the_sum_of_two_modes(check):
    run = figure.centre_run(30_000)
    for index in (0, 100, 1500):
        check(f"centre at {run['t'][index]}", run["centre"][index], sg.claim("EASGD-F3.3").value(t=int(run["t"][index])), 1e-8)
    late = run["t"] > 9000  # the second pair is gone
    assert np.all(np.abs(run["centre"] - run["decay"])[late] <= 1.0001 * run["growth"][late])
    assert np.abs(run["centre"]).min() < 0.01 * run["centre"][0]


def test_largest_alphas_are_above_the_printed_ones():
    found = figure.largest_alphas(np.array([0.5, 1.0, 1.5]), workers=(2, 4))
    assert np.all(found["p = 2"] > found["p = 4"]) and np.all(found["p = 4"] > found["printed"])
