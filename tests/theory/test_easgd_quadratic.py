"""Chapters 1 and 2, and Lemma 3.1.1 with its proof: rules, roots, bias and variance of the centre."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import eamsgd_step, easgd_step, heavy_ball_step
from stalegrad.theory import formula
from stalegrad.theory.easgd import quadratic as q
from stalegrad.theory.easgd.centre import carried, centre_moments, double_average, local_variance, stable
from stalegrad.theory.easgd.symbols import alpha, beta, delta, eta, h, p, rho, t, z
from stalegrad.theory.elastic_trace import ADDITIVE, EAMSGD, EASGD, drift, trace

WORKERS = (1, 2, 3, 5)
RATES = [(0.1, 0.9, 4), (0.5, 0.3, 1), (1.2, 0.7, 16), (1.9, 0.05, 3), (0.05, 1.9, 20), (1.0, 0.5, 2)]
"""(eta, beta, p) with alpha = beta / p, all stable."""


def vanishes(expr) -> bool:
    entries = list(expr) if isinstance(expr, sp.MatrixBase) else [expr]
    return all(sp.cancel(sp.together(sp.expand(entry))) == 0 for entry in entries)


@pytest.mark.claim("EASGD-2.1", "proved")
@pytest.mark.claim("EASGD-2.2", "proved")
@pytest.mark.parametrize("workers", WORKERS)
def test_updates_are_the_gradient_step_on_the_penalised_objective(workers):
    """One step of gradient descent on (1.2) with the same rate for workers and centre, for F with symbolic slope."""
    F = sp.Function("F")
    objective, (*locals_, centre) = q.penalised_objective(workers, F(q.local), q.local)
    for x in locals_:
        step = x - eta * sp.diff(objective, x)
        assert vanishes(step - formula("EASGD-2.1").expr.subs({q.local: x, q.slope: sp.diff(F(x), x)}))
    average = sum(locals_) / workers
    step = centre - eta * sp.diff(objective, centre)
    assert vanishes(step - formula("EASGD-2.2").expr.subs({q.average: average, p: workers}))


@pytest.mark.claim("EASGD-2.3", "proved")
@pytest.mark.claim("EASGD-2.4", "proved")
def test_moving_rates():
    """(2.3) and (2.4) are (2.1) and (2.2) with alpha = eta rho and beta = p alpha."""
    assert vanishes(formula("EASGD-2.3").expr.subs(alpha, eta * rho) - formula("EASGD-2.1").expr)
    assert vanishes(formula("EASGD-2.4").expr.subs(beta, p * eta * rho) - formula("EASGD-2.2").expr)


@pytest.mark.claim("EASGD-2.4", "counterexample")
def test_centre_is_an_average_over_time_only_up_to_beta_one(check):
    """Weights beta (1-beta)^j on the past averages and (1-beta)^t on the start: they sum to 1, but for beta > 1 they alternate in sign."""
    weights, steps = {}, 6
    for rate in (0.4, 1.0, 1.6):
        weights[rate] = np.array([rate * (1 - rate) ** j for j in range(steps)] + [(1 - rate) ** steps])
        check(f"sum of the weights, beta = {rate}", weights[rate].sum(), 1.0, 1e-12)
    assert (weights[0.4] > 0).all() and (weights[1.0] >= 0).all() and (weights[1.6] < 0).any()
    # Workers that all stay in [0, 1], and a centre that leaves it.
    assert formula("EASGD-2.4").numeric(centre=0.0, y=1.0, beta=1.6) > 1.0


@pytest.mark.claim("EASGD-1.1", "definition")
@pytest.mark.claim("EASGD-3.1", "definition")
def test_quadratic_with_additive_noise():
    """(3.1): a fresh Gaussian for every gradient; its mean is the gradient of F, its covariance that of the noise."""
    assert formula("EASGD-3.1").numeric(x=2.0, h=3.0, b=1.0, xi=0.5) == 4.5
    problem = sg.problems.noisy_quadratic(h=[[2.0, 0.5], [0.5, 1.0]], covariance=[[1.0, 0.3], [0.3, 0.5]], minimum=[1.0, -1.0])
    assert problem.mean_gradient([2.0, 0.0]) == pytest.approx([2.5, 1.5])
    assert problem.gradient_covariance([2.0, 0.0]) == pytest.approx(np.array([[1.0, 0.3], [0.3, 0.5]]))


@pytest.mark.claim("EASGD-1.2", "proved")
def test_global_minima_of_the_two_objectives_are_the_same():
    """The penalty is at least 0, and 0 only where all agree; so the sum is at least p min F, with equality at copies of a minimum of F."""
    for workers in WORKERS:
        objective, (*locals_, centre) = q.penalised_objective(workers, sp.Function("F")(q.local), q.local)
        penalty = objective - sum(sp.Function("F")(x) for x in locals_)
        assert vanishes(penalty - rho / 2 * sum((x - centre) ** 2 for x in locals_))
        assert penalty.subs(dict.fromkeys(locals_, centre)) == 0


@pytest.mark.claim("EASGD-1.2", "counterexample")
def test_penalised_objective_has_minima_that_the_first_one_has_not():
    """F = (x^2-1)^2/4 with two workers: for rho < 2/3 a strict local minimum has them in different wells, and the centre on the top of F."""
    objective, (x1, x2, centre) = q.penalised_objective(2, (q.local**2 - 1) ** 2 / 4, q.local)
    apart = {x1: sp.sqrt(1 - rho), x2: -sp.sqrt(1 - rho), centre: 0}
    assert vanishes(sp.Matrix([objective]).jacobian([x1, x2, centre]).subs(apart))
    hessian = sp.hessian(objective, (x1, x2, centre)).subs(apart)
    minors = [hessian[:n, :n].det() for n in (1, 2, 3)]
    # All positive exactly for rho < 2/3: Sylvester's criterion.
    assert vanishes(minors[0] - (2 - 2 * rho)) and vanishes(minors[1] - (2 - 2 * rho) ** 2)
    assert vanishes(minors[2] - 4 * rho * (1 - rho) * (2 - 3 * rho))


@pytest.mark.claim("EASGD-2.5", "proved")
@pytest.mark.claim("EASGD-2.6", "proved")
@pytest.mark.parametrize(("claim_id", "step"), [("EASGD-2.5", eamsgd_step), ("EASGD-2.6", heavy_ball_step)])
def test_momentum_rules(claim_id, step):
    """The steps are the printed rules, and plain EASGD at delta = 0."""
    traced, plain = trace(step, EAMSGD, ADDITIVE, 2), trace(easgd_step, EASGD, ADDITIVE, 2)
    rule = formula(claim_id).expr
    for (v, x), xi in zip(traced.variables, traced.drawn):
        at = x + delta * v if claim_id == "EASGD-2.5" else x
        means = {q.local: x, q.velocity: v, q.centre: traced.centre, q.slope: h * at - xi, rho: alpha / eta}
        assert vanishes(traced.update[v] - rule["v^i_{t+1}"].subs(means))
        assert vanishes(traced.update[x] - rule["x^i_{t+1}"].subs(means))
        assert vanishes(traced.update[x].subs(delta, 0) - plain.update[x])
    assert vanishes(traced.update[traced.centre] - plain.update[plain.centre])


@pytest.mark.claim("EASGD-3.5", "proved")
@pytest.mark.claim("EASGD-3.6", "proved")
@pytest.mark.claim("EASGD-3.18", "proved")
@pytest.mark.claim("EASGD-3.19", "proved")
@pytest.mark.parametrize("workers", WORKERS)
def test_workers_reduce_to_their_average(workers):
    """The step of the algorithm, its drift matrix, and the pair (average, centre) that it contains."""
    traced = trace(easgd_step, EASGD, ADDITIVE, workers)
    locals_, centre = [own[0] for own in traced.variables], traced.centre
    for x, xi in zip(locals_, traced.drawn):
        assert vanishes(traced.update[x] - (x - eta * (h * x - xi) - alpha * (x - centre)))
    elastic = traced.update[centre].subs(beta, workers * alpha)
    assert vanishes(elastic - (centre + sum(alpha * (x - centre) for x in locals_)))
    average, noise = sum(locals_) / workers, sum(traced.drawn) / workers
    pair = q.REDUCED * sp.Matrix([average, centre]) + sp.Matrix([eta * noise, 0])
    moved = sp.Matrix([sum(traced.update[x] for x in locals_) / workers, traced.update[centre]])
    assert vanishes(moved - pair)


@pytest.mark.claim("EASGD-3.5", "proved")
@pytest.mark.claim("EASGD-3.6", "proved")
@pytest.mark.parametrize("workers", WORKERS)
def test_drift_is_symmetric_exactly_under_the_elastic_relation(workers):
    matrix = drift(trace(easgd_step, EASGD, ADDITIVE, workers))
    gap = matrix - matrix.T
    assert vanishes(gap.subs(beta, workers * alpha))
    assert sp.solve(list(gap), beta) == {beta: workers * alpha}


@pytest.mark.claim("EASGD-3.7", "proved")
@pytest.mark.claim("EASGD-3.8", "proved")
@pytest.mark.parametrize("workers", WORKERS)
def test_projection_on_the_second_eigenvector(workers):
    """u follows (3.7), and the centre follows u by (3.8); phi is a root of (3.26), gamma the other one."""
    traced = trace(easgd_step, EASGD, ADDITIVE, workers)
    locals_, centre = [own[0] for own in traced.variables], traced.centre
    update = {symbol: expr.subs(beta, workers * alpha) for symbol, expr in traced.update.items()}
    # The root as a free symbol, and h eliminated by (1 - alpha - eta h - phi)(1 - p alpha - phi) = p alpha^2.
    curvature = (1 - alpha - q.phi - workers * alpha**2 / (1 - workers * alpha - q.phi)) / eta
    second = 2 - (eta * curvature + (workers + 1) * alpha) - q.phi
    share = workers * alpha / (1 - workers * alpha - q.phi)
    projected = sum(locals_) - share * centre
    moved = (sum(update[x] for x in locals_) - share * update[centre]).subs(h, curvature)
    assert vanishes(moved - (q.phi * projected + eta * sum(traced.drawn)))
    assert vanishes(update[centre] - (second * centre + alpha * projected))


@pytest.mark.claim("EASGD-3.9", "proved")
@pytest.mark.claim("EASGD-3.10", "proved")
@pytest.mark.claim("EASGD-3.11", "proved")
def test_which_noise_reaches_the_centre_at_which_step():
    """Written out for t up to 6: xi_s reaches x_t from t = s + 2 on, by (gamma^n - phi^n)/(gamma - phi) with n = t - 1 - s."""
    xi = sp.symbols("xi0:7")
    centre, u = q.centre0, q.u0
    for step in range(7):
        geometric = [sp.cancel((q.gamma**n - q.phi**n) / (q.gamma - q.phi)) for n in range(step + 1)]
        heard = sum(geometric[step - n] * xi[n - 1] for n in range(1, step))
        assert vanishes(centre - (q.gamma**step * q.centre0 + geometric[step] * alpha * q.u0 + alpha * eta * heard))
        assert vanishes(u - (q.phi**step * q.u0 + eta * sum(q.phi ** (step - 1 - s) * xi[s] for s in range(step))))
        centre, u = q.gamma * centre + alpha * u, q.phi * u + eta * xi[step]


@pytest.mark.claim("EASGD-3.11", "proved")
@pytest.mark.claim("EASGD-L3.1.1", "proved")
def test_response_of_the_centre_for_every_number_of_steps():
    """Cayley and Hamilton: entry (centre, average) of M^n obeys the recursion of the roots, with 0 and beta as its first values."""
    assert q.impulse_response(0) == 0 and q.impulse_response(1) == 1
    polynomial = formula("EASGD-3.26").written_out(formula("EASGD-3.26").expr)
    assert vanishes(q.REDUCED.subs(q.ELASTIC).charpoly(z).as_expr() - polynomial)
    closed = (q.gamma**t - q.phi**t) / (q.gamma - q.phi)
    recursion = closed.subs(t, t + 2) - (q.gamma + q.phi) * closed.subs(t, t + 1) + q.gamma * q.phi * closed
    assert sp.simplify(sp.expand(recursion)) == 0
    assert [sp.cancel(closed.subs(t, n)) for n in (0, 1)] == [0, 1]


@pytest.mark.claim("EASGD-3.2", "proved")
@pytest.mark.claim("EASGD-L3.1.1", "proved")
def test_bias_for_every_step():
    """(3.2) obeys the recursion with the two roots and starts as the rule does: centre0, then (1 - beta) centre0 + beta local0."""
    recursion = q.BIAS.subs(t, t + 2) - (q.gamma + q.phi) * q.BIAS.subs(t, t + 1) + q.gamma * q.phi * q.BIAS
    assert sp.simplify(sp.expand(recursion)) == 0
    assert q.BIAS.subs(t, 0) == q.centre0
    second = 2 - q.TRACE - q.phi
    first = q.BIAS.subs(t, 1).subs(q.u0, q.PROJECTED_START).subs(q.gamma, second)
    by_rule = formula("EASGD-2.4").expr.subs({q.centre: q.centre0, q.average: q.local0, beta: p * alpha})
    curvature = (1 - alpha - q.phi - p * alpha**2 / (1 - p * alpha - q.phi)) / eta
    assert vanishes((first - by_rule).subs(h, curvature))


@pytest.mark.claim("EASGD-3.3", "proved")
@pytest.mark.claim("EASGD-3.12", "proved")
@pytest.mark.claim("EASGD-L3.1.1", "proved")
def test_variance_for_every_step():
    """(3.3) is 0 at t = 0 and 1, and grows by the square of the next response; (3.12) is the same sum one step later."""
    G, F = sp.symbols("G F")
    powers = {q.gamma**t: G, q.phi**t: F, q.gamma ** (2 * t): G**2, q.phi ** (2 * t): F**2, (q.gamma * q.phi) ** t: G * F}
    now = sp.expand_power_base(q.UNIT_VARIANCE, force=True).subs(powers)
    assert not now.has(t)
    after = now.subs({G: q.gamma * G, F: q.phi * F}, simultaneous=True)
    assert vanishes(after - now - ((G - F) / (q.gamma - q.phi)) ** 2)
    assert vanishes(now.subs({G: 1, F: 1})) and vanishes(now.subs({G: q.gamma, F: q.phi}))


@pytest.mark.claim("EASGD-L3.1.1", "exact")
@pytest.mark.claim("EASGD-3.2", "exact")
@pytest.mark.claim("EASGD-3.3", "exact")
@pytest.mark.parametrize(("rate", "moving", "workers"), RATES)
def test_lemma_against_all_the_workers(rate, moving, workers, check):
    """Closed forms and doubling against the p + 1 variables of the algorithm, each worker with its own start, step by step."""
    curvature, spread = 0.8, 1.5
    starts = np.linspace(-1.0, 2.0, workers)
    matrix = np.array(drift(trace(easgd_step, (rate, moving / workers, moving), ADDITIVE, workers)).subs(h, curvature), dtype=float)
    mean, covariance = np.append(starts, 0.7), np.zeros((workers + 1, workers + 1))
    noise = np.diag(np.append(np.full(workers, (rate * spread) ** 2), 0.0))
    for step in range(41):
        if step in (0, 1, 2, 3, 10, 40):
            given = {"t": step, "p": workers, "eta": rate, "h": curvature}
            start = {"centre0": 0.7, "local0": starts.mean()}
            found = sg.claim("EASGD-L3.1.1").value(**given, beta=moving, sigma=spread, **start)
            check(f"bias at t = {step}", found["bias"], mean[-1], 1e-12)
            check(f"variance at t = {step}", found["variance"], covariance[-1, -1], 1e-12)
            check("bias by (3.2)", formula("EASGD-3.2").numeric(**given, alpha=moving / workers, **start), mean[-1], 1e-11)
            closed = formula("EASGD-3.3").numeric(**given, alpha=moving / workers, sigma=spread)
            check("variance by (3.3)", closed, covariance[-1, -1], 1e-11)
        mean, covariance = matrix @ mean, matrix @ covariance @ matrix.T + noise


@pytest.mark.claim("EASGD-L3.1.1", "exact")
@pytest.mark.parametrize("gap", [1e-3, 1e-7, 1e-11, 0.0])
def test_doubling_is_accurate_where_the_closed_form_is_not(gap, check):
    """Near equal roots, at t = 0, 1 and large t, down to equal roots, against rational arithmetic."""
    rate, moving = 0.6, 0.6 + 2 * gap
    factor = gap**2 / moving  # alpha such that the discriminant (eta h + alpha - beta)^2 + 4 alpha beta is of the order of gap^2
    for step in (0, 1, 2, 50):
        found = centre_moments(step, 1, rate, factor, moving, sigma=2.0)
        expected = _with_digits(step, rate, factor, moving, 2.0)
        check(f"bias, gap = {gap}, t = {step}", found["bias"], expected[0], 1e-13)
        check(f"variance, gap = {gap}, t = {step}", found["variance"], expected[1], 1e-13)


def _with_digits(steps, rate, factor, moving, spread):
    """Bias and variance from start 1 by plain recursion in rational arithmetic."""
    k, a, b = (sp.Rational(value) for value in (rate, factor, moving))
    (y, x), response, pushes = (sp.Integer(1), sp.Integer(1)), (sp.Integer(0), sp.Integer(1)), []
    for _ in range(steps):
        y, x = (1 - k - a) * y + a * x, b * y + (1 - b) * x
        pushes.append(response[0] ** 2)
        response = response[1], (2 - k - a - b) * response[1] - ((1 - k - a) * (1 - b) - a * b) * response[0]
    return float(x), float(b**2 * k**2 * spread**2 * sum(pushes))


@pytest.mark.claim("EASGD-L3.1.1", "exact")
def test_complex_roots_and_unstable_rates(check):
    """Negative alpha with positive beta gives complex roots; both negative, or large rates, give divergence. Doubling takes them all."""
    for rate, factor, moving in ((0.5, -0.2, 0.9), (1.5, 1.5, 1.5), (0.1, -0.1, -0.4)):
        found, expected = centre_moments(25, 1, rate, factor, moving), _with_digits(25, rate, factor, moving, 1.0)
        scale = max(1.0, abs(expected[0]), expected[1])
        check("bias and variance", [found["bias"] / scale, found["variance"] / scale], np.array(expected) / scale, 1e-12)
    assert np.isinf(centre_moments("inf", 1, 1.5, 1.5, 1.5)["mse"])
    assert centre_moments("inf", 1, 0.1, -0.1, 0.0, centre0=2.0) == {"bias": 2.0, "variance": 0.0, "mse": 4.0}
    assert centre_moments("inf", 1, 1.5, 1.5, 1.5, sigma=0.0, centre0=0.0, local0=0.0)["mse"] == 0.0
    assert np.isinf(centre_moments(10**6, 1, 1.5, 1.5, 1.5)["mse"])


def test_limit_is_the_value_at_a_late_step():
    for rate, moving, workers in RATES:
        late = centre_moments(10**4, workers, rate, moving / workers, moving)
        assert centre_moments("inf", workers, rate, moving / workers, moving)["variance"] == pytest.approx(late["variance"], rel=1e-9)


def test_local_variance_against_all_the_workers():
    for rate, moving, workers in RATES:
        matrix = np.array(drift(trace(easgd_step, (rate, moving / workers, moving), ADDITIVE, workers)).subs(h, 1), dtype=float)
        noise = np.diag(np.append(np.full(workers, rate**2), 0.0))
        expected = carried(matrix, noise, 2**14)[1][0, 0]
        assert local_variance(workers, rate, moving / workers, moving) == pytest.approx(expected, rel=1e-9)
    assert np.isinf(local_variance(1, 1.9, 1.9, 1.9))


def test_values_broadcast_and_refuse():
    grid = np.linspace(0.1, 1.9, 5)
    assert centre_moments(3, 4, grid[:, None], grid / 4, grid)["mse"].shape == (5, 5)
    assert stable(grid[:, None], grid / 4, grid).shape == (5, 5)
    for wrong, words in (({"t": -1}, "whole number"), ({"t": 0.5}, "whole number"), ({"p": 0}, "at least 1"), ({"eta": 0.0}, "positive")):
        with pytest.raises(ValueError, match=words):
            sg.claim("EASGD-F3.1").value(**{"t": 2, "p": 4, "eta": 0.1, "beta": 0.9} | wrong)
    for steps in (0, "inf", 1.5):
        with pytest.raises(ValueError, match="whole number of at least"):
            double_average(steps, 4, 0.1, 0.1, 0.4, np.eye(1), np.eye(1))
