"""The explorers' numbers: JavaScript on printed formulas against the library, at points drawn at random and at the ends of the sliders."""

import re

import numpy as np
import pytest

from explorer_calls import FOLDER, NEEDS_NODE, ROOT, assert_close, call
from stalegrad import moments, problems, sgd
from stalegrad.claims import ledger
from stalegrad.explore import javascript, pictures, settings
from stalegrad.explore.forms import forms
from stalegrad.limits.sme import sme_sgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.moments import additive_noise, gamma_noise
from stalegrad.moments.quadratic import decay_per_step
from stalegrad.theory import formula
from stalegrad.theory.pca import stability

N_POINTS = 60
"""Points of each map: 7 maps of at most 7 parameters."""
PAGES = ("stability", "trajectories", "delays")


def random_points(quantities, seed, n=N_POINTS):
    """Settings drawn uniformly from the sliders, then both ends of all of them; whole numbers where the sliders have them."""
    rng = np.random.default_rng(seed)
    shares = np.vstack([rng.random((n, len(quantities))), np.zeros(len(quantities)), np.ones(len(quantities))])
    values = [
        [
            q.low + share * (q.high - q.low) if isinstance(q.step, float) else round(q.low + share * (q.high - q.low))
            for q, share in zip(quantities, row)
        ]
        for row in shares
    ]
    return [dict(zip((q.name for q in quantities), row)) for row in values]


def library_radius(name, v):
    """The radius by the function of the library that the notebooks use."""
    lam = v.get("lam", 1.0)
    if name == "additive_momentum":
        return additive_noise.momentum_radius(v["step"], v["delta"])
    if name == "additive_average":
        return additive_noise.reduced_radius(v["step"], v["alpha"], v["beta"])
    if name == "additive_elastic":
        return additive_noise.drift_radius(v["step"], v["alpha"], v["beta"])
    if name == "additive_eamsgd":
        return additive_noise.momentum_drift_radius(v["step"], v["alpha"], v["beta"], v["delta"])
    eta = v["step"] * v["omega"] / lam
    if name == "gamma_momentum":
        return gamma_noise.msgd_radius(eta, v["delta"], v["p"] * lam, v["p"] * v["omega"])
    if name == "gamma_elastic":
        return gamma_noise.easgd_radius(eta, v["alpha"], v["beta"], v["p"], lam, v["omega"])
    return gamma_noise.eamsgd_radius(eta, v["alpha"], v["beta"], v["delta"], v["p"], lam, v["omega"])


def library_variance(name, v):
    unit = {"h": 1.0, "sigma": 1.0}
    if name == "additive_momentum":
        return additive_noise.momentum_stationary(v["step"], v["delta"], **unit)["x2"]
    if name == "additive_eamsgd":
        return additive_noise.eamsgd_stationary(v["step"], v["alpha"], v["beta"], v["delta"], p=v["p"], **unit)["x2"]
    return additive_noise.elastic_stationary(v["step"], v["alpha"], v["beta"], p=v["p"], **unit)["x2"]


def test_the_page_has_the_formulas_of_the_library():
    assert (FOLDER / "closed_forms.js").read_text(encoding="utf-8") == javascript.script(), "run: python -m stalegrad.explore docs/book/interactive"


@NEEDS_NODE
@pytest.mark.parametrize("name", settings.MAPS)
def test_radius_of_a_map(name):
    points = random_points(pictures.sliders_of(name), seed=len(name))
    found = call([("models.mapRadius", [name, v]) for v in points])
    expected = [float(library_radius(name, v)) for v in points]
    np.testing.assert_allclose(found[:N_POINTS], expected[:N_POINTS], rtol=1e-9, atol=0)
    # At the ends of the sliders eigenvalues may coincide, and then neither side has more than half or a third of its digits.
    np.testing.assert_allclose(found[N_POINTS:], expected[N_POINTS:], rtol=1e-4, atol=0)
    np.testing.assert_allclose([float(pictures.radius(name, **v)) for v in points[:N_POINTS]], expected[:N_POINTS], rtol=1e-9, atol=0)


@NEEDS_NODE
@pytest.mark.parametrize("name", [name for name, entry in settings.MAPS.items() if entry.variance])
def test_stationary_variance_of_a_map(name):
    points = random_points(pictures.sliders_of(name), seed=1)
    stable = [float(library_radius(name, v)) < 1.0 for v in points]
    expected = [float(library_variance(name, v)) if fine else np.inf for v, fine in zip(points, stable)]
    assert 5 < sum(stable) < len(points), "the points say nothing about stable or unstable settings"
    found = call([("models.variance", [name, v]) for v in points])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0)


@NEEDS_NODE
def test_no_variance_is_claimed_for_multiplicative_noise():
    names = [name for name, entry in settings.MAPS.items() if not entry.variance]
    start = {name: {q.name: q.value for q in pictures.sliders_of(name)} for name in names}
    assert call([("models.variance", [name, start[name]]) for name in names]) == [None] * 3


@NEEDS_NODE
def test_a_grid_is_that_of_the_picture():
    name, values = "gamma_momentum", {"lam": 0.5, "omega": 0.5, "p": 1}
    fig, numbers = pictures.draw_map(name, **values)
    pictures.plt.close(fig)
    start = {q.name: q.value for q in pictures.sliders_of(name)} | values
    (grid,) = call([("models.mapGrid", [name, start, settings.CELLS])])
    np.testing.assert_allclose(grid, numbers["radius"], rtol=1e-9, atol=0)


OPTIMA = [
    ("gamma_momentum", {"lam": 0.5, "p": 1}, 1.0 / 1.5),  # 1 / (lam + 1): EASGD-msgd-slows
    ("gamma_momentum", {"lam": 2.0, "p": 4}, 1.0 / 9.0),
    ("additive_elastic", {"beta": 0.9}, 0.1 / 3.0),  # (1 - beta) / 3: EASGD-easgd-full-optimal
    ("additive_elastic", {"beta": 0.5}, 0.5 / 3.0),
    ("additive_average", {"beta": 0.9}, 0.0),  # (sqrt(beta eta_h) - 1)^2 at eta_h = 1 / beta: EASGD-5.17
    ("additive_momentum", {}, 0.0),  # (sqrt(eta_h) - 1)^2 at eta_h = 1: EASGD-msgd-optimal
]


@NEEDS_NODE
@pytest.mark.parametrize(("name", "values", "least"), OPTIMA)
def test_lowest_point_of_a_map_is_the_closed_optimum(name, values, least):
    start = {q.name: q.value for q in pictures.sliders_of(name)} | values
    (grid,) = call([("models.mapGrid", [name, start, settings.CELLS])])
    (cell,) = call([("models.lowestCell", [name, grid])])
    assert cell["radius"] == np.min(grid) > least
    (best,) = call([("models.best", [name, start, cell])])
    assert least - 1e-12 <= best["radius"] < least + 1e-5
    # The radius is the one at the point that is shown.
    at = start | {settings.MAPS[name].x.name: best["x"], settings.MAPS[name].y.name: best["y"]}
    assert abs(float(pictures.radius(name, **at)) - best["radius"]) < 1e-5


@NEEDS_NODE
def test_lowest_point_of_a_map_without_closed_optimum():
    """The star lies as low as the library's own search, which shares the matrix and nothing else."""
    name, start = "gamma_elastic", {q.name: q.value for q in pictures.sliders_of("gamma_elastic")}
    (grid,) = call([("models.mapGrid", [name, start, settings.CELLS])])
    (cell,) = call([("models.lowestCell", [name, grid])])
    (best,) = call([("models.best", [name, start, cell])])

    def radius(step, alpha):
        return gamma_noise.easgd_radius(step, alpha, start["beta"], start["p"], 0.5, 0.5)

    assert abs(best["radius"] - gamma_noise.lowest_near(radius, (0.02, 2.0), (-1.0, 1.0)).sp) < 1e-6


@NEEDS_NODE
@pytest.mark.parametrize("step", [0.02, 0.25, 0.9, 1.0, 1.5, 2.0])
def test_best_along_a_column_is_the_closed_optimum(step):
    full = additive_noise.full_optimum(step, 0.9)
    momentum = formula("EASGD-msgd-optimal").numeric(eta=step)
    one, other = call(
        [
            ("models.bestAlong", ["additive_elastic", {"step": step, "alpha": 0.0, "beta": 0.9, "p": 4}]),
            ("models.bestAlong", ["additive_momentum", {"step": step, "delta": 0.0}]),
        ]
    )
    # Where two eigenvalues meet, a radius is off by the square root of how far the point is.
    assert abs(one["radius"] - full["sp"]) < 1e-5
    assert abs(other["radius"] - np.real(momentum["sp"])) < 1e-5


EDGES = [
    {"mu": 0.95, "eta": 0.01, "a": 2.0, "s2": 4.0, "x0": 1.0},
    {"mu": 0.02, "eta": 0.005, "a": 0.5, "s2": 0.0, "x0": 3.0},
    {"mu": 0.99, "eta": 0.5, "a": 4.0, "s2": 8.0, "x0": 3.0},
    {"mu": 0.5, "eta": 0.125, "a": 1.0, "s2": 1.0, "x0": 0.0},
]
"""Figure 4; no noise and almost no staleness; everything diverges; a double root, and a start at the minimum."""


@NEEDS_NODE
def test_trajectories():
    points = [*EDGES, *random_points(settings.TRAJECTORIES[:-1], seed=2, n=10)]
    found = call([("models.trajectories", [v, 400]) for v in points])
    for v, curves in zip(points, found):
        for name, expected in pictures.trajectories(v, 400).items():
            for which, curve in expected.items():
                # Growth of many orders of magnitude: each step on the scale of what came before it.
                scale = np.maximum.accumulate(np.abs(curve))
                error = np.abs(np.array(curves[name][which]) - curve)
                assert np.all(error <= 1e-9 * scale), (v, name, which, (error / scale).max())


@NEEDS_NODE
def test_long_run():
    points = [*EDGES, *random_points(settings.TRAJECTORIES[:-1], seed=3, n=20)]
    finite = 0
    for v, found in zip(points, call([("models.longRun", [v]) for v in points])):
        eta, mu, a, s2 = (v[name] for name in ("eta", "mu", "a", "s2"))
        problem = problems.quadratic(centres=[[np.sqrt(s2) / a], [-np.sqrt(s2) / a]], curvature=a)
        limit, fresh = sme_asgd(problem, eta=eta, mu=mu), sme_sgd(problem, eta=eta)
        with pytest.warns() if found["stationary"]["asgd"] == np.inf else np.errstate():
            expected = moments.exact_moments(eta, mu, a, s2, 1.0, "inf")["second_moment"]
        finite += np.isfinite(expected)
        assert_close(found["stationary"]["asgd"], expected)
        assert_close(found["stationary"]["whole"], formula("SME-self-consistent").numeric(eta=eta, mu=mu, a=a, s2=s2)["x2"])
        assert_close(found["stationary"]["constant"], formula("SME-stationary").numeric(Sigma=s2, eta=eta, mu=mu, a=a)["x2"])
        assert_close(found["stationary"]["sgd"], moments.exact_limit(fresh, 0.0, 200.0 / (a * eta) * eta + 50.0).second_moment.item())
        # Where three eigenvalues meet, a solver keeps a third of its digits; else it is asked for nearly half of them.
        rough = 1e-4 if v is EDGES[3] else 1e-7
        slow = formula("SME-second-moment-eigenvalues").numeric(eta=eta, mu=mu, a=a)
        assert_close(found["decay"]["whole"], moments.decay_rate(limit) * limit.dt, rough)
        assert_close(found["decay"]["constant"], -max(np.real(root) for root in slow.values()) * limit.dt, rough)
        assert_close(found["decay"]["sgd"], moments.decay_rate(fresh) * eta)
        assert_close(found["decay"]["asgd"], decay_per_step(a, eta, mu), rough)
        assert_close(found["best"], formula("SME-5.5").numeric(a=a, eta=eta))
    assert 5 < finite < len(points)


def test_oscillation_begins_where_the_roots_of_the_mean_meet():
    eta, a = 0.05, 2.0
    mu = forms()["oscillation"].numeric(eta=eta, a=a)
    below, above = (np.linalg.eigvals(forms()["asgd_mean"].numeric(eta=eta, mu=mu + shift, a=a)) for shift in (-1e-6, 1e-6))
    assert np.isrealobj(below) and not np.isrealobj(above)


@NEEDS_NODE
def test_delays():
    rng = np.random.default_rng(4)
    cases = [(h, mu, int(tau)) for h, mu, tau in zip(rng.uniform(0.01, 1.5, 60), rng.uniform(0.0, 0.98, 60), rng.integers(0, 31, 60))]
    cases += [(1.0, 0.0, 0), (1.0, 0.0, 1), (0.01, 0.98, 30), (1.5, 0.0, 30), (0.25, 0.0, 0)]
    matrices = call([("models.companion", list(case)) for case in cases])
    radii = call([("linear.radius", [matrix]) for matrix in matrices])
    edges = call([("models.edge", [h, mu]) for h, mu, _ in cases])
    last = call([("models.lastStable", [h, mu]) for h, mu, _ in cases])
    for (h, mu, tau), matrix, found, edge, whole in zip(cases, matrices, radii, edges, last):
        law = np.eye(tau + 1)[tau]
        assert_close(matrix, stability.recursion(h, mu, law))
        assert_close(found, stability.radius(h, mu, law), 1e-7 if (h, mu, tau) == (0.25, 0.0, 0) else 1e-9)
        assert_close(edge, stability.critical(h, mu))
        assert whole == stability.last_stable(h, mu)
        if abs(tau - edge) > 1e-6:
            assert (found < 1.0) == (tau < edge)


@NEEDS_NODE
def test_no_delay_is_stable_where_the_step_is_too_large():
    assert call([("models.edge", [2.5, 0.2]), ("models.lastStable", [2.5, 0.2]), ("models.lastStable", [2.4, 0.2])]) == [None, -1, -1]
    with pytest.raises(ValueError, match="no delay is stable"):
        stability.critical(2.5, 0.2)


@NEEDS_NODE
def test_noise_of_the_delay_equation():
    lengths = [0.0, 0.3, 1.0, 1.57, np.pi / 2, 2.0]
    expected = formula("SDDE-stationary-variance").numeric(a=1.0, tau=np.array(lengths), sigma2=2.0)
    np.testing.assert_allclose(call([("forms.equation_variance", [length]) for length in lengths]), expected, rtol=1e-9)


def test_pictures_refuse_what_no_slider_reaches():
    with pytest.raises(ValueError, match="between 0.02 and 0.99"):
        pictures.draw_trajectories(mu=1.0)
    with pytest.raises(ValueError, match="no slider 'beta'"):
        pictures.draw_map("additive_momentum", beta=0.5)
    with pytest.raises(ValueError, match="no map 'easgd'"):
        pictures.sliders_of("easgd")
    with pytest.raises(ValueError, match="needs delta"):
        forms()["additive_momentum"].numeric(step=0.1)


@pytest.mark.parametrize("draw", [pictures.draw_trajectories, pictures.draw_delays, lambda **v: pictures.draw_map("gamma_eamsgd", **v)])
def test_pictures_draw_where_the_sliders_start(draw):
    fig, numbers = draw()
    assert all(np.isfinite(np.asarray(values, dtype=float)).any() for values in numbers.values())
    pictures.plt.close(fig)


@pytest.mark.parametrize("page", PAGES)
def test_page_names_its_claims_scripts_and_still_picture(page):
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    linked = dict(re.findall(r"\[([A-Z]+-[\w.-]+)\]\(#([\w-]+)\)", text))
    assert {id_.lower().replace(".", "-") for id_ in linked} == set(linked.values())
    known = ledger.read_inventory()
    named = {"stability": {c for m in settings.MAPS.values() for c in m.claims}, "trajectories": set(settings.TRAJECTORY_CLAIMS)}
    assert set(linked) - {"EASGD-F5.6"} >= named.get(page, set(settings.DELAY_CLAIMS))
    assert set(linked) <= set(known)
    scripts = re.findall(r'<script src="([^"]+)"', text)
    assert scripts[-1] == f"{page}.js" and all((FOLDER / name).is_file() for name in scripts)
    (still,) = re.findall(r":::\{figure\} (\S+)\.png", text)
    assert f'"{still}"' in (ROOT / "figures" / "MANIFEST.json").read_text(encoding="utf-8")
    assert "## Exercise" in text and f"widgets.{page}(" in text


def test_synchronous_sgd_is_a_map_without_momentum():
    """A route that shares nothing with the matrices: moments of the algorithm itself."""
    process = sgd(problems.quadratic(centres=[[1.0], [-1.0]], curvature=1.0), eta=0.3)
    assert abs(moments.spectral_radius(process) - float(pictures.radius("additive_momentum", step=0.3, delta=0.0))) < 1e-12
