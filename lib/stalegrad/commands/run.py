"""`stalegrad run`: one model on one problem, simulated or for real.

Three engines take the same words. `simulate` runs the library's process on one machine and prints moments over many paths; `mpi`
and `dask` run one path of it on real processes, where the machine decides who acts when.
"""

from __future__ import annotations

import json
import sys

from stalegrad.claims.jsonable import jsonable
from stalegrad.cluster.options import OF_REAL_RUNS, TREES, add_options

ENGINES = ("simulate", "mpi", "dask")
OF_SIMULATION = ("mu", "paths")
"""Options that a real run has not: its staleness is what happens, and it is one path."""
OF_DASK = ("address",)


def add(commands) -> None:
    """Register the command."""
    sub = commands.add_parser("run", help="run a model on a problem, simulated or on real processes; prints JSON")
    sub.add_argument("model", metavar="MODEL", help="simulated alone: sme-asgd, sme-sgd; any engine: asgd, downpour, easgd, eamsgd; not dask: *-tree")
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
    return {"simulate": _simulate, "mpi": _mpi, "dask": _dask}[arguments.engine](arguments)


def _simulate(arguments) -> int:
    from stalegrad.claims.models import MODELS
    from stalegrad.engine.simulate import simulate

    process = _single_iterate(arguments) if arguments.model in MODELS else _with_workers(arguments)
    start, paths = [arguments.start] * process.problem.dim, 5000 if arguments.paths is None else arguments.paths
    run = simulate(process, start, n_paths=paths, n_steps=arguments.steps, seed=arguments.seed)
    if arguments.out:
        run.save(arguments.out)
    last = {
        "mean": run.mean[-1],
        "standard_error": run.standard_error[-1],
        "second_moment": run.second_moment[-1],
        "second_moment_standard_error": run.second_moment_standard_error[-1],
        "diverged": run.diverged,
    }
    print(json.dumps(jsonable(last), allow_nan=False))
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
    fixed_by_machine = ("service", "service_law", "speeds", "latency", "checkpoint", "checkpoint_every", "resume", "log", "trace")
    _refuse(arguments, ("mu", *fixed_by_machine, *OF_DASK), f"{arguments.model} with --engine simulate")
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
    from stalegrad.cluster.dask_server import ProcessLost, run
    from stalegrad.cluster.record import report

    try:
        report(run(settings, address=arguments.address), settings.out)
    except ProcessLost as lost:
        print(f"stalegrad: {lost}", file=sys.stderr)
        return 1
    return 0


def _given(arguments) -> dict:
    return {**vars(arguments), "algorithm": arguments.model}


def _refuse(arguments, names, where: str) -> None:
    """ValueError if one of the named options was given: it would not do anything."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')} has no meaning for {where}: leave it out")
