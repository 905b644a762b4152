"""Numbers behind the figures of section 6.2."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures.easgd import unified as figures
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import unified as theory


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-T6.2.1", "exact")
def test_maps_show_both_systems(check):
    fig, numbers = figures.draw_stability((0.5, 4.0), n=25)
    for lever in (0.5, 4.0):
        eta, alpha = np.meshgrid(numbers[f"eta, beta = {lever:g}"], numbers["alpha"])
        reduced = spectral_radius_of(theory.MATRIX.numeric(eta=eta, alpha=alpha, beta=lever))
        whole = np.maximum(reduced, np.abs((1 - eta) * (1 - alpha)))
        check(f"map at beta = {lever}", numbers[f"whole, beta = {lever:g}"], whole, 1e-9)
        assert np.array_equal(numbers[f"reduced stable, beta = {lever:g}"], reduced < 1)
    below = numbers["alpha"][:, None] < numbers["jacobi, beta = 0.5"][None, :]
    assert (numbers["whole, beta = 0.5"][below & (numbers["eta, beta = 0.5"] < 2)[None, :]] < 1).all()
    assert len(fig.legends) == 1


@pytest.mark.claim("EASGD-6.2-downpour", "exact")
def test_downpour_edges(check):
    alphas = np.array([0.85, 0.9, 0.93, 0.94, 1.0, 1.08, 1.1])
    fig, numbers = figures.draw_downpour(16.0, alphas, np.array([8.0, 16.0]))
    assert np.array_equal(np.isnan(numbers["edges"][:, 0]), [True, True, True, False, False, False, True])
    check("edge at alpha = 1", numbers["edges"][4], [0.0, 0.125], 1e-15)
    check("moving rates at beta = 16", numbers["reach"][1], [14 / 15, 49 / 45], 1e-12)
    assert [ax.get_xlabel() != "" for ax in fig.axes] == [True, True]
