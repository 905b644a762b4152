"""Lemma 3.1.1 and the double average against simulation: the exact moments of the centre at every recorded step."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import bonferroni, z_test
from stalegrad.theory.easgd.centre import centre_moments, double_average

N_PATHS, N_STEPS = 40_000, 50
ERROR_RATE = 1e-4  # of each family of z-tests
STEPS = [2, 3, 5, 10, 50]
SETTINGS = [(0.1, 0.9, 4, 1.3), (1.2, 0.4, 2, 0.8), (0.5, 0.3, 1, 1.0), (0.3, 1.5, 16, 1.0)]
"""(eta, beta, p, h), stable."""


def simulated(rate, moving, workers, curvature):
    """Two million path-steps; every worker starts at its own place."""
    problem = sg.problems.noisy_quadratic(h=curvature, sigma=2.0)
    starts = np.linspace(-0.5, 1.0, workers)[:, None]
    process = sg.easgd(problem, rate, moving / workers, moving, workers, observe=("centre", "double_average"), local0=starts)
    return sg.simulate(process, 1.5, n_paths=N_PATHS, n_steps=N_STEPS, seed=5), float(starts.mean())


def agrees(run, bias, variance) -> bool:
    """z-tests of the mean and of the second moment at all `STEPS`, as one family."""
    verdicts = []
    for k, mean, spread in zip(STEPS, bias, variance):
        first, second = run.mean[k, 0], run.second_moment[k, 0, 0]
        verdicts.append(z_test(first, run.standard_error[k, 0], mean))
        verdicts.append(z_test(second, run.second_moment_standard_error[k, 0], spread + mean**2))
    return bonferroni(verdicts).agrees(ERROR_RATE)


@pytest.mark.claim("EASGD-L3.1.1", "reproduced")
@pytest.mark.claim("EASGD-3.2", "reproduced")
@pytest.mark.claim("EASGD-3.3", "reproduced")
@pytest.mark.parametrize(("rate", "moving", "workers", "curvature"), SETTINGS)
def test_bias_and_variance(rate, moving, workers, curvature):
    """Controls: the noise heard one step too early, the noise of one worker, or alpha a tenth too large, are each rejected."""
    run, local0 = simulated(rate, moving, workers, curvature)

    def moments(factor=moving / workers, shift=0, crowd=workers):
        found = [centre_moments(k, crowd, rate, factor, moving, curvature, 2.0, 1.5, local0) for k in STEPS]
        later = [centre_moments(k + shift, crowd, rate, factor, moving, curvature, 2.0, 1.5, local0) for k in STEPS]
        return [each["bias"] for each in found], [each["variance"] for each in later]

    assert agrees(run, *moments())
    first = centre_moments(1, workers, rate, moving / workers, moving, curvature, 2.0, 1.5, local0)  # no noise has reached the centre yet
    assert first["variance"] == 0 and run.mean[1, 0] == pytest.approx(first["bias"], abs=1e-12) and run.standard_error[1, 0] < 1e-9
    bias, variance = moments(shift=1)
    assert not agrees(run, bias, variance)
    if workers > 1:
        assert not agrees(run, *moments(crowd=1))
    bias, _ = moments(factor=1.1 * moving / workers)
    assert not agrees(run, bias, moments()[1])


@pytest.mark.claim("EASGD-L3.1.2", "reproduced")
@pytest.mark.parametrize(("rate", "moving", "workers", "curvature"), SETTINGS)
def test_double_average(rate, moving, workers, curvature):
    """Mean and second moment of z_t at t = 50; control: the noise averaged over one worker too many."""
    run, local0 = simulated(rate, moving, workers, curvature)
    exact, wrong = (double_average(N_STEPS, p, rate, moving / workers, moving, [[curvature]], [[4.0]], 1.5, local0) for p in (workers, workers + 1))
    mean, variance = exact["mean"][0], exact["covariance"][0, 0]
    second, error = run.second_moment[-1, 1, 1], run.second_moment_standard_error[-1, 1]
    both = bonferroni([z_test(run.mean[-1, 1], run.standard_error[-1, 1], mean), z_test(second, error, variance + mean**2)])
    assert both.agrees(ERROR_RATE)
    assert not z_test(second, error, wrong["covariance"][0, 0] + mean**2).agrees(ERROR_RATE)
