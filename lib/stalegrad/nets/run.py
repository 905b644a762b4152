"""From specs to what was seen of their runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby

import numpy as np
from tqdm import tqdm

from stalegrad.nets.driver import Path, plan, start, together
from stalegrad.nets.extra import torch
from stalegrad.nets.objectives import build, digest
from stalegrad.nets.spec import Spec
from stalegrad.nets.store import Store
from stalegrad.nets.trace import Trace

SECONDS = ("computing", "communicating", "waiting")


def run_all(specs: Iterable[Spec], store: Store | None = None, rows: int = 64) -> list[Trace]:
    """The traces of specs, in their order: from the store where they are known, else computed now, many together.

    Parameters
    ----------
    specs : iterable of Spec
        Equal ones are run once.
    store : Store, optional
        Where runs are kept; by default in `store.default_folder()`.
    rows : int
        Begin new runs while fewer local steps than this are computed side by side. Results do not depend on it.

    Raises
    ------
    ValueError
        For an unknown objective or option, before anything is computed.

    Notes
    -----
    A run has the same bits alone and beside any others, as rows of stacked gradients on a CPU do not feel each other; other versions of
    torch or other processors may round differently (`python -m companion with` fixes what can be fixed of that).

    Several processes may ask for the same runs at once: each run is computed by one, and a process takes the next one that nobody
    computes. Progress is shown on a terminal.

    Examples
    --------
    >>> import tempfile
    >>> spec = Spec("easgd", eta=0.1, n_workers=4, objective="noisy_quadratic", n_steps=50, evaluations=5)
    >>> (trace,) = run_all([spec], Store(tempfile.mkdtemp()))
    >>> trace.time.tolist(), trace["test_loss"].shape
    ([0.0, 10.0, 20.0, 30.0, 40.0, 50.0], (6,))
    """
    specs, store = list(specs), store or Store()
    objectives = {spec: build(spec.objective, spec.options) for spec in specs}
    keys = {spec: store.key(spec, digest(objective), torch.__version__) for spec, objective in objectives.items()}
    traces = {spec: _loaded(spec, store, key) for spec, key in keys.items()}
    missing = [spec for spec in keys if traces[spec] is None]
    with _one_thread(), tqdm(total=len(missing), unit="run", disable=None if missing else True) as progress:
        for wait in (False, True):  # first what nobody computes, then what others were computing
            todo = sorted((spec for spec in missing if traces[spec] is None), key=lambda spec: (spec.objective, repr(spec.options)))
            for _, group in groupby(todo, key=lambda spec: (spec.objective, spec.options)):
                group = list(group)
                for spec, trace in _computed(objectives[group[0]], group, keys, store, rows, wait):
                    traces[spec] = trace
                    progress.update()
    return [traces[spec] for spec in specs]


def _computed(objective, specs: Sequence[Spec], keys: dict[Spec, str], store: Store, rows: int, wait: bool) -> Iterator[tuple[Spec, Trace]]:
    """Traces of specs of one objective as they get ready, those left out that another process is computing."""
    locks: dict[Spec, ExitStack] = {}
    found: list[tuple[Spec, Trace]] = []

    def begun():
        for spec in specs:
            lock = ExitStack()
            if not lock.enter_context(store.lock(keys[spec], wait)):
                lock.close()
            elif (trace := _loaded(spec, store, keys[spec])) is not None:
                lock.close()
                found.append((spec, trace))
            else:
                locks[spec] = lock
                yield spec, start(spec, objective)

    with ExitStack() as everything:
        everything.callback(lambda: [lock.close() for lock in locks.values()])
        for spec, path in together(objective, begun(), rows):
            trace = _seen(spec, objective, path)
            store.save(keys[spec], *_plain(trace))
            locks.pop(spec).close()
            yield spec, trace
        yield from found


def _seen(spec: Spec, objective, path: Path) -> Trace:
    """Evaluate the snapshots of a run, and add what its timetable says."""
    times, curves = spec.times, {}
    for name, snapshots in path.snapshots.items():
        for measure, values in objective.evaluate(snapshots).items():
            curve = np.full(len(times), np.nan)
            curve[: len(snapshots)] = values.double().cpu().numpy()
            curves[measure, name] = curve
    if spec.tree is not None:
        from stalegrad.nets.tree_time import tree_timetable

        events = tree_timetable(spec.tree, spec.clock, spec.seed, float(spec.n_steps))
        return Trace(spec, times, _by(events.step_times, times), _by(events.root_times, times), curves, events.seconds, path.diverged, events.skipped)
    events = plan(spec)
    seconds = {name: getattr(events, name) for name in SECONDS}
    return Trace(spec, times, _by(events.time, times), _by(events.time[events.exchange], times), curves, seconds, path.diverged)


def _by(moments: np.ndarray, times: np.ndarray) -> np.ndarray:
    """How many of the sorted moments are not later than each of the times."""
    return np.searchsorted(moments, times, side="right")


def _plain(trace: Trace) -> tuple[dict[str, np.ndarray], dict]:
    """A trace as arrays and facts."""
    arrays = {"/".join(key): curve for key, curve in trace.curves.items()}
    arrays |= {"time": trace.time, "steps": trace.steps, "updates": trace.updates}
    return arrays, {"spec": repr(trace.spec), "seconds": trace.seconds, "diverged": trace.diverged, "skipped": trace.skipped}


def _loaded(spec: Spec, store: Store, key: str) -> Trace | None:
    kept = store.load(key)
    if kept is None:
        return None
    arrays, facts = kept
    curves = {tuple(name.split("/")): curve for name, curve in arrays.items() if "/" in name}
    time, steps, updates = (arrays[name] for name in ("time", "steps", "updates"))
    return Trace(spec, time, steps, updates, curves, facts["seconds"], facts["diverged"], facts["skipped"])


@contextmanager
def _one_thread():
    """torch on one thread: stacks are small, and results must not depend on the machine's cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
