"""The store: whole files, keys that mean what they depend on, several processes, a killed job."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets import Spec, run_all  # noqa: E402
from stalegrad.nets import run as run_module  # noqa: E402
from stalegrad.nets.store import COMPUTING, Store, code_digest, default_folder  # noqa: E402

SPECS = [Spec("easgd", 0.1, n_workers=2, objective="noisy_quadratic", n_steps=20, evaluations=4, seed=seed) for seed in range(3)]


def test_a_run_is_made_once(tmp_path, monkeypatch):
    store = Store(tmp_path)
    first = run_all([*SPECS, SPECS[0]], store)
    assert first[0] is first[3] and len(list(tmp_path.glob("*.npz"))) == len(SPECS)

    def never(*args):
        raise AssertionError("a kept run was made again")

    monkeypatch.setattr(run_module, "start", never)
    for made, kept in zip(first, run_all(SPECS, store)):
        assert kept.spec == made.spec and kept.seconds == made.seconds and kept.diverged == made.diverged
        assert kept.curves.keys() == made.curves.keys()
        for name, curve in made.curves.items():
            np.testing.assert_array_equal(kept.curves[name], curve)
        for name in ("time", "steps", "updates"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))


def test_a_key_depends_on_spec_data_and_version():
    store, spec = Store("unused"), SPECS[0]
    keys = {store.key(spec, "data", "1"), store.key(SPECS[1], "data", "1"), store.key(spec, "other", "1"), store.key(spec, "data", "2")}
    assert len(keys) == 4


def test_a_key_depends_on_code_but_not_on_its_comments(tmp_path):
    file = tmp_path / "code.py"
    texts = {
        "plain": "def f(x):\n    return x + 1\n",
        "said": '"""Says."""\n\ndef f(x):\n    """Add."""\n    # one\n    return (x + 1)\n',
        "changed": "def f(x):\n    return x + 2\n",
    }
    digests = {}
    for name, text in texts.items():
        file.write_text(text)
        digests[name] = code_digest([file])
    assert digests["plain"] == digests["said"] != digests["changed"]
    assert {"driver.py", "rules.py", "stack.py", "timetable.py", "objective.py", "models.py", "data.py"} <= {path.name for path in COMPUTING}


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("STALEGRAD_RUNS", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("STALEGRAD_RUNS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_folder() == tmp_path / "cache" / "stalegrad" / "runs"


def test_a_broken_file_is_named_with_the_remedy(tmp_path):
    store = Store(tmp_path)
    run_all(SPECS[:1], store)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match="delete it"):
        run_all(SPECS[:1], store)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        Store(tmp_path).save("key", {"x": np.ones(3)}, {})
    assert not list(tmp_path.iterdir())


def _ask(folder, queue):
    made, start = [], run_module.start
    run_module.start = lambda spec, objective: made.append(spec) or start(spec, objective)
    traces = run_all(SPECS, Store(folder))
    queue.put((len(made), [float(trace["train_loss"][-1]) for trace in traces]))


def test_several_processes_may_ask_for_the_same_runs(tmp_path):
    context = get_context("spawn")
    queue = context.Queue()
    askers = [context.Process(target=_ask, args=(tmp_path, queue)) for _ in range(2)]
    for asker in askers:
        asker.start()
    answers = [queue.get(timeout=120) for _ in askers]
    for asker in askers:
        asker.join(timeout=60)
    assert answers[0][1] == answers[1][1]
    assert answers[0][0] + answers[1][0] == len(SPECS)
    assert len(list(tmp_path.glob("*.npz"))) == len(SPECS) and not list(tmp_path.glob("*.lock"))


def test_what_another_process_computes_is_left_to_it(tmp_path):
    """While the lock of one run is held, the others are made; then its lock is waited for."""
    store = Store(tmp_path)
    key = store.key(SPECS[1], run_module.digest(run_module.build("noisy_quadratic")), torch.__version__)
    with store.lock(key, wait=False) as got:
        assert got
        with store.lock(key, wait=False) as again:
            assert not again
        made = dict(run_module._computed(run_module.build("noisy_quadratic"), SPECS, {spec: _key(store, spec) for spec in SPECS}, store, 64, False))
        assert set(made) == {SPECS[0], SPECS[2]}
    assert run_all(SPECS, store)[1].spec == SPECS[1]


def _key(store, spec):
    return store.key(spec, run_module.digest(run_module.build("noisy_quadratic")), torch.__version__)


JOB = """
import sys
from stalegrad.nets import Spec, run_all
from stalegrad.nets.store import Store
specs = [Spec("sgd", 0.1, objective="noisy_quadratic", n_steps=100, evaluations=20, seed=seed) for seed in range(20)]
run_all(specs, Store(sys.argv[1]), rows=1)
"""


def test_a_killed_job_goes_on_where_it_was(tmp_path):
    """kill -9 after the first kept run: what is kept is whole, and the next job keeps it."""
    job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path)])
    deadline = time.monotonic() + 60.0
    while not list(tmp_path.glob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    job.send_signal(signal.SIGKILL)
    job.wait(timeout=30)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")}
    assert 0 < len(kept) < 20
    subprocess.run([sys.executable, "-c", JOB, str(tmp_path)], check=True, timeout=120)
    assert len(list(tmp_path.glob("*.npz"))) == 20
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
