"""Does a candidate compute the workload at all? Checked before it is timed."""

import numpy as np

from benchmarks.pca import Sampled

# Two moments at 1,000 steps are at most 2,000 comparisons, so a right program exceeds 6 standard errors with probability
# below 2,000 × 2e-9 = 4e-6 (less: neighbouring steps are strongly correlated).
LARGEST_Z = 6.0

# Allowance for single precision and for a different order of summation; the smallest standard error here is 3e-4.
ROUNDING = 1e-6


def worst_z(mean, second_moment, exact_mean, exact_second_moment, n_paths):
    """Largest deviation from the exact moments over all steps, in standard errors.

    The variance of x² is taken as 2 v² + 4 m² v, that of a Gaussian with mean m and variance v. It is exact to leading order
    while v is small, and later x is a sum of hundreds of small increments: within 2 % of the sampled variance at every step.
    """
    variance = exact_second_moment - exact_mean**2
    mean_error = np.sqrt(np.maximum(variance, 0.0) / n_paths)
    square_error = np.sqrt(np.maximum(2 * variance**2 + 4 * exact_mean**2 * variance, 0.0) / n_paths)
    return _worst(mean, second_moment, exact_mean, exact_second_moment, mean_error, square_error)


def worst_sampled_z(mean, second_moment, reference, n_paths):
    """The same against moments that are a simulation's themselves (`benchmarks.pca.Sampled`), in standard errors of both."""
    share, steps = np.sqrt(1.0 / n_paths + 1.0 / reference.n_paths), reference.telling
    errors = share * reference.mean_spread, share * reference.second_moment_spread
    compared = mean, second_moment, reference.mean, reference.second_moment, *errors
    return _worst(*(values[steps] for values in compared))


def _worst(mean, second_moment, exact_mean, exact_second_moment, mean_error, square_error):
    deviations = [
        np.maximum(np.abs(estimate - exact) - ROUNDING, 0.0) / (error + ROUNDING)
        for estimate, exact, error in (
            (mean, exact_mean, mean_error),
            (second_moment, exact_second_moment, square_error),
        )
    ]
    return float(np.max(deviations))


def require_agreement(name, moments, exact, n_paths):
    """Return the largest deviation; raise ``ValueError`` if the candidate is not the workload."""
    mean, second_moment = (np.asarray(moment, dtype=float) for moment in moments)
    if mean.shape != exact[0].shape or second_moment.shape != exact[1].shape:
        raise ValueError(f"{name}: moments of shape {mean.shape} and {second_moment.shape}; every step needs one: {exact[0].shape}")
    if not (np.isfinite(mean).all() and np.isfinite(second_moment).all()):
        raise ValueError(f"{name}: moments are not finite, so it is not the workload; correct it before timing it")
    largest = worst_sampled_z(mean, second_moment, exact, n_paths) if isinstance(exact, Sampled) else worst_z(mean, second_moment, *exact, n_paths)
    if largest > LARGEST_Z:
        raise ValueError(f"{name}: moments are {largest:.1f} standard errors from the exact ones (limit {LARGEST_Z:g}); correct it before timing it")
    return largest
