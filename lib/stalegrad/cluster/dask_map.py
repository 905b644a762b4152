"""`map=` for `sg.simulate` on the processes of a Dask cluster: ensembles of any size, and sweeps over parameters.

Chunks of paths are tasks without side effects whose random numbers depend on seed, path and step alone, and `simulate` adds
their sums in the order of the paths. So the result has the same bits as on one machine, and when a process is lost Dask computes
its chunks again elsewhere. The progress bar is that of `simulate`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

AHEAD = 4
"""Tasks handed out for each thread of the cluster, so that none waits and few results are kept."""


def dask_map(client) -> Callable[[Callable, Iterable], Iterator]:
    """A map whose calls run on the cluster of a Dask client; results come in the order of the arguments.

    Parameters
    ----------
    client : distributed.Client
        A connected client. Its workers need this library.

    Returns
    -------
    callable
        (function, arguments) -> iterator. An exception of a call is raised when its turn comes; what was not begun is cancelled.

    Raises
    ------
    ValueError
        For something that is no Dask client.

    Examples
    --------
    An ensemble, and a sweep in which every task is a simulation of its own::

        with Client("tcp://scheduler:8786") as client:
            run = sg.simulate(process, 1.0, n_paths=10**6, n_steps=100, map=dask_map(client))
            levels = list(dask_map(client)(level_at, [0.01, 0.02, 0.05]))
    """
    if not all(hasattr(client, name) for name in ("submit", "nthreads", "cancel")):
        raise ValueError(f"client={client!r} is no Dask client: give distributed.Client(...)")

    def run(function: Callable, arguments: Iterable) -> Iterator:
        most = AHEAD * max(1, sum(client.nthreads().values()))
        waiting = deque()
        try:
            for argument in arguments:
                waiting.append(client.submit(function, argument, pure=False))
                if len(waiting) >= most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            client.cancel(list(waiting))

    return run
