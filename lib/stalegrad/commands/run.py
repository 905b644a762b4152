"""`stalegrad run`: one model on one problem, simulated or for real.

Three engines take the same words. `simulate` runs the library's process on one machine and prints moments over many paths; `mpi`
and `dask` run one path of it on real processes, where the machine decides who acts when.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from stalegrad.claims.jsonable import jsonable
from stalegrad.cluster.options import OF_REAL_RUNS, TREES, add_options
from stalegrad.commands.parsers import add_command
from stalegrad.files import check_written

ABOUT = """\
One algorithm, or limit, on one problem. By default it is simulated: prints the last mean and second moment of x
over many paths, with standard errors, as one JSON object. With --engine mpi or dask it is run once on real processes.
"""
EXAMPLES = """\
second_half_mean and second_half_second_moment are the means of x and x^2 over the second half of the run, to see whether another setting
does better: for simulate over its steps k > steps / 2 and all paths; for mpi and dask of the centre (a tree: the root) over its updates
k > n / 2 of n, and second_half_value is the mean of the objective there. A network has its evaluation at the last centre instead.

Files are written into folders that exist: no folder is made.

examples:
  # asynchronous SGD on f(x) = x^2, staleness of mean mu / (1 - mu) = 19, and its limit
  stalegrad run asgd --problem quadratic --eta 0.01 --mu 0.95
  stalegrad run sme-asgd --problem quadratic --eta 0.01 --mu 0.95
  # moments of every step into a file, for stalegrad.Ensemble.load
  stalegrad run asgd --mu 0.9 --paths 2000 --steps 200 --out moments.npz
  # elastic averaging with four workers, simulated
  stalegrad run easgd -n 5 --eta 0.05 --steps 200
  # the same for real, and a log of who read what; needs: make env EXTRAS="cluster"
  stalegrad run easgd --engine mpi -n 5 --eta 0.05 --steps 200 --log run.jsonl
"""
ENGINES = ("simulate", "mpi", "dask")
OF_SIMULATION = ("mu", "paths")
"""Options that a real run has not: its staleness is what happens, and it is one path."""
OF_DASK = ("address",)


def add(commands) -> None:
    """Register the command."""
    sub = add_command(commands, "run", "one algorithm or limit on one problem, simulated or on real processes", ABOUT, EXAMPLES)
    models = "asgd, downpour, easgd, eamsgd (any engine); easgd-tree, eamsgd-tree (simulate, mpi); the limits sme-asgd, sme-sgd (simulate)"
    sub.add_argument("model", metavar="MODEL", help=models)
    sub.add_argument("--engine", choices=ENGINES, default="simulate", help="simulate (default), or real processes by mpi or dask")
    sub.add_argument("--problem", default="quadratic", help="quadratic (f = x^2, the default), quartic, double-well or package.module:function")
    sub.add_argument("--eta", type=float, default=0.01, help="learning rate (default: 0.01)")
    sub.add_argument("--start", type=float, default=1.0, help="x_0, and the past before it (default: 1)")
    sub.add_argument("--steps", type=int, default=1000, help="simulate: steps of the process; else local steps of each worker (default: 1000)")
    sub.add_argument("--seed", type=int, default=0, help="seed of the random numbers (default: 0)")
    sub.add_argument("--out", metavar="FILE", help="simulate: moments of every step, for stalegrad.Ensemble.load; else the result as JSON")
    simulated = sub.add_argument_group("simulate")
    simulated.add_argument("--mu", type=float, help="asgd and sme-asgd: staleness, P(tau = l) = (1 - mu) mu^l (default: 0.95)")
    simulated.add_argument("--paths", type=int, help="number of paths (default: 5000)")
    real = sub.add_argument_group("mpi, dask (and, where they fix the model, simulate)")
    add_options(real)
    real.add_argument("--address", help="dask: scheduler of a running cluster (default: a cluster on this machine)")
    sub.set_defaults(command=run)


def run(arguments) -> int:
    """Run the command."""
    check_written(arguments)
    return {"simulate": _simulate, "mpi": _mpi, "dask": _dask}[arguments.engine](arguments)


def _simulate(arguments) -> int:
    import numpy as np

    from stalegrad.claims.models import MODELS
    from stalegrad.engine.simulate import simulate

    process = _single_iterate(arguments) if arguments.model in MODELS else _with_workers(arguments)
    start, paths = [arguments.start] * process.problem.dim, 5000 if arguments.paths is None else arguments.paths
    run = simulate(process, start, n_paths=paths, n_steps=arguments.steps, seed=arguments.seed)
    if arguments.out:
        run.save(arguments.out)
    half = arguments.steps // 2 + 1
    squares = np.diagonal(run.second_moment, axis1=1, axis2=2)
    told = {
        "mean": run.mean[-1],
        "standard_error": run.standard_error[-1],
        "second_moment": run.second_moment[-1],
        "second_moment_standard_error": run.second_moment_standard_error[-1],
        "diverged": run.diverged,
        "second_half_mean": run.mean[half:].mean(axis=0),
        "second_half_second_moment": squares[half:].mean(axis=0),
    }
    print(json.dumps(jsonable(told), allow_nan=False))
    return 0


def _single_iterate(arguments):
    """ASGD with a law of the staleness, or a limit."""
    from stalegrad.claims.models import model
    from stalegrad.cluster.settings import problem_of

    _refuse(arguments, (*OF_REAL_RUNS, *OF_DASK), f"{arguments.model} with --engine simulate")
    return model(arguments.model, problem_of(arguments.problem), arguments.eta, 0.95 if arguments.mu is None else arguments.mu)


def _with_workers(arguments):
    """An algorithm with workers, in the order that the library draws."""
    from stalegrad.claims.models import MODELS
    from stalegrad.cluster.options import ALGORITHMS
    from stalegrad.cluster.settings import process_of, settings_of

    if arguments.model not in ALGORITHMS:
        raise ValueError(f"model = {arguments.model!r} is unknown; choose one of {', '.join(dict.fromkeys((*MODELS, *ALGORITHMS)))}")
    of_model = ("processes", "alpha", "momentum", "period", "degree", "scheme")
    of_machine = [name for name in OF_REAL_RUNS if name not in of_model]
    _refuse(arguments, ("mu", *of_machine, *OF_DASK), f"{arguments.model} with --engine simulate")
    return process_of(settings_of(_given(arguments)))


def _mpi(arguments) -> int:
    from stalegrad.cluster.launch import launch
    from stalegrad.cluster.settings import settings_of

    _refuse(arguments, (*OF_SIMULATION, *OF_DASK), "--engine mpi")
    return launch(settings_of(_given(arguments)))


def _dask(arguments) -> int:
    from stalegrad.cluster.settings import settings_of

    _refuse(arguments, OF_SIMULATION, "--engine dask")
    if arguments.model in TREES:
        raise ValueError(f"model = {arguments.model!r} does not run on dask: give --engine mpi")
    settings = settings_of(_given(arguments))
    from stalegrad.cluster.dask_server import run
    from stalegrad.cluster.record import RunStopped, report

    settings = replace(settings, progress=settings.progress or sys.stderr.isatty())
    try:
        report(run(settings, address=arguments.address), settings.out)
    except RunStopped as stopped:
        print(f"stalegrad: {stopped}", file=sys.stderr)
        return 1
    return 0


def _given(arguments) -> dict:
    return {**vars(arguments), "algorithm": arguments.model}


def _refuse(arguments, names, where: str) -> None:
    """ValueError if one of the named options was given: it would not do anything."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')} has no meaning for {where}: leave it out")
