"""The largest curvature of a network, against the whole Hessian of a small one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets.data import load  # noqa: E402
from stalegrad.nets.experiments import curvature  # noqa: E402
from stalegrad.nets.models import MLP  # noqa: E402
from stalegrad.nets.objective import network  # noqa: E402

KEYS = np.array([(5, 0, i) for i in range(12)])


def hessian(objective, x, width=1e-6):
    """(D, D) of the mean over `KEYS`, a column a coordinate."""
    columns = []
    for direction in torch.eye(len(x), dtype=x.dtype):
        ends = [objective.gradients((x + side * width * direction).expand(len(KEYS), -1), KEYS).mean(0) for side in (1.0, -1.0)]
        columns.append((ends[0] - ends[1]) / (2.0 * width))
    return torch.stack(columns, 1)


def test_power_iteration_finds_the_largest_eigenvalue_and_the_spread_along_its_vector():
    objective = network(load("synthetic"), MLP(hidden=3), batch=1, dtype=torch.float64)
    x = objective.start(1)
    x = x + 0.1 * torch.sin(torch.arange(len(x)))  # away from biases of exactly 0
    values, vectors = torch.linalg.eigh(hessian(objective, x))
    largest, spread = curvature._sharpest(objective, x, KEYS, 200)
    assert largest == pytest.approx(float(values[-1]), rel=1e-4)
    single = curvature._products(objective, x, vectors[:, -1], KEYS) @ vectors[:, -1]
    assert spread == pytest.approx(float(single.std()), rel=1e-2)
    assert largest > 1.5 * float(values[-2])  # the direction stands apart: what a few iterations need


def test_edges_are_those_of_a_parabola_with_random_curvature():
    """Curvature 1 with variance 2, as for gamma_quadratic(1/2, 1/2): second moments grow from 2/3 on, the mean from 2 on."""
    import stalegrad as sg

    found = curvature.Curvature(np.zeros(1), np.ones(1), np.full(1, np.sqrt(2.0)))
    assert found.single_edge == pytest.approx([2.0 / 3.0]) and found.mean_edge == pytest.approx([2.0])
    noisy = sg.problems.gamma_quadratic(0.5, 0.5)
    below, above = (sg.moments.spectral_radius(sg.sgd(noisy, factor * found.single_edge[0])) for factor in (0.99, 1.01))
    assert below < 1.0 < above
