"""Values by id: the ledger's interface, against computations that share nothing with it."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from stalegrad.claims import claim, ledger, values
from stalegrad.claims.figure5 import MU, N_STEPS, START
from stalegrad.evidence import proportion_test

CONTROL = {"eta": 0.02, "mu": 0.9, "Sigma": 1.0, "gamma": 1e-7}


def enumerated(eta, mu, a, s2_root, x0, steps):
    """Mean and second moment of ASGD over all reads and samples, in exact rationals.

    Gradients a x ± s2_root; a read before step 0 sees x0, so staleness of j or more at step j counts as j.
    """
    paths = [(Fraction(1), [x0])]
    for j in range(steps):
        staleness = [(1 - mu) * mu**tau for tau in range(j)] + [mu**j]
        paths = [
            (weight * chance / 2, [*path, path[-1] - eta * (a * path[j - tau] + sign * s2_root)])
            for weight, path in paths
            for (tau, chance), sign in product(enumerate(staleness), (1, -1))
        ]
    return sum(w * p[-1] for w, p in paths), sum(w * p[-1] ** 2 for w, p in paths)


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize("k", [0, 1, 2, 3, 4])
def test_exact_moments_are_those_of_all_paths_listed(check, k):
    eta, mu, a, root, x0 = Fraction(1, 10), Fraction(4, 5), Fraction(3), Fraction(2), Fraction(3, 2)
    found = claim("SME-exact-moments").value(eta=0.1, mu=0.8, a=3.0, s2=4.0, x0=1.5, k=k)
    mean, second = enumerated(eta, mu, a, root, x0, k)
    check(f"mean after {k} steps", found["mean"], float(mean), 1e-13)
    check(f"second moment after {k} steps", found["second_moment"], float(second), 1e-13)


def test_listing_the_paths_with_another_mu_is_seen():
    found = claim("SME-exact-moments").value(eta=0.1, mu=0.8, a=3.0, s2=4.0, x0=1.5, k=4)
    wrong = enumerated(Fraction(1, 10), Fraction(79, 100), Fraction(3), Fraction(2), Fraction(3, 2), 4)
    assert abs(found["second_moment"] - float(wrong[1])) > 1e-3


def test_stationary_moments_are_the_limit_of_many_steps():
    setting = {"eta": 0.02, "mu": 0.9, "a": 2.0, "s2": 4.0, "x0": 1.0}
    limit, late = (claim("SME-exact-moments").value(**setting, k=k) for k in ("inf", 5000))
    assert late["second_moment"] == pytest.approx(limit["second_moment"], rel=1e-10)
    assert limit["mean"] == 0


def test_figure_4_is_its_own_setting_of_the_exact_moments():
    direct = claim("SME-exact-moments").value(eta=0.01, mu=0.95, a=2.0, s2=4.0, x0=1.0, k=100)
    assert claim("SME-F4").value(model="asgd", mu=0.95, k=100) == pytest.approx(direct, rel=1e-12)


def radius_of_history(step, mu, lags=16):
    """Spectral radius of one noiseless step of ASGD on all E[x_{k-i} x_{k-j}], i, j < lags.

    Reads of `lags` - 1 steps or more see the last lag: an error of order mu^(lags - 1) in the law.
    """
    law = np.append((1 - mu) * mu ** np.arange(lags - 1), mu ** (lags - 1))
    matrix = np.zeros((lags, lags, lags, lags))
    matrix[0, 0, 0, 0] = 1
    matrix[0, 0, 0, :] -= 2 * step * law
    matrix[0, 0, range(lags), range(lags)] += step**2 * law
    for j in range(1, lags):
        matrix[0, j, 0, j - 1] += 1
        matrix[0, j, :, j - 1] -= step * law
        matrix[j, 0] = matrix[0, j]
        for i in range(1, lags):
            matrix[i, j, i - 1, j - 1] = 1
    return np.abs(np.linalg.eigvals(matrix.reshape(lags**2, lags**2))).max()


@pytest.mark.claim("SME-best-mu", "exact")
def test_best_mu_by_the_second_moments_of_the_whole_history(check):
    best = claim("SME-best-mu").value(a=2.0, eta=0.2)
    # 0.107^15 is 3e-15; where two eigenvalues meet, they move by its root, 5e-8.
    check("decay per step at the best mu", -np.log(radius_of_history(0.4, best["mu"])), best["rate"], 1e-6)
    others = np.append(np.linspace(0, 0.3, 13), [0.99 * best["mu"], 1.01 * best["mu"]])
    fastest = max(-np.log(radius_of_history(0.4, mu)) for mu in others)
    assert best["rate"] - 0.05 < fastest < best["rate"]


@pytest.mark.parametrize(("a", "eta"), [(2.0, 0.01), (1.0, 0.05), (2.0, 0.2)])
def test_best_mu_decays_at_its_rate_and_faster_than_its_neighbours(a, eta):
    best = claim("SME-best-mu").value(a=a, eta=eta)

    def rate(mu):
        # Decay of E x^2 without noise, from about e^-50 to e^-600 and never to underflow.
        start, end = int(50 / best["rate"]), int(600 / best["rate"])
        first, last = (claim("SME-exact-moments").value(eta=eta, mu=mu, a=a, s2=0.0, x0=1.0, k=k)["second_moment"] for k in (start, end))
        return np.log(first / last) / (end - start)

    # Where eigenvalues meet, a factor k^2 may slow the decay: 2 log(12) / 550 of the rate, about 1 %.
    assert rate(best["mu"]) == pytest.approx(best["rate"], rel=0.015)
    for mu in (0.5 * best["mu"], 0.5 * (1 + best["mu"])):
        assert rate(mu) < 0.985 * best["rate"]


def test_drift_matrix_and_its_eigenvalues():
    matrix = np.array(claim("SME-4.3").value(eta=0.01, mu=0.95))
    kappa = np.sqrt(0.05 / 0.01)
    assert matrix == pytest.approx(np.array([[0, 0, 2], [0, -2 * kappa, -4], [-2, 1, -kappa]]))
    found = claim("SME-second-moment-eigenvalues").value(eta=0.01, mu=0.95, a=2.0)
    polynomial = np.poly(matrix)
    assert np.poly(found) == pytest.approx(polynomial, rel=1e-10)
    assert np.poly(np.array(found) + 0.01) != pytest.approx(polynomial, rel=1e-3)


def test_stationary_moments_solve_the_linear_system():
    eta, mu, a, Sigma = 0.01, 0.95, 2.0, 4.0
    found = claim("SME-stationary").value(Sigma=Sigma, eta=eta, mu=mu, a=a)
    vector = np.array([found["x2"], found["y2"], found["xy"]])
    residual = np.array(claim("SME-4.3").value(eta=eta, mu=mu)) @ vector + [Sigma * eta**1.5 / (1 - mu) ** 0.5, 0, 0]
    assert np.abs(residual).max() < 1e-14
    assert claim("SME-4.4").value(Sigma=Sigma, eta=eta, mu=mu) == pytest.approx(found["x2"])
    assert claim("SME-5.5").value(a=a, eta=eta) == pytest.approx(0.92)
    assert claim("SME-self-consistent").value(eta=eta, mu=mu, a=a, s2=4.0)["Sigma"] > 4.0


def test_hamiltonian_is_the_least_over_batches_and_the_schedule_attains_it():
    found = claim("SME-4.9").value(z=0.5, Vz=1.0, **CONTROL)
    u = np.linspace(0, 100, 200_001)
    level = claim("SME-4.4").value(Sigma=1.0, eta=0.02, mu=0.9, u=u)
    decay = max(np.real(claim("SME-second-moment-eigenvalues").value(eta=0.02, mu=0.9, a=2.0)))
    listed = decay * (0.5 - level) + CONTROL["gamma"] / CONTROL["eta"] * u
    assert found == pytest.approx(listed.min(), abs=1e-9)
    assert claim("SME-4.9").printed(z=0.5, Vz=1.0, **CONTROL) < listed.min() - 1e-4
    assert claim("SME-4.11").value(t=20.0, T=20.0, **CONTROL) == pytest.approx(u[listed.argmin()], abs=1e-3)
    assert claim("SME-4.10").value(z=0.5, t=20.0, T=20.0, **CONTROL) == pytest.approx(0.5)


@pytest.mark.parametrize("model", ["asgd", "sme-asgd", "sme-sgd"])
def test_figure_5_counts_paths_with_their_error(model):
    found = claim("SME-F5").value(model=model, n_paths=2000, seed=3)
    count = round(2000 * found["fraction"])
    assert count / 2000 == found["fraction"]
    assert found["standard_error"] == pytest.approx(np.sqrt(found["fraction"] * (1 - found["fraction"]) / 2000))
    assert found == claim("SME-F5").value(model=model, n_paths=2000, seed=3)
    # The start lies in the right-hand well: far more than half arrive there, not all.
    assert not proportion_test(count, 2000, 0.5).agrees(1e-6) and 0.5 < found["fraction"] < 1


def test_figure_5_setting():
    assert (START, MU, N_STEPS) == (0.1, 0.95, 1000)


def test_every_value_belongs_to_a_row_and_names_its_arguments():
    rows = ledger.read_inventory()
    for id_ in values.evaluable():
        assert id_ in rows and (values.arguments(id_) or values.computed(id_))


def test_printed_forms_are_those_of_rows_with_an_erratum():
    entries = ledger.load().entries
    for id_ in filter(values.has_printed, values.evaluable()):
        assert entries[id_].erratum is not None, id_


SAME_VALUE = {"EASGD-5.35", "EASGD-F5.13"}
"""Corrected in words, or in arguments that the value does not have."""


def test_every_value_of_a_corrected_row_has_its_printed_form():
    entries = ledger.load().entries
    corrected = {id_ for id_ in values.evaluable() if entries[id_].erratum is not None and entries[id_].erratum.kind == "corrected"}
    assert {id_ for id_ in corrected if not values.has_printed(id_)} == SAME_VALUE


@pytest.mark.parametrize(
    ("id_", "arguments"),
    {
        "SME-4.3": "eta mu",
        "SME-4.4": "Sigma eta mu u a",
        "SME-4.9": "z Vz eta mu Sigma gamma",
        "SME-4.10": "z t T eta mu Sigma gamma",
        "SME-4.11": "t T eta mu Sigma gamma",
        "SME-5.5": "a eta",
        "SME-stationary": "Sigma eta mu a",
        "SME-second-moment-eigenvalues": "eta mu a",
        "SME-exact-moments": "eta mu a s2 x0 k",
        "SME-self-consistent": "eta mu a s2",
        "SME-best-mu": "a eta",
        "SME-F4": "model mu k",
        "SME-F5": "model n_paths seed",
    }.items(),
)
def test_arguments_by_name(id_, arguments):
    takes = values.arguments(id_)
    assert set(arguments.split()) <= set(takes)
    assert all(takes[name] is not None for name in set(takes) - set(arguments.split()))
