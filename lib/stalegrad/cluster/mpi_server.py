"""A run with one centre by MPI: process 0 is the server, every other process a worker.

Worker i is process i + 1. A push is one message, its counter in front; the answer is the centre from before it.

Against Algorithms 1 to 3 of the thesis, which write the worker and the master as one program:

- There a worker of EASGD or EAMSGD reads the centre, forms alpha (x - centre), and sends this difference in a second message. Here it sends
  x, and the server forms the difference with the centre of that moment, and answers with that centre. So worker and centre move by the
  same difference, as the pseudo-code has it, and no push of another worker comes between the read and the push, as on a machine it might.
- The worker waits for the answer, as in Section 2.2; its variant that computes meanwhile is not built.
- The gradient is taken at the x from before the elastic move (EAMSGD: at x + delta v), because the process of the library does it.
- A worker of DOWNPOUR sends v and adds it to the answer itself, which is the centre after its push, as Algorithm 3 reads it.
"""

from __future__ import annotations

import time

import numpy as np
from mpi4py import MPI

from stalegrad.cluster.mpi_mail import PAUSE, Inbox, wait
from stalegrad.cluster.pace import Pace, sleep_until
from stalegrad.cluster.parameter_server import Worker, method_of
from stalegrad.cluster.progress import Progress
from stalegrad.cluster.server import Server, pace_of
from stalegrad.cluster.settings import Settings, start_of


def run(comm: MPI.Comm, settings: Settings, agreed) -> dict | None:
    """One process of the run; process 0 returns the result. `agreed` makes something on every process, or on none."""
    method = method_of(settings)
    start = start_of(settings, method.process.problem)
    server = agreed(lambda: Server(settings, method, start) if comm.rank == 0 else None)
    last = comm.scatter([None, *map(server.last_exchange, range(settings.workers))] if server else None)
    if server is None:
        comm.gather(work(comm, settings, Worker(method, start, comm.rank - 1, settings.seed, last)))
        return None
    with server.progress() as bar:
        serve(comm, server, bar)
    server.finish()
    return server.result(comm.gather(None)[1:])


def serve(comm: MPI.Comm, server: Server, bar: Progress) -> None:
    """Answer pushes until every worker has made its steps; all begin together."""
    wait(comm.Ibarrier())
    server.begin()
    parts, dim = server.centre.sent.shape[1:]
    inbox = Inbox(comm, MPI.ANY_SOURCE, 1 + parts * dim)
    answers: dict[int, tuple[MPI.Request, np.ndarray]] = {}
    all_done = comm.Ibarrier()
    while not all_done.Test():
        arrived = inbox.take()
        if arrived is None:
            time.sleep(PAUSE)
        else:
            source, message = arrived
            answer = server.take(source - 1, int(message[0]), message[1:].reshape(parts, dim))
            if source in answers:
                wait(answers[source][0])  # the worker has it: it would not push otherwise
            answers[source] = comm.Isend(answer, dest=source), answer
            bar.at(server.centre.version)
        server.checkpoint_if_due()
    for request, _ in answers.values():
        wait(request)
    inbox.close()


def work(comm: MPI.Comm, settings: Settings, worker: Worker) -> dict:
    """Make the local steps of one worker; returns its local variable and where its time went."""
    pace = pace_of(settings, comm.rank - 1)
    worker.warm_up()
    wait(comm.Ibarrier())
    answer = np.empty(len(worker.local))
    waited, began = 0.0, time.monotonic()
    ends = began
    while worker.clock < settings.steps:
        if worker.counter is not None:
            asked = time.monotonic()
            ends += exchange(comm, worker, pace, answer)
            waited += time.monotonic() - asked
        ends = pace.step_ends(worker.clock, ends)
        worker.step()
        sleep_until(ends)
    wait(comm.Ibarrier())
    return {"local": worker.local, "local_steps": worker.clock, "seconds": time.monotonic() - began, "seconds_in_exchanges": waited}


def exchange(comm: MPI.Comm, worker: Worker, pace: Pace, answer: np.ndarray) -> float:
    """Push what is due and take the answer; returns the seconds that the messages were held."""
    message = np.concatenate([[worker.counter], worker.message.ravel()])
    out, back = (pace.message_takes(worker.clock, leg) for leg in (0, 1))
    receive = comm.Irecv(answer, source=0)
    time.sleep(out)
    wait(comm.Isend(message, dest=0))
    wait(receive)
    time.sleep(back)
    worker.hear(answer.copy())
    return out + back
