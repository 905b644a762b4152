"""The explorers' linear algebra against numpy and scipy: eigenvalues real, complex, repeated and defective, and the exponential."""

import numpy as np
import pytest
from scipy.linalg import expm

from explorer_calls import NEEDS_NODE, assert_close, call

pytestmark = NEEDS_NODE


def jordan(value, n):
    return value * np.eye(n) + np.eye(n, k=1)


SPECIAL = {
    "zero": np.zeros((3, 3)),
    "one number": np.array([[-2.5]]),
    "identity": np.eye(4),
    "rotation": np.array([[0.0, 1.0], [-1.0, 0.0]]),
    "defective": jordan(0.5, 4),
    "defective and rotated": np.kron(np.eye(2), [[0.6, 0.8], [-0.8, 0.6]]) + np.eye(4, k=2),
    "nilpotent": np.eye(6, k=-1),
    "cyclic": np.roll(np.eye(5), 1, axis=0),
    "anti-diagonal": np.fliplr(np.eye(6)),
    "badly scaled": np.array([[1.0, 1e8, 0.0], [1e-8, 2.0, 1e6], [0.0, 1e-6, 3.0]]),
    "tiny": 1e-200 * np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [0.0, 6.0, 7.0]]),
    "huge": 1e150 * np.array([[1.0, 2.0], [3.0, 4.0]]),
    "repeated": np.diag([1.0, 1.0, -1.0, 0.5]) + np.triu(np.ones((4, 4)), 1),
}


def random_matrices():
    rng = np.random.default_rng(5)
    dense = [rng.normal(size=(n, n)) for n in (2, 3, 4, 5, 6, 9, 31) for _ in range(20)]
    sparse = [rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.4) for n in (3, 4, 5, 6, 9) for _ in range(20)]
    symmetric = [a + a.T for a in dense[:40]]
    return dense + sparse + symmetric


def eigenvalues(matrices):
    return [np.array([complex(*pair) for pair in found]) for found in call([("linear.eigenvalues", [np.asarray(m).tolist()]) for m in matrices])]


def backward_error(matrix, found):
    """How far, at most over the eigenvalues, the matrix is from one that has it: smallest singular value over the norm."""
    size = max(np.linalg.norm(matrix, 2), np.finfo(float).tiny)
    return max(np.linalg.svd(matrix / size - value / size * np.eye(len(matrix)), compute_uv=False)[-1] for value in found)


def test_eigenvalues_of_random_matrices():
    matrices = random_matrices()
    for matrix, found in zip(matrices, eigenvalues(matrices)):
        expected = np.linalg.eigvals(matrix)
        assert len(found) == len(matrix)
        assert backward_error(matrix, found) < 1e-13
        assert abs(found.sum() - np.trace(matrix)) < 1e-11
        if np.linalg.cond(np.linalg.eig(matrix)[1]) < 1e4:
            assert max(np.abs(expected - value).min() for value in found) < 1e-9
            assert max(np.abs(found - value).min() for value in expected) < 1e-9


@pytest.mark.parametrize("name", SPECIAL)
def test_eigenvalues_of_special_matrices(name):
    matrix = SPECIAL[name]
    (found,) = eigenvalues([matrix])
    assert len(found) == len(matrix)
    # Balancing changes what the error is relative to; a matrix of such scales is compared with numpy itself.
    if name == "badly scaled":
        np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(np.linalg.eigvals(matrix)), rtol=1e-12)
    else:
        assert backward_error(matrix, found) < 1e-13


def test_radius_and_abscissa():
    matrices = random_matrices()[:100]
    assert_close(call([("linear.radius", [m.tolist()]) for m in matrices]), [np.abs(np.linalg.eigvals(m)).max() for m in matrices])
    assert_close(call([("linear.abscissa", [m.tolist()]) for m in matrices]), [np.linalg.eigvals(m).real.max() for m in matrices])
    assert call([("linear.radius", [[[1.0, float("inf")], [0.0, 1.0]]])]) == [np.inf]


@pytest.mark.parametrize("scale", [0.0, 1e-6, 0.3, 4.0, 60.0])
def test_exponential(scale):
    rng = np.random.default_rng(6)
    for matrix in (scale * jordan(-0.7, 4), scale * rng.normal(size=(5, 5))):
        (found,) = call([("linear.exponential", [matrix.tolist()])])
        assert_close(found, expm(matrix))
