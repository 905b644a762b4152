"""Real runs with one centre on Dask: the server is an actor, every worker of the algorithm a task that runs as long as the run.

The actor lives on a Dask worker of its own, on which no task of the run may land. So a Dask worker that computes can be killed at any
moment: its tasks start again elsewhere (or where its nanny brings it back), ask the server for their last exchange and go on from there;
data rows are a function of seed, worker and local step, so what is computed again is the same, and the server has lost nothing.
If the client goes, Dask cancels the run; if the Dask worker of the server goes, the run ends with `ProcessLost`, and can be resumed
from the checkpoint that the server has written, if it was asked to. The alternative, a server inside the client, would put
every message through the scheduler.

A worker that is stalled for so long that Dask gives its task to another must not go on when it wakes: whoever joins last for a worker
holds the only valid pass, pushes with an older one are refused, and the old task ends.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from stalegrad.cluster.pace import sleep_until
from stalegrad.cluster.parameter_server import Exchange, Worker, method_of
from stalegrad.cluster.progress import Progress
from stalegrad.cluster.record import RunStopped, remedy
from stalegrad.cluster.server import Server, pace_of, updates_of
from stalegrad.cluster.settings import TREES, Settings, start_of

PAUSE = 0.01
"""Seconds between two looks whether all workers have arrived."""
LOOK = 0.5
"""Seconds between two looks whether the processes are there."""
START_UP = 60
"""Seconds that the processes of a cluster on this machine have to start."""
REMEDY = 'engine dask needs dask and distributed: make env EXTRAS="cluster"'


class ProcessLost(RunStopped):
    """The process that kept the centre has ended, or all others have."""


class Centre:
    """The actor: a `Server` that lets in the latest holder of each worker's pass."""

    def __init__(self, settings: Settings):
        method = method_of(settings)
        self.server = Server(settings, method, start_of(settings, method.process.problem))
        self.passes = [0] * settings.workers
        self.outdated = 0

    def join(self, worker: int) -> tuple[int, Exchange | None]:
        """A new pass for a worker, and the exchange that it goes on from; the clock starts when all have joined once."""
        waiting = 0 in self.passes
        self.passes[worker] += 1
        if waiting and self.complete():
            self.server.begin()
        return self.passes[worker], self.server.last_exchange(worker)

    def complete(self) -> bool:
        """Whether all workers have joined."""
        return 0 not in self.passes

    def push(self, worker: int, number: int, counter: int, sent: np.ndarray) -> np.ndarray | None:
        """Take push `counter` of a worker that holds pass `number`; the answer (d,), or None for an outdated pass."""
        if number != self.passes[worker]:
            self.outdated += 1
            return None
        answer = self.server.take(worker, counter, sent)
        self.server.checkpoint_if_due()
        return answer

    def version(self) -> int:
        """Updates so far."""
        return self.server.centre.version

    def finish(self, workers: list[dict]) -> dict:
        """Write what is left to write; the result of the run."""
        self.server.finish()
        again = sum(self.passes) - len(self.passes)
        return self.server.result(workers) | {"workers_started_again": again, "pushes_of_outdated_workers": self.outdated}


def run(settings: Settings, address: str | None = None) -> dict:
    """Run an algorithm with one centre on Dask; returns the result, as an MPI run prints it.

    Parameters
    ----------
    settings : Settings
        From `settings_of`. Files are written by the process of the server; on a cluster of several machines name files that it can reach.
    address : str, optional
        Scheduler of a running cluster, such as "tcp://host:8786"; by default a cluster of `settings.processes` processes is started on this
        machine and closed afterwards.

    Raises
    ------
    ValueError
        For a tree, an address where nothing answers, a cluster with too few threads, or if Dask is not installed.
    ProcessLost
        If the process of the server, or all others, end before the run does.
    RunStopped
        If the server cannot write its log or trace, as on a full disk.
    """
    if settings.algorithm in TREES:
        raise ValueError(f"algorithm={settings.algorithm!r} has no centre, and does not run on dask: give --engine mpi")
    with connected(settings.processes, address) as client:
        if address is None:
            settings = _absolute(settings)
        return run_on(client, settings)


def run_on(client, settings: Settings) -> dict:
    """`run` on the cluster of a Dask client: one of its workers is the server's own, the others compute."""
    settings = replace(settings, engine="dask")
    home, others = places(client, settings)
    centre = client.submit(Centre, settings, actor=True, workers=[home], allow_other_workers=False).result()
    where = {"workers": others, "allow_other_workers": False, "pure": False}
    tasks = [client.submit(work, centre, settings, number, **where) for number in range(settings.workers)]
    with Progress(settings.progress, updates_of(settings), "updates") as bar:
        supervise(client, settings, tasks, home, others, partial(_show, bar, centre))
    return centre.finish(client.gather(tasks)).result()


def supervise(client, settings: Settings, tasks: list, home: str, others: list[str], look) -> None:
    """Wait for the tasks while they can go on, and `look` now and then.

    Raises
    ------
    ProcessLost
        When the server's process, or all others, have ended.
    RunStopped
        When the server cannot write its log or trace.
    """
    from distributed import wait

    waiting = tasks
    while waiting:
        with suppress(TimeoutError):
            wait(waiting, timeout=LOOK, return_when="FIRST_COMPLETED")
        there = client.nthreads().keys()
        if home not in there:
            client.cancel(tasks, force=True)
            raise ProcessLost(f"the process of the server has ended: {remedy(settings)}")
        if not there & set(others):
            client.cancel(tasks, force=True)
            raise ProcessLost(f"all processes that compute have ended: {remedy(settings)}")
        for task in waiting:
            if task.status == "error":
                client.cancel([other for other in tasks if other is not task], force=True)
                task.result()
        waiting = [task for task in waiting if not task.done()]
        look()


def _show(bar: Progress, centre) -> None:
    """Move the bar. A server that does not answer is found out by who waits for the tasks."""
    if bar.shown:
        with suppress(Exception):
            bar.at(centre.version().result(timeout=LOOK))


def work(centre: Centre, settings: Settings, number: int) -> dict:
    """Make the local steps of one worker; a task. Returns its local variable and where its time went."""
    from distributed import secede

    secede()  # frees the thread, so that another task can start here at once when it has lost its process
    method, pace = method_of(settings), pace_of(settings, number)
    start = start_of(settings, method.process.problem)
    Worker(method, start, number, settings.seed).warm_up()
    valid, last = centre.join(number).result()
    worker = Worker(method, start, number, settings.seed, last)
    while not centre.complete().result():
        time.sleep(PAUSE)
    waited, began = 0.0, time.monotonic()
    while worker.clock < settings.steps:
        if worker.counter is not None:
            asked = time.monotonic()
            time.sleep(pace.message_takes(worker.clock, 0))
            answer = centre.push(number, valid, worker.counter, worker.message).result()
            if answer is None:
                break
            time.sleep(pace.message_takes(worker.clock, 1))
            worker.hear(answer)
            waited += time.monotonic() - asked
        ends = time.monotonic() + pace.step_lasts(worker.clock)
        worker.step()
        sleep_until(ends)
    return {"local": worker.local, "local_steps": worker.clock, "seconds": time.monotonic() - began, "seconds_in_exchanges": waited}


def places(client, settings: Settings) -> tuple[str, list[str]]:
    """Addresses of the Dask worker of the server and of those that compute; ValueError if their threads are too few."""
    threads = client.nthreads()
    home, *others = sorted(threads)
    free = sum(threads[address] for address in others)
    if free < settings.workers:
        raise ValueError(
            f"the cluster has {free} threads beside the server's worker, but {settings.workers} workers are to run: "
            f"start more Dask workers, or give -n {free + 1} or less"
        )
    return home, others


@contextmanager
def connected(processes: int, address: str | None = None):
    """A Dask client of the cluster at `address`, or of one of this many processes on this machine; closed at the end."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ValueError(REMEDY) from error
    if address is None:
        local = LocalCluster(n_workers=processes, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs="ERROR")
        with local as cluster, Client(cluster) as client:
            client.wait_for_workers(processes, timeout=START_UP)
            yield client
        return
    try:
        client = Client(address, timeout=START_UP)
    except (OSError, ValueError) as error:
        raise ValueError(f"address={address!r} does not answer ({error}): give the address that dask scheduler prints") from error
    with client:
        yield client


def _absolute(settings: Settings) -> Settings:
    """File names that mean the same in every process of this machine."""
    files = ("checkpoint", "log", "trace")
    return replace(settings, **{name: str(Path(getattr(settings, name)).absolute()) for name in files if getattr(settings, name)})
