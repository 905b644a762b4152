"""Streaming PCA: the rule by hand and in symbols, moments of the data, divergence, and refusals."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.pca import PCADraw, PCAState, pca_step
from stalegrad.engine.streams import Tape

LAM = [4.0, 3.0, 2.0, 1.0]
LAWS = {"gaussian": 3.0, "uniform": 9.0 / 5.0, "signs": 1.0}
N_DATA, SIGMAS = 50_000, 5.0


class SymbolicPast:
    """A past of which every read is the same column of symbols."""

    def __init__(self, column):
        self.column = column

    def read(self, tau):
        return self.column

    def push(self, moved):
        return self


@pytest.mark.claim("PCA-5", "definition")
def test_the_rule_in_symbols_is_the_printed_one():
    """v + mu (v - before) + eta (1 - w w^T) x x^T w, with matrices."""
    eta, mu = sp.symbols("eta mu")
    v, before, w, x = (sp.Matrix(sp.symbols(f"{name}1:4")) for name in ("v", "b", "w", "x"))
    columns = [np.array(matrix.tolist(), dtype=object) for matrix in (v, before, w, x)]
    moved = pca_step(eta, mu, PCAState(columns[0], columns[1], SymbolicPast(columns[2])), PCADraw(None, columns[3]))
    printed = v + mu * (v - before) + eta * (sp.eye(3) - w * w.T) * x * x.T * w
    assert sp.simplify(sp.Matrix(moved.v) - printed) == sp.zeros(3, 1)
    assert (moved.before == columns[0]).all()


@pytest.mark.claim("PCA-5", "definition")
def test_by_hand():
    """Signs in one dimension are no noise: X^2 = lambda. A delay of 1 reads v_0 = v_1 twice, then v_2."""
    lam, eta, mu, v = 2.0, 0.1, 0.5, 0.5
    slope = lambda w: eta * lam * w * (1.0 - w * w)  # noqa: E731
    second = v + slope(v)
    third = second + mu * (second - v) + slope(v)
    fourth = third + mu * (third - second) + slope(second)
    process = sg.streaming_pca(sg.problems.streaming_data([lam], "signs"), eta, mu, sg.constant(1), "h")
    assert np.allclose(sg.simulate(process, v, 3, 3).mean[:, 0], [v, second, third, fourth], atol=1e-14)


def moments(law):
    """Sample means of X X^T and of Y_i^2 Y_j^2 with their standard errors, for a rotated stream."""
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    data = sg.problems.streaming_data(LAM, law, rotation)
    x = data.rows(Tape(3, np.arange(N_DATA, dtype=np.uint64)), 7, 1)[0]
    y2 = data.to_eigenbasis(x) ** 2
    samples = (x[:, None] * x[None]), (y2[:, None] * y2[None])
    return data, x, [(values.mean(axis=-1), values.std(axis=-1) / np.sqrt(N_DATA)) for values in samples]


@pytest.mark.claim("PCA-4", "definition")
@pytest.mark.claim("PCA-A1", "definition")
@pytest.mark.parametrize("law", LAWS)
def test_covariance_and_fourth_moments_of_the_data(law):
    """20 different entries for each of three laws: beyond 5 standard errors with probability below 60 x 6e-7."""
    data, _, ((covariance, error), (fourth, fourth_error)) = moments(law)
    assert (np.abs(covariance - data.covariance) <= SIGMAS * error + 1e-12).all()
    assert (np.abs(fourth - data.alpha2) <= SIGMAS * fourth_error + 1e-9).all()
    assert np.allclose(data.covariance @ data.leading, LAM[0] * data.leading)
    assert np.allclose(np.diag(data.alpha2), LAWS[law] * np.array(LAM) ** 2)


@pytest.mark.parametrize("law, other", [("gaussian", "uniform"), ("uniform", "signs"), ("signs", "gaussian")])
def test_the_fourth_moments_of_another_law_are_rejected(law, other):
    _, _, (_, (fourth, error)) = moments(law)
    wrong = sg.problems.streaming_data(LAM, other).alpha2
    assert (np.abs(fourth - wrong) > SIGMAS * error + 1e-9).any()


@pytest.mark.claim("PCA-A2", "definition")
def test_bounded_laws_keep_their_bound_and_the_gaussian_law_has_none():
    """Uniform data come within a tenth of C_d = sqrt(3 tr Sigma); signs have |X|^2 = tr Sigma; normals exceed both."""
    largest = {law: np.linalg.norm(moments(law)[1], axis=0).max() for law in LAWS}
    bounds = {law: sg.problems.streaming_data(LAM, law).bound for law in LAWS}
    assert 0.9 * bounds["uniform"] < largest["uniform"] < bounds["uniform"]
    assert largest["signs"] == pytest.approx(bounds["signs"], rel=1e-12) and bounds["signs"] == pytest.approx(np.sqrt(10.0))
    assert largest["gaussian"] > bounds["uniform"] and np.isinf(bounds["gaussian"])


def test_divergence_is_counted():
    process = sg.streaming_pca(sg.problems.streaming_data(LAM), 0.0005, 0.95, sg.constant(60))
    with pytest.warns(sg.DivergenceWarning, match="momentum"):
        run = sg.simulate(process, [0.0, 1.0, 0.0, 0.0], 50, 3000, keep="final")
    assert run.diverged == 50 == (~np.isfinite(run.final)).sum()


@pytest.mark.parametrize(
    "values, message",
    [
        (dict(eigenvalues=[1.0, 2.0]), "must fall"),
        (dict(eigenvalues=[2.0, 2.0, 1.0]), "must fall"),
        (dict(eigenvalues=[1.0, 0.0]), "positive"),
        (dict(eigenvalues=[]), "positive"),
        (dict(eigenvalues=[2.0, 1.0], law="cauchy"), "gaussian, uniform, signs"),
        (dict(eigenvalues=[2.0, 1.0], rotation=np.eye(3)), r"give shape \(2, 2\)"),
        (dict(eigenvalues=[2.0, 1.0], rotation=[[1.0, 1.0], [0.0, 1.0]]), "orthonormal"),
    ],
)
def test_data_that_are_none_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        sg.problems.streaming_data(**values)


@pytest.mark.parametrize(
    "changed, message",
    [
        (dict(data=sg.problems.quadratic([[1.0]])), "streaming_data"),
        (dict(eta=0.0), "eta=0.0"),
        (dict(momentum=1.0), "momentum=1.0"),
        (dict(staleness=3), "constant"),
        (dict(observe="angle"), "distance2"),
        (dict(observe=()), "one or more"),
    ],
)
def test_a_process_of_the_wrong_kind_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        sg.streaming_pca(**dict(data=sg.problems.streaming_data(LAM), eta=0.1) | changed)


def test_a_start_of_another_dimension_is_refused():
    with pytest.raises(ValueError, match="give 4 numbers"):
        sg.simulate(sg.streaming_pca(sg.problems.streaming_data(LAM), 0.1), [1.0, 0.0])


def test_exact_moments_are_refused_as_they_do_not_close():
    with pytest.raises(ValueError, match="do not close"):
        sg.moments.of(sg.streaming_pca(sg.problems.streaming_data(LAM), 0.1), np.eye(4)[0], n_steps=1)
