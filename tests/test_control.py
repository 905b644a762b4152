"""The batch-size control problem: closed forms against direct minimisation, brute force and the full moment system."""

import numpy as np
import pytest

from stalegrad import control, moments
from stalegrad.control import BatchProblem
from stalegrad.theory import formula

T = 10.0
CASES = {
    "cheap, complex eigenvalue": BatchProblem(eta=0.02, mu=0.9, Sigma=0.1, gamma=1e-7),
    "cheap, real eigenvalue": BatchProblem(eta=0.02, mu=0.5, Sigma=0.1, gamma=1e-6),
    "growing from the start": BatchProblem(eta=0.5, mu=0.9, Sigma=1.0, gamma=1e-4),
    "at the critical price": BatchProblem(eta=0.02, mu=0.9, Sigma=0.1, gamma=0.1 * 0.02**2 / 2 * 0.7 * 5**0.5),
    "too dear": BatchProblem(eta=0.02, mu=0.9, Sigma=0.1, gamma=1.0),
}
PARAMETERS = pytest.mark.parametrize("problem", CASES.values(), ids=CASES.keys())
CHEAP = CASES["cheap, complex eigenvalue"]


def test_cases_are_what_their_names_say():
    assert CASES["cheap, real eigenvalue"].rate > -np.sqrt(0.5 / 0.02)
    assert control.switch_time(CASES["growing from the start"], T) == 0.0
    assert CASES["at the critical price"].gamma == pytest.approx(CASES["at the critical price"].critical_gamma, rel=1e-12)
    assert control.switch_time(CASES["too dear"], T) == T


@pytest.mark.claim("SME-4.10", "exact")
@pytest.mark.claim("SME-4.11", "exact")
@PARAMETERS
def test_direct_minimisation_finds_the_closed_forms(problem, check):
    """200 intervals: a piecewise constant control is suboptimal by O(n^-2), about (rate T / 200)^2 / 24 of the spending."""
    found = control.minimise_directly(problem, 1.0, T, n=200)
    value = control.value(problem, 1.0, 0.0, T)
    width = (problem.rate * T / 200) ** 2
    spending = problem.price * T / 200 * found.extra.sum()
    assert found.cost >= value - 1e-10 * value
    check("least cost", found.cost, value, 1e-9 * value + width * (spending + 1e-3 * value))
    gap = found.extra - control.extra_samples(problem, found.time, T)
    check("u* along time, relative to 1 + u*", gap / (1 + found.extra), np.zeros(200), width)


@pytest.mark.claim("SME-4.10", "refutes")
@pytest.mark.parametrize("name", ["cheap, complex eigenvalue", "cheap, real eigenvalue", "growing from the start"])
def test_printed_value_is_below_the_least_cost(name):
    """No control reaches it: the minimum over controls lies above by far more than the discretisation error."""
    problem = CASES[name]
    printed = formula("SME-4.10").numeric_printed(z=1.0, t=0.0, T=T, **vars(problem))
    found = control.minimise_directly(problem, 1.0, T, n=100)
    assert found.cost - printed > 0.1 * found.cost


@pytest.mark.claim("SME-4.7", "exact")
@pytest.mark.claim("SME-4.7", "refutes")
def test_value_at_zero_by_direct_minimisation(check):
    found = control.minimise_directly(CHEAP, 0.0, T, n=200)
    check("V(0, 0)", found.cost, control.value(CHEAP, 0.0, 0.0, T), 1e-3 * found.cost)
    assert found.cost > 1e-4


@pytest.mark.claim("SME-4.7", "exact")
@pytest.mark.claim("SME-4.10", "exact")
@pytest.mark.parametrize("t", [1.0, 7.0, 9.0])
def test_hamilton_jacobi_bellman_by_differences_and_brute_force(t, check):
    """V_t by central differences, V_z likewise, the minimum over a fine grid of u."""
    z, h = 0.3, 1e-4
    slope = (control.value(CHEAP, z + h, t, T) - control.value(CHEAP, z - h, t, T)) / (2 * h)
    rate = (control.value(CHEAP, z, t + h, T) - control.value(CHEAP, z, t - h, T)) / (2 * h)
    extra = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 400001)])
    drift = CHEAP.rate * (z - CHEAP.level / (1 + extra))
    check(f"V_t + min at t = {t}", rate + np.min(drift * slope + CHEAP.price * extra), 0.0, 1e-8)


@pytest.mark.claim("SME-4.11", "exact")
def test_schedule_has_the_cost_that_the_value_says_and_perturbations_cost_more(check):
    n = 4000
    middle = (np.arange(n) + 0.5) * T / n
    sizes = 1.0 + control.extra_samples(CHEAP, middle, T)
    cost = control.cost_of(CHEAP, 1.0, sizes, dt=T / n)
    check("cost of the schedule", cost, control.value(CHEAP, 1.0, 0.0, T), 1e-5 * cost)
    for worse in (sizes * 1.1, 1 + 0.9 * (sizes - 1), np.roll(sizes, 200)):
        assert control.cost_of(CHEAP, 1.0, worse, dt=T / n) > cost * (1 + 1e-4)


@pytest.mark.claim("SME-4.11", "counterexample")
@pytest.mark.claim("SME-fig6-transition", "refutes")
@pytest.mark.claim("SME-fig6-transition", "exact")
def test_second_moment_relaxes_by_dt_per_step_not_by_eta(check):
    """Slowest decay per step of the algorithm's exact second moment: -Re(lambda) sqrt(eta (1-mu)), not -Re(lambda) eta.

    The difference from the limit is of relative order a eta/(1-mu) and 1-mu; at eta = 2e-4, mu = 0.99, a = 2 that is 4 %.
    """
    eta, mu, a = 2e-4, 0.99, 2.0
    rate = -float(np.real(formula("SME-second-moment-eigenvalues").numeric(eta=eta, mu=mu, a=a)["lambda_+"]))
    measured = -np.log(_radius(a, eta, mu))
    check("decay per step over -Re(lambda) dt", measured / (rate * np.sqrt(eta * (1 - mu))), 1.0, 0.05)
    assert measured / (rate * eta) > 5.0
    transition = formula("SME-fig6-transition")
    given = {"T": 20.0, "eta": 0.02, "mu": 0.9, "Sigma": 1.0, "gamma": 1e-7}
    check("printed over corrected step", transition.numeric_printed(**given) / transition.numeric(**given), np.sqrt(0.1 / 0.02), 1e-12)


def _radius(a, eta, mu):
    return np.abs(np.linalg.eigvals(moments.quadratic.second_moment_map(a, eta, mu))).max()


@pytest.mark.claim("SME-4.5", "counterexample")
def test_price_of_one_sample_depends_on_mu(check):
    """Spending of (4.5) for one extra sample in one step of the algorithm, over gamma: sqrt((1-mu)/eta)."""
    for mu in (0.5, 0.9):
        problem = BatchProblem(eta=0.02, mu=mu, Sigma=0.1, gamma=1e-5)
        plain, one_more = np.ones(50), np.ones(50)
        one_more[0] = 2.0
        noise = _noise_saved(problem, 50)
        spent = control.cost_of(problem, 1.0, one_more) - control.cost_of(problem, 1.0, plain) + noise
        check(f"price of a sample over gamma, mu = {mu}", spent / problem.gamma, np.sqrt((1 - mu) / 0.02), 1e-9)


def _noise_saved(problem, n):
    """What halving the noise of the first step takes off z(T)."""
    h = problem.dt
    return 0.5 * problem.level * (1 - np.exp(problem.rate * h)) * np.exp(problem.rate * h * (n - 1))


@pytest.mark.claim("SME-4.5", "counterexample")
def test_full_second_moment_system_has_another_optimum(check):
    """Under (4.3) the optimum batch follows |phi(T - t)|, which oscillates; found by direct minimisation as well."""
    found = control.minimise_directly(CHEAP, 1.0, T, n=200, full=True)
    closed = control.extra_samples_full(CHEAP, found.time, T)
    check("u of the full system", (found.extra - closed) / (1 + closed), np.zeros(200), 0.02)
    scalar = control.extra_samples(CHEAP, found.time, T)
    assert np.max(np.abs(scalar - closed) / (1 + closed)) > 0.2


def test_full_system_agrees_with_the_scalar_model_when_one_eigenvalue_dominates():
    """eta -> 0 at fixed mu: |phi|^2 tends to exp(lambda_+ t) away from t = T, so the two schedules agree there."""
    problem = BatchProblem(eta=1e-4, mu=0.5, Sigma=1.0, gamma=1e-12)
    span = 8.0 / -problem.rate
    t = np.linspace(0.0, 0.98 * span, 50)
    scalar, full = control.extra_samples(problem, t, span), control.extra_samples_full(problem, t, span)
    assert np.all(np.abs(scalar - full) <= 0.01 * (1 + full))
    assert scalar.max() > 5


def test_schedule_in_whole_sizes():
    sizes = control.batch_schedule(CHEAP, 200)
    optimum = 1 + control.extra_samples(CHEAP, CHEAP.dt * np.arange(200), 200 * CHEAP.dt)
    assert sizes.dtype == np.int64 and np.all(sizes >= 1)
    assert np.all((sizes - optimum > -1e-6) & (sizes - optimum < 1))
    assert np.all(np.diff(sizes) >= 0)
    first = int(np.argmax(sizes > 1))
    assert abs(first - formula("SME-fig6-transition").numeric(T=200 * CHEAP.dt, **vars(CHEAP))) <= 1


@pytest.mark.claim("SME-fig6-batch", "exact")
def test_final_batch_is_the_root_of_the_price_ratio(check):
    given = {"eta": 0.02, "mu": 0.9, "Sigma": 1.0, "gamma": 1e-7}
    batch = formula("SME-fig6-batch").numeric(**given)
    check("1 + u*(T)", batch, 1 + formula("SME-4.11").numeric(t=20.0, T=20.0, **given), 1e-9)


@pytest.mark.claim("SME-fig6-batch", "counterexample")
@pytest.mark.parametrize("mu", [0.5, 0.8, 0.9, 0.95])
def test_the_two_printed_numbers_fix_no_parameters(mu, check):
    """For each mu one gamma gives batch 42 and one T the step 699."""
    unit = BatchProblem(eta=0.02, mu=mu, Sigma=1.0, gamma=1.0, a=1.0)
    problem = BatchProblem(eta=0.02, mu=mu, Sigma=1.0, gamma=unit.critical_gamma / 42**2, a=1.0)
    horizon = 699 * 0.02 + np.log(problem.gamma / problem.critical_gamma) / problem.rate
    check(f"batch at T, mu = {mu}", formula("SME-fig6-batch").numeric(**vars(problem)), 42.0, 1e-9)
    check(f"printed step, mu = {mu}", formula("SME-fig6-transition").numeric_printed(T=horizon, **vars(problem)), 699.0, 1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BatchProblem(eta=0.0, mu=0.9, Sigma=1.0, gamma=1.0), "eta = 0.0 must be positive"),
        (lambda: BatchProblem(eta=0.1, mu=1.5, Sigma=1.0, gamma=1.0), "mu = 1.5 must be in"),
        (lambda: BatchProblem(eta=0.1, mu=0.9, Sigma=1.0, gamma=-1.0), "gamma = -1.0 must be positive"),
        (lambda: control.batch_schedule(CHEAP, 0), "n_steps=0 is too small"),
        (lambda: control.batch_schedule(CHEAP, 2.5), "n_steps=2.5 must be a whole number"),
        (lambda: control.batch_schedule(CHEAP, 5, dt=-1.0), "T = -1.0 must be positive"),
        (lambda: control.extra_samples(CHEAP, 11.0, T), "t <= T"),
        (lambda: control.extra_samples_full(CHEAP, 11.0, T), "must lie in"),
        (lambda: control.minimise_directly(CHEAP, 1.0, T, n=0), "n=0 is too small"),
        (lambda: control.minimise_directly(CHEAP, 1.0, T, n=2.5), "n=2.5 must be a whole number"),
        (lambda: control.minimise_directly(CHEAP, -1.0, T), "z0 = -1.0 must be at least 0"),
        (lambda: control.value(CHEAP, -1.0, 0.0, T), "z = -1.0 must be at least 0"),
        (lambda: control.cost_of(CHEAP, 1.0, [2, 0]), r"sizes = \[2, 0\] must be at least 1"),
        (lambda: control.cost_of(CHEAP, 1.0, []), "sizes has shape"),
        (lambda: control.cost_of(CHEAP, -1.0, [1]), "z0 = -1.0 must be at least 0"),
        (lambda: control.minimise_directly(CHEAP, 1.0, -1.0), "T = -1.0 must be positive"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
