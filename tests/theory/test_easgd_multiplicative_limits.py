"""EASGD with many workers under Gamma noise: the limits of section 5.2.3, what is optimal, and the printed minima."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from scipy import optimize

import stalegrad as sg
from stalegrad.moments import gamma_noise
from stalegrad.moments.gamma_noise import BETA, best_rates, easgd_radius, edge_of_stability
from stalegrad.theory import formula
from stalegrad.theory.easgd import multiplicative_elastic as el
from stalegrad.theory.easgd.symbols import alpha, beta, eta, lam, omega, p, z
from stalegrad.theory.sme.symbols import vanishes

SHAPES = (0.1, 0.5, 1.0, 2.0, 10.0)
PRINTED = {
    "EASGD-sp-easgd-0.5": {"sp": 0.5742, "p": 6, "eta": 0.3814},
    "EASGD-sp-easgd-1": {"sp": 0.4317, "p": 7, "eta": 0.5225},
    "EASGD-sp-easgd-2": {"sp": 0.2945, "p": 9, "eta": 0.6647},
    "EASGD-sp-easgd-10": {"sp": 0.0868, "p": 29, "eta": 0.8929},
    "EASGD-sp-easgd-alpha": {"sp": 0.5024, "alpha": 0.2525, "eta": 0.4343},
}
FIGURES = dict(zip(PRINTED, ("EASGD-F5.15", "EASGD-F5.16", "EASGD-F5.17", "EASGD-F5.18", "EASGD-F5.19"), strict=True))


@cache
def minima(claim_id):
    """The value of a printed minimum, computed once."""
    return sg.claim(claim_id).value()


def marked(*pairs):
    """Several claim marks on one parameter."""
    return [pytest.mark.claim(id_, kind) for id_, kind in pairs]


@pytest.mark.parametrize(
    "claim_id", [pytest.param(key, marks=marked((key, "reproduced"), (figure, "reproduced"))) for key, figure in FIGURES.items()]
)
def test_printed_minimum_on_its_grid(claim_id, check):
    """1000 learning rates (100 by 100 with alpha), end points included, give every printed digit."""
    found, printed = minima(claim_id)["grid"], PRINTED[claim_id]
    for name, value in printed.items():
        check(f"{name} on the grid", found[name], value, 0 if name == "p" else 0.5e-4)
    other = found.get("p", found.get("alpha"))
    at = {"eta": found["eta"], ("p" if "p" in found else "alpha"): other}
    check("the map of the figure there", sg.claim(FIGURES[claim_id]).value(**at), found["sp"], 1e-13)


@pytest.mark.parametrize("claim_id", [pytest.param(key, marks=marked((key, "exact"))) for key in PRINTED])
def test_true_minimum_lies_beside_the_printed_one(claim_id, check):
    """Real arguments: lower, at another place. A simplex search from the printed point finds the same minimum."""
    found, printed = minima(claim_id), PRINTED[claim_id]
    shape = 0.5 if claim_id.endswith("alpha") else float(claim_id.rpartition("-")[2])
    setting = gamma_noise.setting_of_alpha() if claim_id.endswith("alpha") else gamma_noise.setting_of_workers(shape, 2.0)
    name = setting.name

    def radius(at):
        return float(setting.radius(*at))

    starts = [(printed["eta"] * (1 + shift), printed[name] * (1 + 3 * shift)) for shift in (-0.02, 0.0, 0.02)]
    searched = min(
        (optimize.minimize(radius, s, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-15}) for s in starts), key=lambda r: r.fun
    )
    check("lowest radius, zooming grids against a simplex", found["continuous"]["sp"], searched.fun, 1e-9)
    assert found["continuous"]["sp"] < found["grid"]["sp"] and abs(found["continuous"]["eta"] - printed["eta"]) > 5e-4


@pytest.mark.claim("EASGD-easgd-infinite-p", "proved")
def test_case_one_characteristic_polynomial():
    limit = el.characteristic(el.many_workers(beta / p))
    product = sp.prod(z - el.explicit(root) for root in el.CASE_I)
    assert vanishes(sp.expand(limit - product))


@pytest.mark.claim("EASGD-easgd-infinite-p", "proved")
def test_case_two_characteristic_polynomial():
    root, other = (el.explicit(el.CASE_II[name]) for name in ("z1", "z2"))
    total = el.explicit(el.CASE_II["z3 + z4"])
    product = (z - root) * (z - other) * (z**2 - total * z + root**2)
    assert vanishes(sp.expand(el.characteristic(el.many_workers()) - product))


@pytest.mark.claim("EASGD-easgd-infinite-p", "proved")
def test_case_two_edges():
    """The block of centre and average is the symmetric square of [[k, alpha], [beta, 1 - beta]]: Jury's conditions on that one."""
    drift = sp.Symbol("m", positive=True)
    block = sp.Matrix([[1 - alpha - drift, alpha], [beta, 1 - beta]])
    trace, det = block.trace(), block.det()
    slope = {eta: drift * omega / lam}
    assert vanishes(det - el.explicit(el.CASE_II["z1"]).subs(slope))
    assert vanishes(trace**2 - 2 * det - el.explicit(el.CASE_II["z3 + z4"]).subs(slope))
    assert sp.expand(1 - trace + det - beta * drift) == 0  # positive for every positive eta and beta
    assert vanishes((1 + trace + det).subs(drift, el.EDGES["z3, z4"] * lam / omega))
    assert vanishes((1 + det).subs(drift, el.EDGES["z1"] * lam / omega))
    assert vanishes(el.explicit(el.CASE_II["z2"]).subs(eta, el.EDGES["z2"]) - 1)
    gap = el.EDGES["z1"] - el.EDGES["z3, z4"]
    assert vanishes(gap - beta * (2 - alpha - beta) / ((1 - beta) * (2 - beta)) * omega / lam)


@pytest.mark.claim("EASGD-easgd-infinite-p", "proved")
def test_widest_range_for_small_shape():
    """The edge of z2 is concave in alpha with its peak at 1 - sqrt(lam); there the other edge is larger, since 2 - 2 beta + beta sqrt(lam) > 0."""
    root = sp.Symbol("r", positive=True)
    edge = el.EDGES["z2"].subs(lam, root**2)
    assert sp.simplify(sp.diff(edge, alpha).subs(alpha, 1 - root)) == 0
    assert sp.simplify(edge.subs(alpha, 1 - root) - omega / root) == 0
    under_the_root = root**4 + root**2 * (2 * alpha - alpha**2)
    assert sp.diff(under_the_root, alpha, 2).is_negative  # root of a concave function plus a line: concave
    other = el.EDGES["z3, z4"].subs(lam, root**2).subs(alpha, 1 - root)
    assert sp.simplify(other - omega / root - omega / root**2 * (2 - 2 * beta + beta * root) / (2 - beta)) == 0


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
@pytest.mark.parametrize("shape", SHAPES)
def test_widest_range_by_brute_force(shape, check):
    """Largest stable (0, eta) over alpha in [0, 1) at p = 10^7: the corrected rule for every shape."""
    rule = sg.claim("EASGD-easgd-infinite-p").value(lam=shape, omega=2.0)
    pulls = np.linspace(0.0, 0.98, 50)
    rates = np.linspace(0, 1.2, 121)[1:] * rule["eta"]
    edges = [edge_of_stability(lambda rate, a=a: easgd_radius(rate, a, BETA, 1e7, shape, 2.0), rates) for a in pulls]
    check("widest range", max(edges) / rule["eta"], 1.0, 1e-3)
    check("its alpha", pulls[np.argmax(edges)], rule["alpha"], 0.0101)


@pytest.mark.claim("EASGD-easgd-infinite-p", "counterexample")
def test_printed_alpha_for_large_shape():
    """lam = 4: 1 - sqrt(lam) = -1 gives an edge of omega/2, but small rates are unstable: one worker alone needs eta > omega/2 (lam-1)/(lam+1)."""
    printed = sg.claim("EASGD-easgd-infinite-p").printed(lam=4.0, omega=1.0)
    assert printed["alpha"] == -1.0 and printed["eta"] == 0.5
    low = printed["eta"] * 3 / 5
    for rate, stable in ((0.5 * low, False), (0.99 * low, False), (0.5 * (low + 0.5), True), (0.501, False)):
        assert (easgd_radius(rate, -1.0, BETA, 1e7, 4.0, 1.0) < 1) == stable
    right = sg.claim("EASGD-easgd-infinite-p").value(lam=4.0, omega=1.0)
    assert right["alpha"] == 0.0 and right["eta"] == pytest.approx(0.4)
    assert all(easgd_radius(rate, 0.0, BETA, 1e7, 4.0, 1.0) < 1 for rate in (0.01, 0.2, 0.399))


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
@pytest.mark.parametrize("shape", [4.3, 4.6, 10.0])
def test_negative_alpha_leaves_nothing_for_large_shape(shape):
    """At alpha = 1 - sqrt(lam) centre and average need sqrt(lam) < (1 + beta)/beta: lam below 4.457 at beta = 0.9."""
    rates = np.linspace(0, 1.2, 2401)[1:] / np.sqrt(shape)
    stable = easgd_radius(rates, 1 - np.sqrt(shape), BETA, 1e8, shape, 1.0) < 1
    assert stable.any() == (np.sqrt(shape) < (1 + BETA) / BETA)


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
def test_ranges_of_the_three_methods(check):
    """SGD <= EASGD <= mini-batch for every lam; EASGD gains (1 + lam)/(2 sqrt(lam)) over SGD for lam < 1, nothing beyond."""
    shapes = np.geomspace(0.01, 100, 81)
    widest = formula("EASGD-easgd-infinite-p").numeric(lam=shapes, omega=1.0)["eta"]
    alone, batch = 2 / (shapes + 1), 2 / shapes
    assert np.all(widest >= alone * (1 - 1e-12)) and np.all(widest < batch)
    check("gain", widest / alone, np.where(shapes < 1, (1 + shapes) / (2 * np.sqrt(shapes)), 1.0), 1e-12)


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
def test_range_at_a_hundred_workers(check):
    """Figure 5.19, lam = omega = 0.5: the widest range is at alpha near 0.29 and ends just short of sqrt(0.5)."""
    pulls = np.linspace(0.2, 0.4, 41)
    rates = np.linspace(0, 1, 101)[1:]
    edges = [edge_of_stability(lambda rate, a=a: easgd_radius(rate, a, BETA, 100, 0.5, 0.5), rates) for a in pulls]
    check("widest range", max(edges), 0.7068, 1e-4)
    check("its alpha", pulls[np.argmax(edges)], 1 - np.sqrt(0.5), 0.01)


@pytest.mark.claim("EASGD-easgd-infinite-p", "proved")
def test_finite_p_moves_the_edge_by_the_sign_of_one_minus_lam(check):
    """alpha = beta/p: to first order in 1/p the edge moves by beta (1 - lam) omega/(p lam (1 + lam)), wider for lam < 1."""
    edge = 2 * omega / (lam + 1)
    per_share = -el.first_order(2).subs(eta, edge) / sp.diff(el.explicit(el.CASE_I[2]), eta).subs(eta, edge)
    assert sp.simplify(per_share - beta * (1 - lam) * omega / (lam * (1 + lam))) == 0
    workers = 1e4
    for shape in (0.1, 0.5, 2.0):
        limit = 2 * shape / (shape + 1)
        rates = np.linspace(0, 1.5, 301)[1:] * limit
        found = edge_of_stability(lambda rate, s=shape: easgd_radius(rate, BETA / workers, BETA, workers, s, s), rates)
        expected = float(per_share.subs({beta: BETA, lam: shape, omega: shape}))
        check(f"slope of the edge, lam = {shape}", (found - limit) * workers, expected, 0.02)


@pytest.mark.claim("EASGD-easgd-infinite-p", "exact")
def test_the_limit_is_that_of_a_worker_not_of_the_centre(check):
    """Beyond the edge the variance of single workers grows; with p = infinity the centre goes to zero all the same."""
    shape, rate = 0.5, 0.8  # SGD ends at 2/3, mini-batch SGD of infinite size at 2
    matrix = np.array(el.many_workers(beta / p).subs({eta: rate, beta: BETA, lam: shape, omega: shape}), dtype=float)
    centre_and_average = matrix[np.ix_([0, 2, 3], [0, 2, 3])]
    assert np.all(matrix[[0, 2, 3], 1] == 0) and matrix[1, 1] > 1
    check("factor of the centre without worker noise", np.abs(np.linalg.eigvals(centre_and_average)).max(), 0.04, 1e-12)
    moments = np.ones(4)
    step = formula("EASGD-5.34").numeric(eta=rate, alpha=BETA / 1000, beta=BETA, p=1000, lam=shape, omega=shape)
    history = [(moments := step @ moments)[0] for _ in range(200)]
    assert min(history) < 0.01 and history[-1] > 1e6  # with 1000 workers it falls a hundredfold, then follows them
    check("its late factor", history[-1] / history[-2], easgd_radius(rate, BETA / 1000, BETA, 1000, shape, shape), 1e-9)


@pytest.mark.claim("EASGD-easgd-finite-p", "proved")
def test_first_order_effect_of_workers():
    """In 1/p the worker's eigenvalue falls at -2 beta (1 - eta lam/omega): at SGD's best rate by 2 beta/(lam + 1) > 0, so some finite p wins.

    Where the centre's (1 - beta)^2 leads instead, it rises with 1/p at every rate at which the worker's is not above it.
    """
    assert sp.simplify(el.first_order(2) + 2 * beta * (1 - eta * lam / omega)) == 0
    assert sp.simplify(el.first_order(2).subs(eta, omega / (lam + 1)) + 2 * beta / (lam + 1)) == 0
    assert sp.simplify(el.first_order(0) - 2 * beta**2 * (1 - beta) / (eta * lam / omega - beta)) == 0
    drift = sp.Symbol("m", positive=True)
    worker = sp.expand(el.explicit(el.CASE_I[2]).subs(eta, drift * omega / lam))
    assert sp.simplify(worker - (1 - drift) ** 2 - drift**2 / lam) == 0
    # worker <= (1 - beta)^2 needs (1 - m)^2 < (1 - beta)^2: beta < m < 2 - beta if beta < 1, and m < beta if beta > 1. Either way it rises.
    range_ = formula("EASGD-easgd-finite-p").expr
    for end in range_.values():
        assert sp.simplify((1 - end) ** 2 - 1 / (lam + 1)) == 0


def best_over_rates(shape, moving_rate, workers):
    """Lowest radius over the learning rate with alpha = beta/p, for each p."""
    rates = np.linspace(0, 1.6, 161)[1:]
    return best_rates(lambda rate, p: easgd_radius(rate, moving_rate / p, moving_rate, p, shape, shape), rates, np.asarray(workers))[1]


@pytest.mark.claim("EASGD-easgd-finite-p", "exact")
@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 10.0])
def test_a_finite_number_of_workers_is_best_inside_the_range(shape, check):
    range_ = sg.claim("EASGD-easgd-finite-p").value(lam=shape)
    for moving_rate in (range_["beta_low"] + 0.03, BETA, range_["beta_high"] - 0.03):
        *finite, limit = best_over_rates(shape, moving_rate, (10, 30, 64, 200, 1e6))
        check(f"rate in the limit, beta = {moving_rate:.3f}", limit, 1 / (shape + 1), 1e-5)
        assert min(finite) < 0.995 * limit


@pytest.mark.claim("EASGD-easgd-finite-p", "counterexample")
@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 10.0])
def test_more_workers_are_always_better_outside_the_range(shape, check):
    range_ = sg.claim("EASGD-easgd-finite-p").value(lam=shape)
    for moving_rate in (range_["beta_low"] - 0.05, range_["beta_high"] + 0.05):
        rates = best_over_rates(shape, moving_rate, (1, 2, 4, 8, 16, 64, 256, 4096, 1e6))
        assert np.all(np.diff(rates) < 0)
        check(f"rate in the limit, beta = {moving_rate:.3f}", rates[-1], (1 - moving_rate) ** 2, 1e-5)


@pytest.mark.claim("EASGD-easgd-finite-p", "counterexample")
def test_with_alpha_free_the_rate_falls_with_every_worker(check):
    """lam = omega = 0.5, beta = 0.9, best alpha and eta for each p: the turn at p = 6 comes from alpha = beta/p."""

    def best(workers):
        return gamma_noise.lowest_near(lambda rate, pull: easgd_radius(rate, pull, BETA, workers, 0.5, 0.5), (0.01, 1.2), (-0.5, 0.9))

    found = [best(workers) for workers in (1, 2, 4, 8, 100, 1e6)]
    assert np.all(np.diff([each.sp for each in found]) < -0.005)
    assert all(each.y > 0.1 for each in found[1:])  # the best alpha is positive from p = 2 on
    for shape in (1.0, 2.0, 10.0):
        pair = gamma_noise.lowest_near(lambda rate, pull, s=shape: easgd_radius(rate, pull, BETA, 2, s, s), (0.01, 1.5), (-0.5, 0.9))
        assert pair.y > 0.005 and pair.sp < 1 / (shape + 1)
    check("p = 1: nothing is gained", found[0].sp, 2 / 3, 1e-9)
    check("p = 100, Figure 5.19", found[4].sp, minima("EASGD-sp-easgd-alpha")["continuous"]["sp"], 1e-9)


@pytest.mark.claim("EASGD-easgd-finite-p", "exact")
def test_mini_batch_of_the_same_size_is_faster():
    """EASGD improves on MSGD with one gradient a step; a mini-batch of the same p gradients does far better, 1/(p lam + 1)."""
    for claim_id, printed in PRINTED.items():
        if "p" in printed:
            shape = float(claim_id.rpartition("-")[2])
            batch = sg.claim("EASGD-minibatch-optimal").value(lam=shape, omega=shape, p=printed["p"])["sp"]
            assert batch < printed["sp"] / 2 < printed["sp"] < 1 / (shape + 1)


@pytest.mark.parametrize(
    ("claim_id", "arguments", "message"),
    [
        ("EASGD-F5.15", {"eta": 0.3, "p": 0.5}, "p = 0.5 must be at least 1"),
        ("EASGD-F5.19", {"eta": -0.3, "alpha": 0.1}, "eta = -0.3 must be positive"),
        ("EASGD-F5.9", {"lam": 0.5, "xi": 0.0}, "xi = 0.0 must be positive"),
        ("EASGD-F5.13", {"lam": -1.0, "delta": 0.0}, "lam = -1.0 must be positive"),
        ("EASGD-eamsgd-nine", {"eta": 0.1, "alpha": 0.1, "beta": 0.9, "delta": 0.5, "p": 0, "lam": 1.0, "omega": 1.0}, "p = 0 must be at least 1"),
        ("EASGD-sp-easgd-1", {"p": 3}, "no argument 'p'; it takes none"),
        ("EASGD-5.34", {"eta": 0.1}, "needs alpha, beta, p, lam, omega"),
    ],
)
def test_bad_arguments_are_named(claim_id, arguments, message):
    with pytest.raises(ValueError, match=message):
        sg.claim(claim_id).value(**arguments)
