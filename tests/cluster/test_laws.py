"""Laws fitted to the delays of a run: right on logs of known law, and wrong laws are found out."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.cluster import laws, shape

N_WORKERS, N = 8, 4096
REPEATS = 200
RATE = 0.05
ALLOWED = RATE * REPEATS + 4.0 * np.sqrt(RATE * (1.0 - RATE) * REPEATS)
"""False alarms of a test at 5 % in 200 runs: four standard deviations above what is expected."""


def run_of(schedule, n_workers=N_WORKERS, n=N, seed=0):
    return laws.from_events(sg.schedule.events(schedule, n_workers, n, seed=seed).worker[:, 0])


def alarms(make, choose, repeats=REPEATS):
    """How often the chosen p-value is below the rate, over runs made by make(generator)."""
    generator = np.random.default_rng(7)
    return sum(choose(make(generator)) < RATE for _ in range(repeats))


def memoryless(n_workers, n, weights=None):
    weights = np.ones(n_workers) if weights is None else np.asarray(weights)
    return lambda generator: laws.from_events(generator.choice(n_workers, size=n, p=weights / weights.sum()))


def test_delays_of_events_are_versions_written_by_others_since_the_last_write():
    log = laws.from_events([0, 1, 1, 0, 2, 0])
    assert log.tau.tolist() == [0, 1, 0, 2, 4, 1]
    assert log.id.tolist() == ["0:0", "1:0", "1:1", "0:1", "2:0", "0:2"]


@pytest.mark.parametrize("schedule", [sg.schedule.random(), sg.schedule.round_robin(), sg.schedule.queue(speeds=[1.0] * 7 + [0.2])])
def test_the_mean_delay_is_counting_and_says_nothing(schedule):
    """M - 1 for the run and 1 / share - 1 for a worker, up to the gradients under way at either end."""
    found = laws.fit(run_of(schedule))
    assert found.mean == pytest.approx(N_WORKERS - 1, abs=200 / found.n)
    np.testing.assert_allclose(found.means, 1.0 / found.shares - 1.0, atol=250 / (found.n * found.shares.min()))


def test_the_geometric_law_is_found():
    found = laws.fit(run_of(sg.schedule.random()))
    assert found.best.name == "geometric" and len(found.best.laws) == 1
    assert found.best.law.mean == pytest.approx(7.0, abs=0.1)
    tested = found.together["geometric"].shape
    assert tested.p_value > 1e-3 and tested.distance - tested.radius <= 0.0
    assert (tested.fitted * found.n).min() >= shape.LEAST_EXPECTED
    for wrong in ("constant", "uniform"):
        assert found.together[wrong].shape.p_value < 1e-6
        assert found.together[wrong].aic > found.together["geometric"].aic + 100


def test_constant_delays_are_found():
    found = laws.fit(run_of(sg.schedule.round_robin()))
    assert found.best.name == "constant" and found.best.law.table.argmax() == 7
    assert found.together["constant"].shape.p_value == 1.0
    assert found.together["geometric"].shape.p_value == 0.0
    assert found.together["geometric"].shape.distance > 0.5


def test_one_other_delay_refutes_the_constant_law():
    tau = np.full(2000, 3)
    tau[700] = 4
    refuted = laws.fit_delays(tau).together["constant"]
    assert refuted.log_likelihood == -np.inf and refuted.shape.p_value == 0.0
    assert refuted.shape.distance == pytest.approx(1 / 2000)


def test_uniform_delays_are_found():
    tau = np.random.default_rng(3).integers(2, 7, size=3200)
    found = laws.fit_delays(tau)
    assert found.best.name == "uniform" and repr(found.best.law) == "uniform(2, 6)"
    assert found.together["uniform"].shape.p_value > 1e-3
    assert found.together["uniform"].shape.p_independent > 1e-3
    skewed = laws.fit_delays(np.where(np.arange(3200) % 8 == 0, 2, tau)).together["uniform"].shape
    assert skewed.p_value < 1e-3


def test_workers_of_different_speed_need_laws_of_their_own():
    speeds = [1.0] * 7 + [0.2]
    found = laws.fit(run_of(sg.schedule.queue(speeds=speeds)))
    assert found.best is found.apart["geometric"]
    assert found.together["geometric"].shape.p_value < 0.01
    assert found.apart["geometric"].shape.p_value > 1e-3
    shares = np.array(speeds) / sum(speeds)
    np.testing.assert_allclose(found.shares, shares, atol=4 * np.sqrt(0.14 * 0.86 / found.n))
    true = sg.mixture(shares, 1.0 - shares)
    lags = np.arange(100)
    assert np.abs(found.best.law.pmf(lags) - true.pmf(lags)).sum() / 2 < 0.05
    assert np.abs(found.together["geometric"].law.pmf(lags) - true.pmf(lags)).sum() / 2 > 0.03


@pytest.mark.parametrize(("n_workers", "n"), [(2, 2048), (8, 2048)])
def test_false_alarms_are_as_many_as_stated(n_workers, n):
    assert alarms(memoryless(n_workers, n), lambda log: laws.fit(log).together["geometric"].shape.p_value) <= ALLOWED


def test_false_alarms_with_workers_of_different_speed():
    assert alarms(memoryless(4, 2048, [1, 1, 1, 0.25]), lambda log: laws.fit(log).apart["geometric"].shape.p_value) <= ALLOWED


def test_the_chi_square_test_for_independent_delays_is_misled_and_says_so():
    """Negative control of the dependence: it gives too many false alarms on delays of two workers, and is right for one worker's."""

    def independent(tau, n_workers):
        z, cells = residuals(tau)
        form, rank = shape._form(z.mean(axis=0)[1:], z[:, 1:].T @ z[:, 1:] / len(z))
        return shape.stats.chi2.sf(len(z) * form, rank)

    def residuals(tau):
        law = laws.fit_delays(tau).together["geometric"].law
        cells = shape.cells(law.tail, lambda lag: laws._tail_slope(lag, law.mean), len(tau))
        return shape.residuals(tau, cells, law.mean), cells

    runs = memoryless(2, 2048)
    assert alarms(runs, lambda log: independent(log.tau, 2)) > ALLOWED
    assert alarms(runs, lambda log: independent(log.tau[log.worker == 0], 1)) <= ALLOWED
    tested = [laws.fit(runs(np.random.default_rng(seed))).together["geometric"].shape for seed in range(40)]
    assert np.mean([one.dependence for one in tested]) > 1.2
    assert np.mean([np.isnan(one.p_independent) for one in tested]) > 0.1


def gamma_services(k):
    """Logs of equal workers whose services are Gamma of shape k: more regular than exponential."""

    def make(generator):
        n = 2048
        ends = np.cumsum(generator.gamma(k, 1.0 / k, size=(N_WORKERS, 2 * n // N_WORKERS)), axis=1)
        order = np.argsort(ends, axis=None)
        return laws.from_events((order // ends.shape[1])[:n])

    return make


def test_power_services_that_are_not_exponential_are_found_out():
    """Gamma services of shape 2 in four runs out of five and more; their mean delay is that of exponential ones."""
    assert alarms(gamma_services(2), lambda log: laws.fit(log).together["geometric"].shape.p_value, repeats=50) >= 40


def test_the_interval_of_the_distance_covers():
    """Gamma services of shape 2: the distance of the exact law over the same cells lies inside in 95 % of the runs, and is not 0."""
    from stalegrad.cluster.queueing import worker_law

    exact, inside, above = worker_law([1.0] * N_WORKERS, 0, 2), 0, 0
    for seed in range(60):
        tested = laws.fit(gamma_services(2)(np.random.default_rng(seed))).together["geometric"].shape
        share = -np.diff(np.append(exact.tail(tested.edges), 0.0))
        true = np.abs(share - tested.fitted).sum() / 2
        inside += abs(tested.distance - true) <= tested.radius
        above += tested.distance - tested.radius > 0.0
    assert inside >= 60 * 0.95 - 4 * np.sqrt(60 * 0.95 * 0.05)
    assert above >= 40


def test_a_run_too_short_for_pieces_has_no_p_value():
    found = laws.fit(run_of(sg.schedule.random(), n=400)).together["geometric"].shape
    assert np.isnan(found.p_value) and np.isnan(found.radius) and np.isfinite(found.distance)


def test_the_warm_up_is_left_out():
    log = run_of(sg.schedule.round_robin(), n=400)
    assert laws.fit(log).n == 400 - 5 * N_WORKERS - 7  # after worker 0 has ended, 7 others each make one more
    assert laws.fit(log, warm_up=0).n == 400 - 7
    assert laws.fit(log, warm_up=0).best.name != "constant"
    with pytest.raises(ValueError, match="too few for a law: after the first 60 of each worker none is left while"):
        laws.fit(log, warm_up=60)


def test_what_follows_the_end_of_a_worker_is_left_out():
    """Once worker 1 has stopped, worker 0 is alone and has no delay."""
    log = laws.from_events([0, 1] * 100 + [0] * 300)
    assert laws.fit(log).n == 200 - 10
    assert laws.fit(log).best.name == "constant" and laws.fit(log).mean == 1.0
    assert laws.fit_delays(log.tau, log.worker).mean < 0.5


def test_laws_go_into_the_simulators():
    problem = sg.problems.quadratic([[1.0], [-1.0]])
    found = laws.fit(run_of(sg.schedule.queue(speeds=[1.0, 1.0, 0.4]), n_workers=3))
    for law in (found.empirical, found.best.law, found.apart["uniform"].law, found.apart["empirical"].law):
        process = sg.asgd(problem, 0.01, staleness=law)
        level = sg.moments.stationary(process).second_moment.item()
        assert level == pytest.approx(0.005 * (1.0 + 0.01 * (law.mean + 0.5)), rel=0.005)  # the law counts from the second order on
    np.testing.assert_allclose(found.apart["empirical"].law.table, found.empirical.table, atol=1e-12)


def test_the_delays_of_each_worker_by_themselves():
    log = run_of(sg.schedule.queue(speeds=[1.0] * 7 + [0.4]))
    own = laws.fit_workers(log)
    found = laws.fit(log)
    assert list(own) == list(found.workers) == list(range(8))
    for i, alone in own.items():
        assert alone.together["geometric"].law.mean == pytest.approx(found.means[i])
        assert alone.best.name == "geometric" and not alone.apart
        assert alone.together["geometric"].shape.p_independent > 1e-4


@pytest.mark.parametrize("tau", [[], [[1, 2]]])
def test_delays_must_be_a_list(tau):
    with pytest.raises(ValueError, match="give the delays of one run"):
        laws.fit_delays(tau)
