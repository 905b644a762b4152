"""What every problem must satisfy, computed by a second route: component by component, and by differences."""

import numpy as np


def component_gradients(problem, x):
    """Gradients of all components at x (d, B): shape (n, d, B)."""
    return np.stack([problem.component_gradient(x, i) for i in range(problem.n_components)])


def assert_averages(problem, x, rtol=1e-10):
    """mean_gradient, second_moment and gradient_covariance are the averages over the components at x (d, B)."""
    g = component_gradients(problem, x)
    mean, second = g.mean(axis=0), np.einsum("njb,nkb->jkb", g, g) / len(g)
    scale = np.abs(g).max(axis=(0, 1)) + 1e-300
    np.testing.assert_allclose(problem.mean_gradient(x) / scale, mean / scale, atol=rtol)
    np.testing.assert_allclose(problem.second_moment(x) / scale**2, second / scale**2, atol=rtol)
    centred = g - mean
    covariance = np.einsum("njb,nkb->jkb", centred, centred) / len(g)
    np.testing.assert_allclose(problem.gradient_covariance(x) / scale**2, covariance / scale**2, atol=rtol)


def assert_derivatives(problem, x, rtol=1e-6):
    """mean_gradient is the derivative of objective; hessian_gradient that of |mean_gradient|^2 / 2, at x (d, B)."""
    h = 6e-6
    gradient, product = problem.mean_gradient(x), problem.hessian_gradient(x)
    size = 1.0 + np.abs(problem.objective(x)) + np.abs(gradient).max() ** 2 + np.abs(product).max()
    for j in range(problem.dim):
        step = np.zeros_like(x)
        step[j] = h
        slope = (problem.objective(x + step) - problem.objective(x - step)) / (2 * h)
        np.testing.assert_allclose(gradient[j] / size, slope / size, atol=rtol)
        ahead, behind = problem.mean_gradient(x + step), problem.mean_gradient(x - step)
        slope = ((ahead**2).sum(axis=0) - (behind**2).sum(axis=0)) / (4 * h)
        np.testing.assert_allclose(product[j] / size, slope / size, atol=rtol)


def assert_linear(problem, x):
    """`linear` gives the component gradients at x (d, B)."""
    H, b = problem.linear
    expected = H @ x - b[:, :, None]
    np.testing.assert_allclose(component_gradients(problem, x), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
