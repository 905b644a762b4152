"""Numbers behind the figures of chapter 2 and section 3.1."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import easgd_step, gauss_seidel_step
from stalegrad.claims import ledger
from stalegrad.figures.easgd import big_picture, double_average, elastic_paths, mean_squared_error
from stalegrad.figures.maps import grid
from stalegrad.theory import formula
from stalegrad.theory.easgd.centre import centre_moments, stable
from stalegrad.theory.easgd.symbols import alpha, beta, eta
from stalegrad.theory.elastic_trace import ADDITIVE, EASGD, trace

SIDE = grid(0.0, 2.0, 20)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-F3.1", "exact")
def test_blocks_against_the_closed_forms(check):
    """Every block against (3.2) and (3.3) as printed; where (3.4) fails there is no limit, and nowhere else."""
    at, rows = SIDE[None, :], SIDE[:, None]
    for p in mean_squared_error.CROWDS:
        for t in (1, 2, 10, 100):
            block = mean_squared_error.mse_map(t, p, SIDE)
            given = {"t": t, "p": p, "eta": at, "alpha": rows / p, "h": 1.0}
            closed = formula("EASGD-3.2").numeric(**given, centre0=1.0, local0=1.0) ** 2 + formula("EASGD-3.3").numeric(**given, sigma=10.0)
            check(f"p = {p}, t = {t}, relative", block / closed, 1.0, 1e-8)
        limit = mean_squared_error.mse_map("inf", p, SIDE)
        assert np.array_equal(np.isfinite(limit), stable(at, rows / p, rows))
        assert np.array_equal(np.isfinite(limit), rows < mean_squared_error.boundary(at, p))


@pytest.mark.claim("EASGD-F3.1", "exact")
def test_value_of_the_figure(check):
    given = {"t": 100, "p": 4, "eta": 0.1, "alpha": 0.225, "h": 1.0}
    closed = formula("EASGD-3.2").numeric(**given, centre0=1.0, local0=1.0) ** 2 + formula("EASGD-3.3").numeric(**given, sigma=10.0)
    check("p = 4, t = 100", sg.claim("EASGD-F3.1").value(t=100, p=4, eta=0.1, beta=0.9), closed, 1e-12)
    assert sg.claim("EASGD-F3.1").value(t=1, p=1, eta=1.9, beta=1.9) == 1.0
    assert np.isinf(sg.claim("EASGD-F3.1").value(t="inf", p=1, eta=1.9, beta=1.9))


@pytest.mark.claim("EASGD-F3.1", "exact")
def test_what_more_workers_do_depends_less_on_the_rates_the_more_there_are(check):
    """Ten times the workers: at rates stable from p = 1 on the limit falls by a factor that spreads widely at first, and is 1/10 all over at last."""
    inside = stable(SIDE[None, :], SIDE[:, None], SIDE[:, None])
    levels = [mean_squared_error.mse_map("inf", p, SIDE)[inside] for p in mean_squared_error.CROWDS]
    factors = [more / fewer for fewer, more in zip(levels, levels[1:])]
    spreads = [np.log10(factor.max() / factor.min()) for factor in factors]
    assert np.all(np.diff(spreads) < 0)
    check("factor from p = 1000 to 10000", factors[-1], 0.1, 2e-3)


@pytest.mark.claim("EASGD-F2.1", "definition")
def test_links_name_claims_and_methods():
    rows = ledger.read_inventory()
    matrix = big_picture.adjacency()
    assert matrix.sum() == len(big_picture.LINKS) == len({link[:2] for link in big_picture.LINKS})
    assert all(claim in rows for *_, claim in big_picture.LINKS)
    reached = np.linalg.matrix_power(np.eye(len(matrix), dtype=int) + matrix + matrix.T, len(matrix))
    assert (reached > 0).all()  # one picture: every method is joined to every other


@pytest.mark.claim("EASGD-F2.1", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_links_between_the_synchronous_methods(workers):
    """alpha = 0 is SGD for every worker, and its moving average for p = 1; Gauss-Seidel with alpha = 1, beta = p is a mini-batch at rate p eta."""
    plain, seidel = (trace(step, EASGD, ADDITIVE, workers) for step in (easgd_step, gauss_seidel_step))
    gradient = [ADDITIVE.gradient(own[0], xi) for own, xi in zip(plain.variables, plain.drawn)]
    for (x,), g in zip(plain.variables, gradient):
        assert sp.expand(plain.update[x].subs(alpha, 0) - (x - eta * g)) == 0
    if workers == 1:
        ((x,),) = plain.variables
        assert sp.expand(plain.update[plain.centre].subs(alpha, 0) - ((1 - beta) * plain.centre + beta * x)) == 0
    centre = seidel.centre
    batch = sum(ADDITIVE.gradient(centre, xi) for xi in seidel.drawn) / workers
    moved = seidel.update[centre].subs({alpha: 1, beta: workers})
    assert sp.expand(moved - (centre - workers * eta * batch)) == 0


def test_drawn_numbers():
    fig, numbers = big_picture.draw()
    assert len(fig.axes[0].texts) == len(big_picture.METHODS) + 2 * len(big_picture.LINKS)
    small = grid(0.0, 2.0, 6)
    fig, numbers = mean_squared_error.draw_maps(small)
    assert len(numbers) == 26 and np.all(numbers["p = 1, t = 1"] == 1.0)
    _, numbers = mean_squared_error.draw_levels(0.1, small, (1, 4), ((0.1, 0.9), (1.5, 0.5)))
    assert np.all(numbers["local, eta = 1.5, beta = 0.5"][2:] > 1.0)
    assert numbers["p = 4"][0] == pytest.approx(4 * centre_moments("inf", 4, 0.1, small[0] / 4, small[0])["variance"])


def test_double_average_against_the_centre():
    curves = double_average.double_average_error([3, 10**5], 4, 0.1, 0.9, 10.0)
    assert curves["variance"][1] == pytest.approx(1.0, rel=1e-3) and curves["variance"][0] < 0.01
    assert curves["centre"][1] > 1000 and np.all(curves["mse"] >= curves["variance"])
    _, numbers = double_average.draw_double_average([3, 30], 4, ((0.1, 0.9), (1.0, 0.5), (0.1, 0.01), (0.01, 0.9)), 10.0)
    assert numbers["t"].tolist() == [3, 30]


def test_norm_needs_beta_below_one_for_every_p():
    """The second row of M alone has norm sqrt(beta^2 + (1 - beta)^2); and no norm is below the spectral radius."""
    for p in (1, 4, 100):
        sizes = double_average.size_of_drift(p, SIDE)
        assert np.all(sizes["norm"] >= sizes["radius"] - 1e-12)
        assert np.all(sizes["norm"][SIDE >= 1.0] >= 1.0)
    _, numbers = double_average.draw_size_of_drift(4, SIDE)
    assert numbers["norm"].shape == (20, 20)


def test_weights_of_the_past_and_paths():
    weights = elastic_paths.memory_weights(1.6, 40)
    assert weights[0] == 1.6 and weights[1] < 0 and weights.sum() == pytest.approx(1.0)
    path = np.zeros((5, 3))
    _, numbers = elastic_paths.draw_paths({0.1: path, 2.0: path + 1.0}, (0.4, 1.0, 1.6), 12)
    assert numbers["weights, beta = 1"].tolist() == [1.0] + [0.0] * 11 and np.all(numbers["path, rho = 2"] == 1.0)


def test_ellipse_is_a_contour_of_the_normal_law():
    """Squared length -2 ln(1 - share) in the metric of the covariance, by the chi-square law with two degrees of freedom."""
    covariance = np.array([[1.0, 0.4], [0.4, 0.5]])
    curve = double_average.ellipse(covariance, 0.9)
    lengths = np.einsum("ni,ij,nj->n", curve, np.linalg.inv(covariance), curve)
    assert lengths == pytest.approx(-2 * np.log(0.1))
    _, numbers = double_average.draw_cloud(curve, covariance, 4)
    assert numbers["V/p"] == pytest.approx(numbers["V"] / 2)
