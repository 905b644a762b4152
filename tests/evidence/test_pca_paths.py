"""Theorems 3, 5 and 9 and the three phases, on paths of the algorithm itself.

Two dimensions, eigenvalues 4 and 3, data of signs: alpha_12^2 = 12. Error rate of each statistical test: 1e-4. Sizes are chosen so that the
bias at the step used, of relative order eta over delta^2 or eta, is below a third of a standard error or named as a tolerance.
"""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import order_of_convergence, proportion_test, z_test
from stalegrad.theory.pca import flow, phases, recursion

LAM = [4.0, 3.0]
ALPHA2 = 12.0
DATA = sg.problems.streaming_data(LAM, law="signs")


def final(eta, mu, start, time, n_paths, tau=0, seed=1):
    """h after `time`, (paths, 2)."""
    process = sg.streaming_pca(DATA, eta, mu, sg.constant(tau), observe="h")
    return sg.simulate(process, start, n_paths=n_paths, n_steps=round(time / eta), seed=seed, keep="final").final


@pytest.mark.claim("PCA-T3", "reproduced")
def test_paths_approach_the_flow(check):
    """Root mean square distance at t = 0.4, delays 0.4 / sqrt(eta): noise and delay both give the order 1/2."""
    start, etas = [0.6, 0.8], np.array([4e-3, 1e-3, 2.5e-4])
    limit, other = (flow.solution(start, LAM, mu, 0.4) for mu in (0.5, 0.0))
    away = []
    for eta in etas:
        found = final(eta, 0.5, start, 0.4, 1000, tau=round(0.4 / eta**0.5))
        away.append(np.sqrt(((found - limit) ** 2).sum(axis=1).mean()))
    assert abs(order_of_convergence(etas, away).order - 0.5) < 0.15
    # The flow without the factor 1/(1-mu) is not the limit.
    assert np.linalg.norm(limit - other) > 3 * away[-1]
    check("mean of H at the smallest step", found.mean(axis=0), limit, 0.02)


@pytest.mark.claim("PCA-T3", "reproduced")
def test_a_delay_of_fixed_time_has_another_limit(check):
    """eta tau = 0.15, without noise: up to t = 0.15 every read is the start, so the limit is a straight line, off the sphere."""
    start = np.array([0.6, 0.8])
    line = start + flow.field(start, LAM) * 0.15 / 0.5
    for eta in (1e-3, 1e-4):
        path = recursion.mean_path(start, LAM, eta, 0.5, round(0.15 / eta), round(0.15 / eta))
        check(f"eta = {eta:g}", path[-1], line, 2 * eta)
    assert np.linalg.norm(line - flow.solution(start, LAM, 0.5, 0.15)) > 0.01


@pytest.mark.claim("PCA-T5", "reproduced")
@pytest.mark.claim("PCA-8", "reproduced")
@pytest.mark.claim("PCA-delayed-variance", "reproduced")
def test_variance_around_the_optimum():
    """After three relaxation times, with a delay that raises the variance by 16 %, which is 13 standard errors: the test tells the two apart."""
    given = {"eta": 4e-4, "momentum": 0.5, "gap": 1.0, "alpha2": ALPHA2}
    h = final(4e-4, 0.5, [1.0, 0.0], 1.5, 16_000, tau=180)[:, 1]
    variance, error = h.var(), h.var() * np.sqrt(2.0 / len(h))
    exact = sg.claim("PCA-delayed-variance").value(tau=180, **given)
    assert z_test(variance, error, exact).agrees(1e-4)
    assert not z_test(variance, error, sg.claim("PCA-T5").value(**given)).agrees(1e-4)
    assert z_test(h.mean(), np.sqrt(variance / len(h)), 0.0).agrees(1e-4)
    plain = final(4e-4, 0.5, [1.0, 0.0], 1.5, 16_000, seed=2)[:, 1]
    assert z_test(plain.var(), plain.var() * np.sqrt(2.0 / len(plain)), sg.claim("PCA-T5").value(**given)).agrees(1e-4)


@pytest.mark.claim("PCA-P6", "reproduced")
@pytest.mark.claim("PCA-P6", "refutes")
@pytest.mark.parametrize("eps", [0.012, 0.006])
@pytest.mark.parametrize("mu", [0.0, 0.8])
def test_probability_at_the_two_times_of_phase_three(mu, eps):
    """eta phi = (1-mu) g eps / 20, so each eps has a step of its own; delta^2 = 4 eps: the printed time has 0.64 in place of 3/4."""
    delta2 = 4 * eps
    eta = 0.05 * (1 - mu) * eps / ALPHA2
    times = {"eta": eta, "momentum": mu, "lam": LAM, "delta2": delta2, "eps": eps, "phi": ALPHA2}
    linear = {"eta": eta, "momentum": mu, "gap": 1.0, "delta2": delta2, "eps": eps, "alpha2": ALPHA2}
    start = np.sqrt([1 - delta2, delta2])
    for T, enough in ((sg.claim("PCA-P6").printed(**times), False), (sg.claim("PCA-P6").value(**times), True)):
        inside = int((final(eta, mu, start, T, 600)[:, 1] ** 2 <= eps).sum())
        # The linear equation starts from delta where tan^2 is delta^2 / (1 - delta^2): both its values are shown.
        expected = phases.within(T, **linear), phases.within(T, **{**linear, "delta2": delta2 / (1 - delta2)})
        assert enough or proportion_test(inside, 600, np.mean(expected)).agrees(1e-4)
        assert (inside > 0.9 * 600) if enough else not proportion_test(inside, 600, 0.75).agrees(1e-4)


@pytest.mark.claim("PCA-P8", "reproduced")
@pytest.mark.claim("PCA-P8", "refutes")
@pytest.mark.parametrize("eta", [2e-4, 1e-4, 5e-5])
def test_where_paths_are_at_the_two_times_of_phase_two(eta, check):
    """eta over delta^2 is 1/250 at most: the noise moves the mean by a few per cent."""
    given = {"momentum": 0.5, "lam": LAM, "delta2": 0.05}
    start = np.sqrt([0.05, 0.95])
    half = final(eta, 0.5, start, sg.claim("PCA-P8").printed(**given), 1000)[:, 0] ** 2
    whole = final(eta, 0.5, start, sg.claim("PCA-P8").value(**given), 1000)[:, 0] ** 2
    check("mean of H_1^2 at the printed time", half.mean(), 0.5, 0.03)
    check("mean of H_1^2 at twice that", whole.mean(), 0.95, 0.01)
    assert (half >= 0.95).mean() < 0.01


@pytest.mark.claim("PCA-P10", "reproduced")
@pytest.mark.claim("PCA-T9", "reproduced")
@pytest.mark.parametrize("mu, tau", [(0.0, 0), (0.8, 0), (0.5, 10)])
@pytest.mark.parametrize("scale", [2e-4, 1e-4])
def test_escape_from_the_saddle(mu, tau, scale):
    """eta = scale (1 - mu), delta^2 = 20 eta, 5,000 paths; the quantile of the other tail is rejected."""
    eta, nu = scale * (1 - mu), 0.3
    given = {"eta": eta, "momentum": mu, "lam": LAM, "delta2": 20 * eta, "alpha2": ALPHA2}
    h = final(eta, mu, [0.0, 1.0], sg.claim("PCA-P10").value(nu=nu, **given), 5000, tau=tau)
    stayed = int((h[:, 0] ** 2 < 20 * eta).sum())
    assert proportion_test(stayed, 5000, nu).agrees(1e-4)
    assert z_test(h[:, 0].mean(), h[:, 0].std() / np.sqrt(5000), 0.0).agrees(1e-4)
    late = final(eta, mu, [0.0, 1.0], sg.claim("PCA-P10").value(nu=0.5, **given), 5000, tau=tau, seed=3)
    assert not proportion_test(int((late[:, 0] ** 2 < 20 * eta).sum()), 5000, nu).agrees(1e-4)
