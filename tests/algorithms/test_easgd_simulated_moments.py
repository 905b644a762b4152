"""Simulated second moments of EASGD against the recursions (5.12) and (5.34), which are written out here.

Fixed before looking: 200,000 paths of 12 steps of 4 workers, so 2.4 million path-steps and nearly 10 million worker-steps a
run; at most 36 comparisons, each rejected at 6 standard errors, so a false alarm has probability below 36 x 2e-9 < 1e-7
(12 steps leave x close enough to normal for its mean square over 200,000 paths). Each recursion with one planted error
must be rejected by the same comparison.
"""

import numpy as np
import pytest

import stalegrad as sg

N_PATHS, N_STEPS, P = 200_000, 12, 4
ETA, ALPHA, BETA = 0.3, 0.2, 0.6
LARGEST_Z = 6.0


def iterate(M, constant, moments):
    """All moments at steps 0, ..., N_STEPS."""
    seen = [np.array(moments)]
    for _ in range(N_STEPS):
        seen.append(M @ seen[-1] + constant)
    return np.array(seen)


def additive(h, sigma, p):
    """(5.12): second moments of the spatial average, of its product with the centre, of the centre."""
    k = 1.0 - ETA * h - ALPHA
    M = np.array(
        [
            [k**2, 2.0 * ALPHA * k, ALPHA**2],
            [k * BETA, k * (1.0 - BETA) + ALPHA * BETA, ALPHA * (1.0 - BETA)],
            [BETA**2, 2.0 * BETA * (1.0 - BETA), (1.0 - BETA) ** 2],
        ]
    )
    return iterate(M, np.array([ETA**2 * sigma**2 / p, 0.0, 0.0]), [1.0, 1.0, 1.0])


def multiplicative(lam, omega, p):
    """(5.34): second moments of the centre, of a worker, of centre times average, of the average."""
    k, noise = 1.0 - ALPHA - ETA * lam / omega, ETA**2 * lam / omega**2
    M = np.array(
        [
            [(1.0 - BETA) ** 2, 0.0, 2.0 * BETA * (1.0 - BETA), BETA**2],
            [ALPHA**2, k**2 + noise, 2.0 * ALPHA * k, 0.0],
            [ALPHA * (1.0 - BETA), 0.0, (1.0 - BETA) * k + ALPHA * BETA, k * BETA],
            [ALPHA**2, noise / p, 2.0 * ALPHA * k, k**2],
        ]
    )
    return iterate(M, 0.0, [1.0, 1.0, 1.0, 1.0])


def worst_z(run, exact):
    """Largest deviation of the diagonal second moments (steps, columns), in standard errors."""
    found = np.diagonal(run.second_moment, axis1=1, axis2=2)[1:]
    return (np.abs(found - exact[1:]) / (run.second_moment_standard_error[1:] + 1e-12)).max()


def simulated(problem, observe):
    return sg.simulate(sg.easgd(problem, ETA, ALPHA, BETA, P, observe=observe), 1.0, N_PATHS, N_STEPS, seed=1)


@pytest.mark.claim("EASGD-5.12", "reproduced")
@pytest.mark.claim("EASGD-5.9", "reproduced")
def test_additive_noise(check):
    run = simulated(sg.problems.noisy_quadratic(h=0.8, sigma=2.0), ("average", "centre"))
    check("largest deviation, standard errors", worst_z(run, additive(0.8, 2.0, P)[:, [0, 2]]), 0.0, LARGEST_Z)
    for wrong in (additive(0.8, 2.0 * 1.03, P), additive(0.8 * 1.03, 2.0, P), additive(0.8, 2.0, 1)):
        assert worst_z(run, wrong[:, [0, 2]]) > LARGEST_Z


@pytest.mark.claim("EASGD-5.34", "reproduced")
@pytest.mark.claim("EASGD-5.31", "reproduced")
@pytest.mark.parametrize("lam", [0.5, 1.0, 1.7], ids=["half a squared normal", "whole shape", "any shape"])
def test_multiplicative_noise(lam, check):
    run = simulated(sg.problems.gamma_quadratic(lam, lam), ("centre", "local", "average"))
    check(f"largest deviation at shape {lam}, standard errors", worst_z(run, multiplicative(lam, lam, P)[:, [0, 1, 3]]), 0.0, LARGEST_Z)
    for wrong in (multiplicative(1.06 * lam, 1.06 * lam, P), multiplicative(lam, 1.03 * lam, P), multiplicative(lam, lam, 1)):
        assert worst_z(run, wrong[:, [0, 1, 3]]) > LARGEST_Z
