"""The best momentum, the delays of a timetable and the largest stable step."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures.training import momentum_and_workers as figure
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock
from stalegrad.nets.trace import Trace
from stalegrad.theory.pca import stability

NOISE = (0.0, 0.01, -0.01, 0.005)


def made_up(level: float, spread=NOISE) -> list[Trace]:
    """Runs whose test errors at the end are `level` and a little more or less."""
    time = np.linspace(0.0, 10.0, 3)
    return [
        Trace(Spec("heavy_ball", eta=0.1, seed=seed), time, time, time, {("test_error", "centre"): np.array([0.9, 0.5, level + noise])}, {}, np.inf)
        for seed, noise in enumerate(spread)
    ]


def test_the_best_momentum_and_those_that_may_be_as_good():
    runs = {0.1: made_up(0.3), 0.5: made_up(0.2), 0.7: made_up(0.2005, NOISE[::-1]), 0.9: made_up(np.nan)}
    assert figure.best(runs) == (0.5, (0.5, 0.7), 0.9)
    assert figure.error(runs[0.9][0]) == figure.GUESSING


def test_a_planted_best_momentum_is_found_alone():
    """Control: where another one is better by ten standard errors, the set holds it alone."""
    assert figure.best({mu: made_up(0.2 + 0.05 * abs(mu - 0.7)) for mu in (0.1, 0.7, 0.9)}).set == (0.7,)


def test_a_queue_of_p_workers_has_delays_of_mean_p_minus_1():
    """Between two updates of a worker the others make n updates in all; over a long run every worker's share is what it is."""
    spec = Spec("heavy_ball", eta=0.1, n_workers=4, n_steps=2000)
    law = figure.delays(spec)
    assert law.sum() == pytest.approx(1.0) and law @ np.arange(len(law)) == pytest.approx(3.0, abs=0.02)


def test_equal_constant_services_give_a_constant_delay():
    assert figure.delays(Spec("heavy_ball", eta=0.1, n_workers=4, n_steps=50, clock=Clock(shape=np.inf))).tolist() == [0.0, 0.0, 0.0, 1.0]


def test_unlike_workers_keep_the_mean_and_widen_the_law():
    alike, unlike = (
        figure.delays(Spec("heavy_ball", eta=0.1, n_workers=8, n_steps=1000, clock=Clock(speeds=speeds))) for speeds in ((), (1.6,) * 4 + (0.4,) * 4)
    )
    means, squares = zip(*((law @ np.arange(len(law)), law @ np.arange(len(law)) ** 2) for law in (alike, unlike)), strict=True)
    assert means[0] == pytest.approx(means[1], abs=0.1)
    assert squares[1] - means[1] ** 2 > 5.0 * (squares[0] - means[0] ** 2)


@pytest.mark.parametrize(("momentum", "delay"), [(0.0, 1), (0.5, 3), (0.9, 7)])
def test_the_largest_step_agrees_with_the_critical_delay(momentum, delay):
    """Second route: at that step the delay at which a root reaches the circle is the one asked for; a step 5 % larger bears less."""
    step = figure.largest_step(momentum, np.eye(delay + 1)[delay])
    assert float(stability.critical(step, momentum)) == pytest.approx(delay, abs=1e-5)
    assert float(stability.critical(1.05 * step, momentum)) < delay - 1e-3


def test_without_delay_the_edge_is_that_of_heavy_ball():
    assert figure.effective_edges((0.0, 0.5, 0.9), [1.0]) == pytest.approx([2.0, 6.0, 38.0], rel=1e-6)


def test_pictures_give_means_and_widths():
    runs = {(p, mu): made_up(0.2 + 0.1 * mu) for p in (1, 8) for mu in (0.1, 0.9)}
    fig, numbers = figure.draw_workers(runs)
    assert numbers["p = 8, mean"] == pytest.approx([1.0 - 0.21 - 0.00125, 1.0 - 0.29 - 0.00125])
    plt.close(fig)
    fig, numbers = figure.draw_effective({(p, 0.5, mu): value for (p, mu), value in runs.items()}, {mu: made_up(0.3) for mu in (0.1, 0.9)})
    assert set(numbers) == {f"{curve}, {part}" for curve in ("p=1 0.5", "p=8 0.5", "unlike, 4 fast, 4 slow") for part in ("mean", "half width")}
    plt.close(fig)
    fig, numbers = figure.draw_edges({"p = 1": np.array([1.0])}, 0.1, (2.0, 4.0), (0.1, 0.9))
    assert numbers["trained"].tolist() == [0.2, 0.4] and numbers["p = 1"][0] == pytest.approx(2.0)
    plt.close(fig)
