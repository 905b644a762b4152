"""Landscape, flow (7), the decomposition (6), and Lemmas 1 and 2 on the recursion without noise."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

import stalegrad as sg
from stalegrad.algorithms.pca import PCADraw, at_rest, pca_step
from stalegrad.evidence import order_of_convergence
from stalegrad.theory.pca import flow, recursion
from stalegrad.theory.pca.symbols import momentum, t

LAM = [4.0, 3.0, 2.0, 1.0]
START = np.array([0.2, 0.8, 0.4, 0.4])


@pytest.mark.claim("PCA-A1", "proved")
@pytest.mark.claim("PCA-4", "definition")
@pytest.mark.parametrize("at", [1, 2, 3])
def test_curvatures_at_the_eigenvectors(at):
    """-DM(e_j) is diagonal with 2 lambda_j across the sphere and lambda_j - lambda_i along it."""
    lam = sp.symbols("lambda1:4", positive=True)
    h = sp.Matrix(sp.symbols("h1:4", real=True))
    here = dict(zip(h, [int(i + 1 == at) for i in range(3)], strict=True))
    jacobian = -flow.field(h, lam).jacobian(h).subs(here)
    expected = [2 * lam[at - 1] if i + 1 == at else lam[at - 1] - lam[i] for i in range(3)]
    assert sp.simplify(jacobian - sp.diag(*expected)) == sp.zeros(3)
    numbers = dict(zip(lam, (5, 2, 1), strict=True))
    assert flow.rates([5.0, 2.0, 1.0], at).tolist() == [float(e.subs(numbers)) for e in expected]


@pytest.mark.claim("PCA-A1", "counterexample")
def test_ties_have_more_stationary_points():
    lam = [3.0, 1.0, 1.0]
    between = np.array([0.0, 0.6, 0.8])
    assert not flow.field(between, lam).any() and not np.isin(1.0, abs(between))
    assert flow.rates(lam, at=2).min() < 0 < flow.rates(lam, at=1).min()
    # A tie at the bottom: no direction of the sphere leads down from v^{d-1}, so it is a minimum.
    assert (np.delete(flow.rates(lam, at=2), 1) <= 0).all()
    assert not flow.field(np.zeros(3), lam).any()


@pytest.mark.claim("PCA-ode-solution", "proved")
@pytest.mark.claim("PCA-7", "proved")
def test_closed_form_satisfies_the_flow():
    """For any start: with E_j = H_j(0) exp(lambda_j t / (1-mu)) and the form under the root, whose rate is 2 sum lambda_j E_j^2 / (1-mu)."""
    lam, start = sp.symbols("lambda1:4", positive=True), sp.symbols("a1:4", real=True)
    grown = [a * sp.exp(x * t / (1 - momentum)) for a, x in zip(start, lam, strict=True)]
    under = 1 - sum(a**2 for a in start) + sum(e**2 for e in grown)
    h = sp.Matrix([e / sp.sqrt(under) for e in grown])
    assert sp.simplify(h.diff(t) - flow.field(h, lam) / (1 - momentum)) == sp.zeros(3, 1)
    assert sp.simplify(h.subs(t, 0)) == sp.Matrix(start)


@pytest.mark.claim("PCA-ode-solution", "exact")
@pytest.mark.parametrize("start", [START, 0.5 * START, [0.0, 0.6, 0.0, 0.8]])
def test_closed_form_against_a_solver(start, check):
    solved = solve_ivp(lambda _, h: flow.field(h, LAM) / 0.3, (0.0, 2.0), start, rtol=1e-11, atol=1e-13)
    found = sg.claim("PCA-ode-solution").value(H0=list(start), lam=LAM, momentum=0.7, t=2.0)
    check("H(2)", found, solved.y[:, -1], 1e-9)


@pytest.mark.claim("PCA-ode-solution", "refutes")
def test_the_flow_ends_on_the_side_where_it_starts(check):
    for sign in (1.0, -1.0):
        late = np.array(sg.claim("PCA-ode-solution").value(H0=[0.6 * sign, 0.8], lam=[4.0, 3.0], momentum=0.5, t=500.0))
        check(f"H_1, start with sign {sign:g}", late[0], sign, 1e-12)
        assert np.linalg.norm(late - [1.0, 0.0]) == pytest.approx(0.0 if sign > 0 else 2.0)
    # Without the component, it ends in the next eigenspace; with a tie there, at the part of the start in it.
    late = flow.solution([0.0, 0.6, 0.8], [4.0, 2.0, 2.0], 0.0, 500.0)
    check("in the shared eigenspace", late, [0.0, 0.6, 0.8], 1e-12)
    check("limit", flow.limit_of_the_flow([0.0, 0.3, 0.4], [4.0, 2.0, 2.0]), late, 1e-12)


@pytest.mark.claim("PCA-ode-solution", "refutes")
def test_off_the_sphere_the_printed_form_has_length_one_from_the_beginning(check):
    """So it does not start at H(0); on the sphere the two forms are one."""
    setting = {"lam": [4.0, 3.0], "momentum": 0.5}
    claim = sg.claim("PCA-ode-solution")
    check("value at t = 0", claim.value(H0=[0.3, 0.4], t=0.0, **setting), [0.3, 0.4], 1e-15)
    check("printed at t = 0", claim.printed(H0=[0.3, 0.4], t=0.0, **setting), [0.6, 0.8], 1e-15)
    for time in (0.1, 1.0):
        right, printed = claim.value(H0=[0.3, 0.4], t=time, **setting), claim.printed(H0=[0.3, 0.4], t=time, **setting)
        check("length as printed", np.linalg.norm(printed), 1.0, 1e-12)
        grown = np.linalg.norm(np.array([0.3, 0.4]) * np.exp(np.array([8.0, 6.0]) * time))
        check("length by the flow", np.linalg.norm(right), grown / np.sqrt(0.75 + grown**2), 1e-12)
        check("no difference on the sphere", claim.printed(H0=[-0.6, 0.8], t=time, **setting), claim.value(H0=[-0.6, 0.8], t=time, **setting), 1e-14)


def _path(delays, seed=3, eta=0.01):
    """Points, reads and samples of (5) from rest, by the reference step."""
    rng = np.random.default_rng(seed)
    state, points, reads, data = at_rest(max(delays), (START / np.linalg.norm(START))[:, None]), [], [], []
    for tau in delays:
        x = rng.normal(size=(4, 1)) * np.sqrt(LAM)[:, None]
        points.append(state.v[:, 0])
        reads.append(state.past.read(np.array([tau]))[:, 0])
        data.append(x[:, 0])
        state = pca_step(eta, 0.8, state, PCADraw(np.array([tau]), x))
    return np.array(points), np.array(reads), np.array(data), (state.v - state.before)[:, 0] / eta


@pytest.mark.claim("PCA-6", "exact")
@pytest.mark.claim("PCA-5", "definition")
def test_parts_add_up_to_the_displacement(check):
    points, reads, data, moved = _path([0, 1, 0, 3, 2, 5, 1, 7, 4, 4])
    parts = flow.decomposition(points, reads, data[:, :, None] * data[:, None], np.diag(LAM), 0.8)
    check("m + beta + epsilon", sum(parts.values()), moved, 1e-11)


@pytest.mark.claim("PCA-6", "refutes")
def test_printed_beta_does_not_add_up(check):
    points, reads, data, moved = _path([0, 1, 0, 3, 2, 5, 1, 7, 4, 4])
    samples = data[:, :, None] * data[:, None]
    parts = flow.decomposition(points, reads, samples, np.diag(LAM), 0.8, printed=True)
    assert np.abs(sum(parts.values()) - moved).max() > 1e-2
    # Without delay point and read are one, and both forms agree.
    points, reads, data, moved = _path([0] * 10)
    parts = flow.decomposition(points, reads, data[:, :, None] * data[:, None], np.diag(LAM), 0.8, printed=True)
    check("without delay", sum(parts.values()), moved, 1e-11)


@pytest.mark.claim("PCA-6", "exact")
def test_printed_beta_is_centred_and_off_by_the_step(check):
    """Over all signs of the data its terms average to 0; along paths of the same data its error falls in proportion to eta."""
    read, point = START / np.linalg.norm(START), np.array([0.5, -0.5, 0.5, 0.5])
    signs = np.array(list(product([-1.0, 1.0], repeat=4))) * np.sqrt(LAM)
    noises = signs[:, :, None] * signs[:, None] - np.diag(LAM)
    terms = [noise @ read - (point @ noise @ point) * read for noise in noises]
    check("mean of a printed term", np.mean(terms, axis=0), np.zeros(4), 1e-13)
    errors, etas = [], np.array([1e-5, 1e-6, 1e-7])
    for eta in etas:
        points, reads, data, moved = _path([0, 1, 0, 3, 2, 5, 1, 7, 4, 4], eta=eta)
        parts = flow.decomposition(points, reads, data[:, :, None] * data[:, None], np.diag(LAM), 0.8, printed=True)
        errors.append(np.abs(sum(parts.values()) - moved).max())
    assert abs(order_of_convergence(etas, errors).order - 1.0) < 0.1


def _excess(eta, mu, tau):
    start = START / np.linalg.norm(START)
    n = int(4.0 * (1.0 - mu) / eta)
    path = recursion.mean_path(start, LAM, eta, mu, tau, n)
    return (path**2).sum(axis=1) - 1.0, recursion.norm_excess(LAM, start, eta, mu, tau, eta * np.arange(n + 1))


@pytest.mark.claim("PCA-L1", "scaled")
@pytest.mark.parametrize("mu, tau", [(0.0, 0), (0.0, 20), (0.5, 0), (0.5, 20)])
def test_excess_of_the_norm_is_of_first_order(mu, tau, check):
    """At two steps the distance from the first order, relative to it, is small and falls in proportion to eta."""
    gaps = []
    for eta in (4e-4, 2e-4):
        found, first = _excess(eta, mu, tau)
        gaps.append(np.abs(found - first).max() / first.max())
    assert gaps[1] < 0.08
    check("halving eta halves the rest", gaps[1] / gaps[0], 0.5, 0.08)


@pytest.mark.claim("PCA-L1", "scaled")
def test_excess_is_of_order_eta_over_a_run():
    etas = np.array([4e-4, 2e-4, 1e-4])
    fit = order_of_convergence(etas, [_excess(eta, 0.5, 10)[0].max() for eta in etas])
    assert abs(fit.order - 1.0) < 0.1
    # At tau ~ eta^{-1/2} (gamma = 1/2) it is the square root.
    fit = order_of_convergence(etas, [_excess(eta, 0.5, round(0.2 / eta**0.5))[0].max() for eta in etas])
    assert abs(fit.order - 0.5) < 0.1


@pytest.mark.claim("PCA-L1", "refutes")
def test_printed_norm_bound_and_step_bound_fail(check):
    """Without delay the printed bound on |v|^2 is 1; and the step is quadratic in the data."""
    x = np.array([10.0, 0.0])
    v = np.array([1.0, 1.0]) / np.sqrt(2.0)
    for eta in (1e-2, 1e-3):
        moved = pca_step(eta, 0.0, at_rest(0, v[:, None]), PCADraw(np.zeros(1, int), x[:, None])).v[:, 0]
        check("|v_1|^2 - 1 over eta^2", (moved @ moved - 1.0) / eta**2, (x @ x / 2.0) ** 2, 1e-6 * 2500 / eta)
        step = np.linalg.norm(moved - v) / eta
        check("step over eta", step, 50.0, 1e-9)
        assert step > 2.0 * np.linalg.norm(x)


@pytest.mark.claim("PCA-L2", "scaled")
def test_mean_part_after_the_first_steps():
    """m_{k+1} is the displacement over eta of the recursion without noise."""
    etas, worst = np.array([4e-4, 2e-4, 1e-4]), []
    for eta in etas:
        path = recursion.mean_path(START / np.linalg.norm(START), LAM, eta, 0.8, 5, int(0.5 / eta))
        gap = np.diff(path, axis=0) / eta - flow.field(path[:-1].T, LAM).T / 0.2
        worst.append(np.abs(gap[int(np.log(1 / eta) / np.log(1 / 0.8)) :]).max())
    assert abs(order_of_convergence(etas, worst).order - 1.0) < 0.15


@pytest.mark.claim("PCA-L2", "counterexample")
def test_mean_part_at_the_second_step_does_not_approach_the_field(check):
    start = START / np.linalg.norm(START)
    size = np.linalg.norm(flow.field(start, LAM))
    for eta in (1e-4, 1e-6, 1e-8):
        path = recursion.mean_path(start, LAM, eta, 0.9, 0, 2)
        gap = (path[2] - path[1]) / eta - flow.field(path[1], LAM) / 0.1
        check(f"k = 1, eta = {eta:g}", np.linalg.norm(gap) / size, 8.1, 1e-2)


def test_input_is_refused():
    for wrong in ({"H0": [1.0], "lam": [4.0, 3.0]}, {"H0": [1.0, 0.0], "lam": [4.0, -3.0]}, {"H0": 1.0, "lam": [4.0]}):
        with pytest.raises(ValueError, match="H0|lam"):
            sg.claim("PCA-ode-solution").value(**wrong, momentum=0.5, t=1.0)
    with pytest.raises(ValueError, match="at = 5"):
        flow.rates(LAM, at=5)
    with pytest.raises(ValueError, match="lam"):
        sg.claim("PCA-critical-delay").value(eta=0.1, momentum=0.5, lam=[1.0, 2.0])
