"""The linear equations around optimum and saddles as limits: against the closed formulas, their own scheme, and the algorithm."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import z_test

LAM = [4.0, 3.0, 1.0]


@pytest.mark.claim("PCA-T9", "exact")
@pytest.mark.claim("PCA-T5", "exact")
@pytest.mark.claim("PCA-8", "exact")
@pytest.mark.parametrize("mu", [0.0, 0.7])
@pytest.mark.parametrize("law", ["gaussian", "signs"])
@pytest.mark.parametrize("around", [1, 2, 3])
def test_moments_are_those_of_the_formulas(around, law, mu):
    """The solution of the delay equation at delay 0 against T9's variance, which at a negative gap is that of a coordinate that settles."""
    eta, others = 0.001, np.delete(np.arange(3), around - 1)
    limit = sg.pca_diffusion(sg.problems.streaming_data(LAM, law=law), eta, mu, around)
    times = np.array([0.1, 0.5])
    found = sg.moments.exact_limit(limit, [0.1, -0.2], times)
    for column, (i, start) in enumerate(zip(others, (0.1, -0.2), strict=True)):
        gap, alpha2 = LAM[i] - LAM[around - 1], LAM[i] * LAM[around - 1]
        mean = start * np.exp(gap * times / (1 - mu))
        variance = eta * alpha2 / (2 * (1 - mu) * gap) * np.expm1(2 * gap * times / (1 - mu))
        np.testing.assert_allclose(found.mean[:, column], mean, rtol=1e-9)
        np.testing.assert_allclose(found.second_moment[:, column, column] - mean**2, variance, rtol=1e-8)
        if gap > 0:
            formula = [sg.claim("PCA-T9").value(t=t, momentum=mu, gap=gap, alpha2=alpha2)["variance"] for t in times]
            np.testing.assert_allclose(variance, eta * np.array(formula), rtol=1e-9)
        else:
            late = sg.moments.exact_limit(limit, 0.0 * np.ones(2), 40.0).second_moment[0, column, column]
            np.testing.assert_allclose(late, sg.claim("PCA-T5").value(eta=eta, momentum=mu, gap=-gap, alpha2=alpha2), rtol=1e-8)


@pytest.mark.claim("PCA-T9", "reproduced")
@pytest.mark.claim("PCA-8", "reproduced")
@pytest.mark.parametrize("around", [1, 2])
def test_the_algorithm_and_its_limit_agree(around):
    """Variances after t = 0.15 at eta = 5e-5, 8,000 paths of each, error rate 1e-4; the limit of a smaller momentum is rejected."""
    eta, mu, n_steps, n_paths = 5e-5, 0.7, 3000, 8000
    data = sg.problems.streaming_data(LAM, law="uniform")
    others = np.delete(np.arange(3), around - 1)

    def variances(process, start, seed):
        final = sg.simulate(process, start, n_paths=n_paths, n_steps=n_steps, seed=seed, keep="final").final
        return final.var(axis=0)

    algorithm = variances(sg.streaming_pca(data, eta, mu, observe="h"), np.eye(3)[around - 1], 1)[others]
    right, wrong = (variances(sg.pca_diffusion(data, eta, momentum, around), np.zeros(2), 2) for momentum in (mu, 0.6))
    relative = np.sqrt(2.0 / n_paths)
    assert z_test(algorithm, algorithm * relative, right, right * relative).agrees(1e-4)
    assert not z_test(algorithm, algorithm * relative, wrong, wrong * relative).agrees(1e-4)
    exact = sg.moments.exact_limit(sg.pca_diffusion(data, eta, mu, around), np.zeros(2), eta * n_steps).second_moment[0].diagonal()
    assert z_test(right, right * relative, exact).agrees(1e-4)


@pytest.mark.parametrize(
    "wrong, message",
    [({"around": 4}, "at most d = 3"), ({"around": 0}, "around=0"), ({"momentum": 1.0}, "momentum=1.0"), ({"eta": 0.0}, "eta=0.0")],
)
def test_bad_input(wrong, message):
    with pytest.raises(ValueError, match=message):
        sg.pca_diffusion(sg.problems.streaming_data(LAM), **({"eta": 0.01} | wrong))


def test_another_kind_of_data():
    with pytest.raises(ValueError, match="streaming_data"):
        sg.pca_diffusion(sg.problems.quadratic([[1.0], [-1.0]]), 0.01)
