"""Numbers behind the figures of section 4."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.control import BatchProblem
from stalegrad.evidence import z_test
from stalegrad.figures.sme import batch
from stalegrad.theory import formula

READINGS = {
    "curvature 1": lambda mu: BatchProblem(batch.ETA, mu, 1.0, 1.0, a=1.0),
    "curvature 2": lambda mu: BatchProblem(batch.ETA, mu, 1.0, 1.0, a=2.0),
    "mixed": lambda mu: batch.mixed(mu, 1.0, 1.0),
}


def test_components_have_the_mean_and_variance_of_an_arithmetic_progression():
    n = 100
    assert pytest.approx(-0.5 + (n + 1) / (4 * n)) == batch.MINIMISER
    assert pytest.approx((n**2 - 1) / (48 * n**2)) == batch.SAMPLING_VARIANCE
    problem = batch.components()
    assert problem.mean_gradient([0.0])[0] == pytest.approx(0.0, abs=1e-15)
    assert problem.gradient_covariance([0.3])[0, 0] == pytest.approx(batch.SAMPLING_VARIANCE)


def test_mixed_takes_the_rate_at_curvature_1_and_the_level_at_curvature_2():
    found = batch.mixed(0.9, 1e-7, 3.0)
    assert found.rate == pytest.approx(BatchProblem(batch.ETA, 0.9, 1.0, 1.0, a=1.0).rate)
    assert found.level == pytest.approx(formula("SME-4.4").numeric(Sigma=3.0, eta=batch.ETA, mu=0.9, u=0.0, a=2.0))


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("mu", [0.5, 0.9, 0.97])
def test_every_member_of_the_family_gives_both_printed_numbers(reading, mu):
    problem = READINGS[reading](mu)
    steps, gamma = batch.family(problem)
    arguments = vars(problem) | {"gamma": gamma}
    assert formula("SME-fig6-transition").numeric_printed(T=steps * batch.ETA, **arguments) == pytest.approx(699, rel=1e-9)
    assert formula("SME-fig6-batch").numeric(**arguments) == pytest.approx(42, rel=1e-9)


def test_the_grid_agrees_with_the_formulas_and_holds_one_match():
    settings = batch.round_settings()
    (place,) = batch.matches(settings, 699, 42)
    assert [settings[name][place] for name in ("mu", "steps", "gamma", "Sigma")] == pytest.approx([0.9, 1000, 1e-7, 1.0])
    problem = batch.mixed(0.9, 1e-7, 1.0)
    assert settings["transition"][place] == pytest.approx(formula("SME-fig6-transition").numeric_printed(T=20.0, **vars(problem)))
    assert settings["batch"][place] == pytest.approx(formula("SME-fig6-batch").numeric(**vars(problem)))
    assert batch.matches(settings, 699, 4242).size == 0


def test_scaled_spends_what_is_allowed_and_no_factor_more():
    shape = np.exp(np.linspace(-3.0, 0.0, 40))
    sizes = batch.scaled(shape, 200)
    assert sizes.min() == 1 and sizes.sum() <= 200
    larger = sizes[-1] + 1e-9  # the least factor that the last step notices
    assert np.maximum(np.ceil(larger * shape), 1).sum() > 200


def test_exact_error_agrees_with_simulation_and_with_no_other_batch():
    sizes = np.repeat([1, 4], 100)
    value, error = batch.sampled_error(0.9, sizes, n_paths=2000, seed=3)
    at = np.arange(20, 201, 20)
    assert z_test(value[at], error[at], batch.error(0.9, sizes)[at]).agrees(1e-4)
    assert not z_test(value[at], error[at], batch.error(0.9, 2 * sizes)[at]).agrees(1e-4)


def test_cost_counts_extra_gradients_only():
    assert batch.cost(0.5, [1, 1, 4], price=0.1) == pytest.approx(0.25 + 0.3)


def test_shapes_grow_towards_the_end_at_half_the_rate():
    problem = BatchProblem(batch.ETA, 0.9, 1.0, 1.0, a=1.0)
    slow, full = batch.shapes(problem, 300).values()
    assert slow[-1] / slow[-2] == pytest.approx(np.exp(-problem.rate * problem.dt / 2))
    assert full[0] / full[1] == pytest.approx(slow[0] / slow[1], rel=1e-6)


def test_direct_values_agree_with_the_corrected_value_and_not_with_the_printed_one():
    problem, T, times = batch.mixed(0.9, 1e-7, 1.0), 20.0, np.array([10.0, 18.0])
    direct = batch.direct_values(problem, times, T)
    value = formula("SME-4.10")
    np.testing.assert_allclose(direct, value.numeric(z=0.0, t=times, T=T, **vars(problem)), rtol=1e-3)
    assert (direct > 10 * np.abs(value.numeric_printed(z=0.0, t=times, T=T, **vars(problem)))).all()


def test_figures_show_every_schedule():
    sizes = {name: np.arange(1, 61) for name in batch.LOOKS}
    errors = {name: np.linspace(1.0, 0.1, 61) for name in batch.LOOKS}
    sampled = {"printed schedule": (errors["printed schedule"], np.full(61, 0.01))}
    costs = {"constant 1": (2.0, 1.0), "printed schedule": (1.0, 1.0)}
    fig, numbers = batch.draw_figure6(sizes, errors, sampled, costs)
    assert {f"error {name}" for name in batch.LOOKS} <= set(numbers)
    assert all(ax.get_xlabel() for ax in fig.axes)
    plt.close(fig)
