"""The driver: batching changes nothing, divergence ends a run, and a spec refuses what it cannot mean."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets import Clock, Spec, Tree  # noqa: E402
from stalegrad.nets.driver import plan, start, together, train  # noqa: E402
from stalegrad.nets.objectives import build  # noqa: E402
from stalegrad.nets.run import run_all  # noqa: E402
from stalegrad.nets.stack import Segment, advance  # noqa: E402
from stalegrad.nets.store import Store  # noqa: E402

SMALL = {"data": "synthetic", "hidden": 16, "batch": 8, "evaluated": (100, 100, 100)}
COMMON = {"options": SMALL, "n_steps": 60, "evaluations": 6}
MIXED = [
    Spec("easgd", 0.1, n_workers=4, period=5, **COMMON),
    Spec("easgd", 0.05, n_workers=7, period=2, seed=1, clock=Clock(shape=1.0), **COMMON),
    Spec("eamsgd", 0.02, n_workers=4, period=5, momentum=0.9, **COMMON),
    Spec("downpour", 0.02, n_workers=3, period=4, **COMMON),
    Spec("mdownpour", 0.01, n_workers=3, momentum=0.5, **COMMON),
    Spec("heavy_ball", 0.01, n_workers=5, momentum=0.5, seed=2, **COMMON),
    Spec("sgd", 0.1, **COMMON),
    Spec("msgd", 0.02, momentum=0.9, **COMMON),
    Spec("eamsgd_tree", 0.02, momentum=0.5, tree=Tree(2, 2, "up_down", (1, 3), jitter=0.5), **COMMON),
]


@pytest.fixture(scope="module")
def objective():
    torch.set_num_threads(1)
    return build("mlp", MIXED[0].options)


@pytest.fixture(scope="module")
def alone(objective):
    return {spec: train(spec, objective) for spec in MIXED}


def same(one, other) -> bool:
    return one.diverged == other.diverged and all(torch.equal(values, other.snapshots[name]) for name, values in one.snapshots.items())


@pytest.mark.parametrize("rows", [1, 8, 1000])
def test_a_run_has_the_same_bits_alone_and_beside_others(objective, alone, rows):
    paths = dict(together(objective, ((spec, start(spec, objective)) for spec in MIXED), rows))
    assert [spec.method for spec in MIXED if not same(paths[spec], alone[spec])] == []


def test_a_run_has_the_same_bits_every_time_and_others_have_others(objective, alone):
    again = train(MIXED[0], objective)
    assert same(again, alone[MIXED[0]])
    assert not same(train(MIXED[0].at(seed=5), objective), again)


def test_the_observed_variables_are_those_of_the_spec(alone):
    for spec, path in alone.items():
        assert tuple(path.snapshots) == spec.observed
        assert {len(values) for values in path.snapshots.values()} == {spec.evaluations + 1}


def test_gradients_come_in_batches(objective):
    """16 workers of period 10: far fewer calls than local steps, which is what makes the driver fast."""

    class Counting:
        dim, calls, rows = objective.dim, 0, 0

        def start(self, seed):
            return objective.start(seed)

        def gradients(self, x, keys):
            self.calls, self.rows = self.calls + 1, self.rows + len(keys)
            return objective.gradients(x, keys)

    counting, spec = Counting(), Spec("easgd", 0.1, n_workers=16, period=10, **COMMON)
    train(spec, counting)
    assert counting.rows <= len(plan(spec).time)
    assert counting.rows / counting.calls > 8


def test_segments_of_any_length_and_kind_end_as_they_would_alone(objective):
    x = objective.start(0)
    lengths, kinds = (1, 7, 3, 7, 2), ("plain", "nesterov", "summed", "plain", "nesterov")
    segments = [
        Segment(kind, x + 0.01 * i, (0, i, 3), np.linspace(0.1, 0.01, length), 0.001 * x if i % 2 else None, 0.1 * x, 0.3)
        for i, (kind, length) in enumerate(zip(kinds, lengths))
    ]
    for segment, end in zip(segments, advance(objective, segments), strict=True):
        (alone,) = advance(objective, [segment])
        assert torch.equal(alone.x, end.x) and (end.v is None or torch.equal(alone.v, end.v))


@pytest.mark.parametrize("method, more", [("sgd", {}), ("easgd", {"n_workers": 4}), ("downpour", {"n_workers": 4})])
def test_a_diverged_run_stops_early_with_nan(tmp_path, method, more):
    spec = Spec(method, 1e12, **more, **COMMON)
    (trace,) = run_all([spec], Store(tmp_path))
    assert 0.0 < trace.diverged <= spec.n_steps
    gone = trace.time >= trace.diverged
    assert np.isnan(trace["test_error"][gone]).all() and np.isfinite(trace["test_error"][0])
    kept, _ = Store(tmp_path).load(next(tmp_path.glob("*.npz")).stem)
    np.testing.assert_array_equal(kept["test_error/" + spec.observed[0]], trace["test_error"])


def test_training_learns(tmp_path):
    """Every method ends below the loss that it began with, on data that can be learnt."""
    for trace in run_all([spec.at(n_steps=200) for spec in MIXED], Store(tmp_path)):
        assert trace["train_loss"][-1] < 0.9 * trace["train_loss"][0], trace.spec.method


def test_a_trace_counts_what_its_timetable_says(tmp_path):
    spec = Spec("easgd", 0.1, n_workers=4, period=5, clock=Clock(communication=0.5, server=0.1), **COMMON)
    (trace,) = run_all([spec], Store(tmp_path))
    events = plan(spec)
    assert trace.steps[-1] == len(events.time) and trace.exchanges == events.exchange.sum()
    assert trace.seconds["communicating"] == pytest.approx(trace.exchanges * 0.6)
    assert trace.steps[0] == 0 and (np.diff(trace.steps) > 0).all()


def test_double_precision_is_an_option_of_the_objective():
    options = tuple(sorted({**SMALL, "dtype": "float64"}.items()))
    path = train(MIXED[0].at(options=options), build("mlp", options))
    assert path.snapshots["centre"].dtype == torch.float64


REFUSED = [
    ({"method": "adam"}, "method='adam'"),
    ({"eta": -1.0}, "eta"),
    ({"eta": math.inf}, "eta"),
    ({"n_workers": 0}, "n_workers"),
    ({"period": 2.5}, "period"),
    ({"momentum": 0.9}, "momentum=0.9 means nothing to easgd"),
    ({"method": "eamsgd", "momentum": 1.0}, "momentum"),
    ({"method": "sgd", "n_workers": 4}, "n_workers=4 means nothing to sgd"),
    ({"method": "easgd_tree"}, "needs tree"),
    ({"tree": Tree(2, 2, "up_down", (1, 1))}, "has no tree"),
    ({"decay": -1.0}, "decay"),
    ({"cuts": ((5, 0.0),)}, "factor of a cut"),
    ({"alpha": math.nan}, "alpha"),
    ({"moving": 0.0, "method": "sgd"}, "moving"),
    ({"clock": Clock(speeds=(1.0, 2.0))}, "speeds lists 2"),
    ({"evaluations": 0}, "evaluations"),
]


@pytest.mark.parametrize("fields, says", REFUSED)
def test_specs_that_are_refused(fields, says):
    with pytest.raises(ValueError, match=says):
        Spec(**({"method": "easgd", "eta": 0.1} | fields))


def test_unknown_objectives_and_options_are_refused_before_anything_runs(tmp_path):
    good = MIXED[0]
    for bad in (good.at(objective="resnet"), good.at(options={"depth": 3})):
        with pytest.raises(ValueError, match="is unknown"):
            run_all([good, bad], Store(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_spec_is_its_fields():
    spec = Spec("easgd", 0.1, options={"batch": 8, "l2": 0.1}, cuts=[(9, 0.5), (3, 0.1)])
    assert spec == Spec("easgd", 0.1, options=(("l2", 0.1), ("batch", 8)), cuts=((3, 0.1), (9, 0.5)))
    assert hash(spec) == hash(spec.at()) and spec.digest == spec.at().digest
    assert len({spec.digest, spec.at(eta=0.2).digest, spec.at(clock=Clock(shape=2.0)).digest, spec.at(start=1).digest}) == 4
