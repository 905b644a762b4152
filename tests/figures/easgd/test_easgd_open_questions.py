"""Numbers behind the figures on asynchrony and on trees."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures.easgd import asynchrony, trees


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-async-easgd", "exact")
def test_asynchrony():
    fig, numbers = asynchrony.draw()
    assert len(fig.axes) == 3 and len(fig.legends) == 1
    one = [numbers[f"variance, {name}"][0] for name in ("synchronous", "random", "round robin")]
    assert np.ptp(one) < 1e-12, "one worker: no order to speak of"
    assert np.all(np.diff(numbers["alpha, synchronous"]) < 0) and np.all(np.diff(numbers["alpha, random"]) > 0)
    assert numbers["period, round robin"][-1] == pytest.approx(numbers["long periods"][0], rel=0.03)
    assert numbers["period, synchronous"][-1] == pytest.approx(numbers["long periods"][1], rel=0.03)


@pytest.mark.claim("EASGD-tree-moments", "exact")
def test_trees():
    fig, numbers = trees.draw()
    assert len(fig.axes) == 2
    for name in trees.SCHEMES:
        variance, lag = (np.array(numbers[f"{name}, {part}"]) for part in ("variance", "lag"))
        assert np.all(variance < trees.unit()) and np.all(np.diff(variance) < 0), "every tree beats the average, deeper ones more"
        same_lag = np.interp(lag, numbers["minibatch lag"], numbers["minibatch variance"])
        assert np.all(variance / trees.unit() > same_lag), "and mini-batch SGD with a smaller step beats it at the same lag"


@pytest.mark.claim("EASGD-async-easgd", "exact")
def test_multiplicative_noise(check):
    """Asynchronously the best number of workers is smaller and the best rate worse than the synchronous model says."""
    etas, workers = np.linspace(0.2, 0.5, 13), (1, 2, 4, 6, 8)
    found = asynchrony.multiplicative(etas, workers)
    best = {name: grid.min(axis=1) for name, grid in found.items()}
    check("one worker: no difference", best["random"][0], best["synchronous"][0], 1e-12)
    assert workers[best["synchronous"].argmin()] == 6 and workers[best["random"].argmin()] == 4
    assert best["random"].min() > best["synchronous"].min()
