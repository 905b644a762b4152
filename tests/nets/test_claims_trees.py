"""Section 6.1.2 of the thesis at a smaller scale: communication schemes of EASGD Tree, momentum, other methods, traffic."""

import numpy as np
import pytest
from scipy import stats

import stalegrad as sg
from stalegrad.figures.training import trees as figure
from stalegrad.moments.tree import root
from stalegrad.nets import compare
from stalegrad.nets.experiments import trees as experiment

pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")
SCALE = experiment.PROFILES["quick"]
START = 2.3  # training loss of guessing, ln 10
FIRST, SECOND = experiment.SCHEMES
SETTINGS = {
    "EASGD-F6.5": ("multiscale", 0.0),
    "EASGD-F6.6": ("multiscale", 0.9),
    "EASGD-F6.7": ("multiscale", 0.99),
    "EASGD-F6.8": ("up_down", 0.0),
    "EASGD-F6.9": ("up_down", 0.9),
    "EASGD-F6.10": ("up_down", 0.99),
}


@pytest.fixture(scope="module")
def trained():
    """Traces of a plan, by its keys."""
    from stalegrad.nets import data, run_all

    try:
        data.load("fashion-mnist")
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    return lambda plan: {key: run_all(specs) for key, specs in plan(SCALE).items()}


def follows_the_protocol(traces, scheme, periods, momentum):
    """Six runs from one start with six seeds, 64 leaves of degree 8, the thesis' moving rate, and the periods of the figure; no two alike."""
    specs = [trace.spec for trace in traces]
    assert len({spec.seed for spec in specs}) == 6 == len({float(trace["train_loss"][-1]) for trace in traces})
    assert len({float(trace["train_loss"][0]) for trace in traces}) == 1
    for spec in specs:
        assert (spec.leaves, spec.tree.degree, spec.tree.scheme, spec.tree.periods) == (64, 8, scheme, periods)
        assert spec.moving_rate == pytest.approx(0.9 / 9) and spec.momentum == momentum and dict(spec.options)["l2"] == 1e-4


def learnt(traces):
    """Every run ends well below guessing: mean loss with a 99.9 % interval below half of ln 10, and none broken."""
    return compare.interval([trace["train_loss"][-1] for trace in traces], 0.999).high < START / 2.0 and figure.share(traces).k == 0


@pytest.mark.claim("EASGD-F6.3", "protocol")
@pytest.mark.claim("EASGD-F6.4", "protocol")
def test_both_schemes_train_from_single_images(trained):
    runs = trained(experiment.schemes)
    for scheme, traces in runs.items():
        follows_the_protocol(traces, scheme, experiment.SLOW[scheme], 0.0)
        assert learnt(traces)
    lost = trained(experiment.scan)["up_down"][-SCALE.seeds :]
    assert not learnt(lost)  # control: at the largest rate of the scan the same judgement says no


@pytest.mark.claim("EASGD-F6.3", "absent")
def test_no_run_of_the_first_scheme_breaks_down_at_the_rate_of_the_figure(trained):
    """The thesis has five of six; Newcombe's interval tells that from none."""
    assert figure.share(trained(experiment.schemes)["multiscale"]).k == 0
    assert figure.share_difference(figure.share_of(5, 6), figure.share_of(0, 6)).low > 0.0


@pytest.mark.claim("EASGD-F6.3", "scaled")
@pytest.mark.claim("EASGD-F6.4", "scaled")
@pytest.mark.claim("EASGD-tree-schemes", "scaled")
def test_the_first_scheme_trains_further(trained):
    """Training loss in the end, as in the thesis."""
    first, second = trained(experiment.schemes).values()
    assert compare.paired(first, second, "train_loss", "last").high < 0.0


@pytest.mark.claim("EASGD-tree-schemes", "absent")
def test_the_second_scheme_starts_faster(trained):
    """On the way to a loss of 1.5 it is the quicker one."""
    pairs = zip(*trained(experiment.schemes).values(), strict=True)
    first, second = np.array([[compare.time_to(trace, "train_loss", 1.5) for trace in pair] for pair in pairs]).T
    assert compare.interval(first - second).low > 0.0


@pytest.mark.claim("EASGD-F6.4", "absent")
@pytest.mark.claim("EASGD-F6.8", "absent")
@pytest.mark.claim("EASGD-tree-schemes", "absent")
def test_a_lower_test_error_of_the_second_scheme_does_not_come_back(trained):
    """With single images, and with batches without momentum, the first scheme has the lower test error too."""
    momenta = trained(experiment.momenta)
    for first, second in (tuple(trained(experiment.schemes).values()), (momenta[FIRST, 0.0], momenta[SECOND, 0.0])):
        for by in compare.WAYS:
            assert compare.paired(first, second, "test_error", by).high < 0.0


@pytest.mark.claim("EASGD-F6.10", "scaled")
@pytest.mark.claim("EASGD-tree-schemes", "scaled")
def test_with_momentum_099_the_second_scheme_has_the_lower_test_error(trained):
    """There the first scheme is still behind in training, too."""
    momenta = trained(experiment.momenta)
    assert compare.paired(momenta[FIRST, 0.99], momenta[SECOND, 0.99], "test_error", "best").low > 0.0


@pytest.mark.claim("EASGD-F6.9", "absent")
@pytest.mark.claim("EASGD-F6.11", "absent")
def test_with_momentum_09_the_schemes_are_not_told_apart_in_test_error(trained):
    """The thesis has the second ahead. Six pairs leave 0.005 either way."""
    momenta = trained(experiment.momenta)
    for by in compare.WAYS:
        found = compare.paired(momenta[FIRST, 0.9], momenta[SECOND, 0.9], "test_error", by)
        assert -0.005 < found.low < 0.0 < found.high < 0.005


@pytest.mark.claim("EASGD-tree-schemes", "absent")
def test_the_second_scheme_breaks_down_at_smaller_rates(trained):
    """The reverse of the printed counts: in all six pairs, p = 2^-5 by signs; the counts at one rate differ by Newcombe's interval."""
    first, second = trained(experiment.scan).values()
    gaps = [figure.edges(first)[seed] - figure.edges(second)[seed] for seed in figure.edges(first)]
    assert len(gaps) == 6 and min(gaps) > 0.0
    at = experiment.SCAN[2]
    shares = [figure.share(figure.by_rate(runs)[at]) for runs in (first, second)]
    assert figure.share_difference(*shares).high < 0.0
    assert figure.share_difference(figure.share_of(5, 6), figure.share_of(1, 6)).low > 0.0  # as printed


@pytest.mark.claim("EASGD-tree-schemes", "protocol")
def test_a_parabola_gives_the_second_scheme_less_lag_more_variance_and_the_smaller_edge():
    noisy = sg.problems.gamma_quadratic(0.5, 0.5)
    radii = [
        sg.moments.spectral_radius(sg.easgd_tree(noisy, 0.8, 0.3, degree=2, depth=2, scheme=scheme))
        for scheme in (sg.multiscale(1, 10), sg.up_down(1, 10))
    ]
    assert radii[0] < 1.0 < radii[1]
    one, two = (root(experiment.SINGLE, 0.1, 8, 2, scheme) for scheme in (sg.multiscale(10, 100), sg.up_down(8, 80)))
    assert one.lag > 2.0 * two.lag and two.variance > 1.5 * one.variance


def of_figure(name):
    """A figure's id as a parameter: with momentum its runs are stable, as printed; without, three and two of six of the thesis' were not."""
    return pytest.param(name, marks=pytest.mark.claim(name, "scaled" if SETTINGS[name][1] else "protocol"))


@pytest.mark.parametrize("figure_id", [of_figure(name) for name in SETTINGS])
def test_six_runs_of_a_setting(trained, figure_id):
    """The protocol ran as described and the six runs trained; at twice the rate, without momentum, the same judgement says no."""
    setting = SETTINGS[figure_id]
    assert "EASGD-F" + experiment.FIGURES[setting] == figure_id
    traces = trained(experiment.momenta)[setting]
    follows_the_protocol(traces, setting[0], (1, 10), setting[1])
    assert dict(traces[0].spec.options)["batch"] == 16 and traces[0].spec.eta == pytest.approx(0.4 * {0.0: 1.0, 0.9: 0.1, 0.99: 0.01}[setting[1]])
    assert learnt(traces)
    if setting[1] == 0.0:
        assert not learnt(trained(experiment.doubled)[setting])


@pytest.mark.claim("EASGD-F6.5", "absent")
def test_no_run_without_momentum_breaks_down_at_the_rate_of_the_figure(trained):
    """The thesis has three of six, which Newcombe's interval just tells from none; two of six, as in Figure 6.8, it does not."""
    assert figure.share(trained(experiment.momenta)[FIRST, 0.0]).k == 0
    lows = [figure.share_difference(figure.share_of(k, 6), figure.share_of(0, 6)).low for k in (3, 2)]
    assert lows[0] > 0.0 > lows[1]


@pytest.mark.claim("EASGD-F6.7", "absent")
def test_a_larger_spread_with_momentum_099_is_not_shown(trained):
    """Of training losses in the end, first scheme, against momentum 0.9: the 95 % interval of the ratio of variances holds 1."""
    variances = [np.var([trace["train_loss"][-1] for trace in trained(experiment.momenta)[FIRST, delta]], ddof=1) for delta in (0.99, 0.9)]
    low, high = variances[0] / variances[1] / stats.f.ppf([0.975, 0.025], 5, 5)
    assert low < 1.0 < high


def of_scheme(scheme, *figures):
    """A scheme as a parameter, and the figures with and without momentum of which it is a reading."""
    return pytest.param(scheme, marks=[pytest.mark.claim(name, "scaled") for name in figures])


@pytest.mark.claim("EASGD-tree-momentum", "scaled")
@pytest.mark.parametrize("scheme", [of_scheme(FIRST, "EASGD-F6.5", "EASGD-F6.6"), of_scheme(SECOND, "EASGD-F6.8", "EASGD-F6.9")])
def test_momentum_with_a_tenth_of_the_rate_is_steadier_and_better(trained, scheme):
    """At twice the rates none with momentum breaks down and all without do. It is ahead of the same effective rate, and of the same small rate."""
    doubled, momenta, small = (trained(plan) for plan in (experiment.doubled, experiment.momenta, experiment.small_rate))
    assert figure.share_difference(figure.share(doubled[scheme, 0.0]), figure.share(doubled[scheme, 0.9])).low > 0.0
    for other in (momenta[scheme, 0.0], small[scheme]):
        for measure in ("train_loss", "test_error"):
            assert compare.paired(momenta[scheme, 0.9], other, measure, "last").high < 0.0
    assert figure.share(small[scheme]).k == 0  # the small rate alone is stable too: what it lacks is speed


@pytest.mark.claim("EASGD-tree-momentum", "protocol")
def test_a_parabola_bears_seven_times_the_effective_rate_with_momentum_09():
    """eta h = 2.6 without momentum is unstable; eta h / (1 - 0.9) = 13 with it is not, in both schemes."""
    problem = sg.problems.noisy_quadratic()
    for scheme in (sg.multiscale(1, 10), sg.up_down(1, 10)):
        assert sg.moments.spectral_radius(sg.easgd_tree(problem, 2.6, 0.3, 2, 2, scheme)) > 1.0
        assert sg.moments.spectral_radius(sg.eamsgd_tree(problem, 1.3, 0.3, 0.9, 2, 2, scheme)) < 1.0


@pytest.mark.claim("EASGD-F6.11", "absent")
def test_among_chosen_runs_momentum_decides_more_than_the_scheme(trained):
    """The thesis has it the other way round. Choosing flatters: the chosen run is better than the mean of its six."""
    runs = trained(experiment.momenta)
    chosen = {setting: compare.score(figure.best(traces)) for setting, traces in runs.items()}
    assert all(chosen[setting] < np.mean([compare.score(trace) for trace in traces]) for setting, traces in runs.items())
    for delta in (0.0, 0.99):
        assert max(chosen[scheme, 0.9] for scheme in experiment.SCHEMES) < min(chosen[scheme, delta] for scheme in experiment.SCHEMES)


@pytest.mark.claim("EASGD-F6.12", "protocol")
def test_without_momentum_downpour_is_ahead_and_the_choice_of_the_best_look_adds_to_its_lead(trained):
    """Each at its best rate, which lies inside its grid; EASGD with 16 workers and the tree with 64 leaves are within 0.01 of each other."""
    best = {}
    for method, traces in trained(experiment.best_of_methods).items():
        choice = compare.choose_rate(traces, "test_error", "best")
        assert not choice.at_edge
        best[method] = figure.by_rate(traces)[choice.eta]
    for other in ("easgd", *experiment.SCHEMES):
        by_look, at_end = (compare.paired(best["downpour"], best[other], "test_error", way) for way in compare.WAYS)
        assert by_look.high < 0.0 and by_look.mean < at_end.mean
    for scheme in experiment.SCHEMES:
        assert abs(compare.paired(best["easgd"], best[scheme], "test_error", "best").mean) < 0.01


@pytest.mark.claim("EASGD-F6.10", "absent")
def test_a_slow_network_stalls_the_root_and_makes_no_peak(trained):
    """Slower messages cost training loss, slower ones more; before the episode nothing differs, and the curve does not climb."""
    steady = trained(experiment.momenta)["up_down", 0.99][:3]
    after = []
    for runs in trained(experiment.traffic).values():
        parts = figure.episode(runs, steady, *experiment.episode(SCALE))
        assert parts["before"].mean == 0.0 and parts["during"].low > 0.0
        assert max(figure.rise(trace) for trace in runs) < 0.02
        after.append(parts["after"].mean)
    assert after[1] > 2.0 * after[0] > 0.0
