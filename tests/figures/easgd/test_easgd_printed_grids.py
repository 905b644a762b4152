"""The grids behind the printed minima of section 5.2.3."""

import numpy as np
import pytest

from stalegrad.figures.easgd import printed_grids
from stalegrad.moments import gamma_noise

MINIMA = {
    "EASGD-sp-easgd-0.5": (0.5, 1.0, {"sp": 0.5742, "p": 6, "eta": 0.3814}),
    "EASGD-sp-easgd-1": (1.0, 1.0, {"sp": 0.4317, "p": 7, "eta": 0.5225}),
    "EASGD-sp-easgd-2": (2.0, 1.0, {"sp": 0.2945, "p": 9, "eta": 0.6647}),
    "EASGD-sp-easgd-10": (10.0, 2.0, {"sp": 0.0868, "p": 29, "eta": 0.8929}),
}


@pytest.mark.parametrize("claim_id", [pytest.param(key, marks=pytest.mark.claim(key, "exact")) for key in MINIMA])
def test_one_size_gives_all_four_printed_minima(claim_id, check):
    """Of all sizes from 50 to 3000 a few fit each figure; 1000 is the only one that fits all four."""
    sizes = np.arange(50, 3001)
    fitting = {key: set(printed_grids.of_workers(*given, sizes)) for key, given in MINIMA.items()}
    assert 1000 in fitting[claim_id] and len(fitting[claim_id]) < len(sizes) / 5
    check("sizes that fit all four", sorted(set.intersection(*fitting.values())), [1000], 0)


@pytest.mark.claim("EASGD-sp-easgd-alpha", "exact")
def test_size_behind_figure_5_19(check):
    """100 is the coarsest grid; the others that fit below 300 contain it (199) or another grid of the same two points (298)."""
    printed = {"sp": 0.5024, "eta": 0.4343, "alpha": 0.2525}
    check("sizes that fit", printed_grids.of_alpha(printed, np.arange(20, 300)), [100, 199, 298], 0)


def test_neighbours_suffice():
    """The short cut against the whole grid."""
    whole = gamma_noise.lowest_on_grid(gamma_noise.setting_of_workers(1.0, points=179).radius, np.linspace(0, 1, 179)[1:], gamma_noise.WORKERS)
    printed = {"sp": whole.sp, "p": whole.y, "eta": whole.x}
    assert 179 in printed_grids.of_workers(1.0, 1.0, printed, np.array([179]))
    assert printed_grids.of_workers(1.0, 1.0, printed | {"p": whole.y + 1}, np.array([179])) == []
