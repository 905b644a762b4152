"""SME-F5 and its printed numbers: the quartic and the double well, at sizes larger than the paper's."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import compare, proportion_test

MU, N_STEPS, SEED = 0.95, 1000, 5
WELL = {"eta": 0.01, "start": 0.1}
QUARTIC = {"eta": 0.001, "start": 1.0}
PRINTED = {"asgd": 0.9034, "sme-asgd": 0.9050, "sme-sgd": 0.8854}
PAPER_PATHS, HALF_UNIT = 5000, 0.00005
# A share of our own is known to 0.0005; the paper's to 0.0042. |z| < 3 for each of the three, family-wise error below 1 %.
N_PATHS, Z_LIMIT = 400_000, 3.0


def model(name, problem, eta):
    return {
        "asgd": lambda: sg.asgd(problem, eta=eta, staleness=sg.geometric(MU)),
        "sme-asgd": lambda: sg.sme_asgd(problem, eta=eta, mu=MU),
        "sme-sgd": lambda: sg.sme_sgd(problem, eta=eta),
    }[name]()


def share_on_the_right(name, start=WELL["start"]):
    """Share of paths with x > 0 after N_STEPS steps in the double well."""
    process = model(name, sg.problems.double_well(), WELL["eta"])
    final = sg.simulate(process, start, n_paths=N_PATHS, n_steps=N_STEPS, seed=SEED, keep="final").final
    return float(np.mean(final[:, 0] > 0))


def tolerance(share):
    """Half a unit of the last printed digit and Z_LIMIT standard errors of both sides."""
    return HALF_UNIT + Z_LIMIT * np.sqrt(share * (1 - share) * (1 / PAPER_PATHS + 1 / N_PATHS))


@pytest.mark.claim("SME-F5", "reproduced")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("asgd", marks=pytest.mark.claim("SME-fig5-asgd", "reproduced")),
        pytest.param("sme-asgd", marks=pytest.mark.claim("SME-fig5-sme-asgd", "reproduced")),
        pytest.param("sme-sgd", marks=pytest.mark.claim("SME-fig5-sme-sgd", "reproduced")),
    ],
)
def test_share_in_the_right_hand_well(name, check):
    """With the past frozen at x_0; started at 0.05 instead of 0.1 the same test rejects."""
    share = share_on_the_right(name)
    check(f"{name}: share in the right-hand well", share, PRINTED[name], tolerance(share))
    other = share_on_the_right(name, start=0.05)
    assert not compare(other, PRINTED[name], tolerance(other)).agrees


@pytest.mark.claim("SME-F5", "reproduced")
def test_sme_asgd_is_closer_than_sme_sgd_in_the_well(check):
    """The printed order of the three shares, with an error rate a sample of 5,000 could not give."""
    share = {name: share_on_the_right(name) for name in PRINTED}
    gap = abs(share["sme-asgd"] - share["asgd"])
    assert gap < abs(share["sme-sgd"] - share["asgd"])
    count = round(share["sme-sgd"] * N_PATHS)
    assert not proportion_test(count, N_PATHS, share["asgd"], expected_n=N_PATHS).agrees(1e-6)
    check("share of SME-ASGD minus share of ASGD", gap, 0.0, 0.005)


@pytest.mark.claim("SME-F5", "reproduced")
def test_moments_of_the_quartic(check):
    """5,000 paths, as printed: SME-ASGD within 2 % of the start on both moments, SME-SGD off by more than 5 %."""
    runs = {
        name: sg.simulate(model(name, sg.problems.quartic(), QUARTIC["eta"]), QUARTIC["start"], n_paths=5000, n_steps=600, seed=SEED)
        for name in PRINTED
    }
    assert all(run.diverged == 0 for run in runs.values())

    def gap(name):
        mean = np.abs(runs[name].mean - runs["asgd"].mean).max()
        second = np.abs(runs[name].second_moment - runs["asgd"].second_moment).max()
        return mean, second

    check("SME-ASGD: largest gap of the mean", gap("sme-asgd")[0], 0.0, 0.02)
    check("SME-ASGD: largest gap of the second moment", gap("sme-asgd")[1], 0.0, 0.02)
    assert min(gap("sme-sgd")) > 0.05


@pytest.mark.claim("SME-variance-underestimated", "counterexample")
def test_sme_sgd_overestimates_the_variance_in_the_double_well():
    """From step 10 to the end. The printed shares alone say the same of the end."""
    well = sg.problems.double_well()
    variance = {
        name: sg.simulate(model(name, well, WELL["eta"]), WELL["start"], n_paths=40_000, n_steps=N_STEPS, seed=SEED).covariance[10:, 0, 0]
        for name in ("asgd", "sme-sgd")
    }
    assert np.all(variance["sme-sgd"] > variance["asgd"])

    def spread(share):
        return share * (1 - share)

    assert spread(PRINTED["sme-sgd"]) > spread(PRINTED["asgd"])


@pytest.mark.claim("SME-variance-underestimated", "reproduced")
def test_sme_sgd_underestimates_the_variance_on_the_quartic():
    """From step 10 to the end, at 40,000 paths: a sampled variance is known to about 1 %, and the two differ by 10 % or more.

    The control asks the same of SME-ASGD, which is not smaller by 10 % anywhere.
    """
    quartic = sg.problems.quartic()
    variance = {}
    for place, name in enumerate(PRINTED):
        run = sg.simulate(model(name, quartic, QUARTIC["eta"]), QUARTIC["start"], n_paths=40_000, n_steps=600, seed=SEED + place)
        variance[name] = run.covariance[10:, 0, 0]
    assert np.all(variance["sme-sgd"] < 0.9 * variance["asgd"])
    assert np.all(variance["sme-asgd"] > 0.9 * variance["asgd"])
