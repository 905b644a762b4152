"""`stalegrad staleness LOG`: which law do the delays of a real run follow?"""

from __future__ import annotations

import json

from stalegrad.commands.parsers import add_command

ABOUT = """\
Which law do the delays of a real run follow? Fits constant, geometric, uniform and observed laws to its log,
for all workers together and for each, and tests their shape.
"""
OF_LOG = """\
A log is JSON Lines (or .gz of it): a first line that says so, then one for each update:
  {"log": "stalegrad updates 1", "algorithm": "asgd"}
  {"worker": 2, "read": 0, "write": 1}
Versions of the parameters are counted, 0 at the start and one more with each update. Here worker 2 had read version 0
and its update made version 1, so nobody had written in between: its delay, write - 1 - read, is 0. An "id" for each
update lets doubled ones be found; whatever else a line holds is left alone. In a run of your own print such lines, 200
or more, or let stalegrad.cluster.log.LogWriter write them; `stalegrad run --engine mpi --log FILE` does.
"""
MORE = (
    OF_LOG
    + """
In the table, distance is how far the observed delays are from the law, as a share of all updates, and p how often
delays of that law would look as far. A small p says that they do not have the law; in a long run a law that is a
hundredth or two away may still serve. Among the laws that are left the smallest AIC fits best.

examples:
  # a recorded run, in the folder of the repository
  stalegrad staleness notebooks/data/real_run/exponential.jsonl.gz
  # one worker is slow: a law for each
  stalegrad staleness notebooks/data/real_run/one_slow.jsonl.gz --worker-wise
  # what to set in the first of these runs
  stalegrad advise --curvature 1 --noise 1 --eta 0.2 --log notebooks/data/real_run/exponential.jsonl.gz
"""
)
IDENTITY = "the mean is counting (workers - 1 while all are busy): only the shape can tell laws apart"


def add(commands) -> None:
    """Register the command."""
    sub = add_command(commands, "staleness", "which law the delays of a real run follow, from its log", ABOUT, MORE)
    sub.add_argument("log", metavar="LOG", help="log of the updates, see below")
    sub.add_argument("--json", action="store_true", help="print one JSON object, with the observed law, instead of text")
    sub.add_argument("--worker-wise", action="store_true", help="fit the delays of each worker by themselves, too")
    sub.add_argument("--warm-up", type=int, metavar="N", help="updates of each worker that are left out (default: 5)")
    sub.set_defaults(command=staleness)


def staleness(arguments) -> int:
    """Run the command."""
    from stalegrad.claims.jsonable import jsonable
    from stalegrad.cluster import laws
    from stalegrad.cluster.log import read_log
    from stalegrad.engine.checks import whole

    warm_up = laws.WARM_UP if arguments.warm_up is None else whole(arguments.warm_up, "warm_up", 0)
    try:
        log = read_log(arguments.log)
    except OSError as error:
        raise ValueError(f"{arguments.log} cannot be read ({error.strerror}): give the log of a run") from error
    found = laws.fit(log, warm_up)
    own = laws.fit_workers(log, warm_up) if arguments.worker_wise else {}
    if arguments.json:
        print(json.dumps(jsonable(as_dict(log, found, own)), allow_nan=False))
    else:
        print(table(log, found, own))
    return 0


def as_dict(log, found, own) -> dict:
    """What the command found, ready for `jsonable`."""
    return {
        "updates": len(log),
        "lost": log.lost,
        "applied_twice": log.applied_twice,
        "note": log.note,
        **_facts(found),
        "empirical": found.empirical.table.tolist(),
        "worker_wise": {str(worker): _facts(fits) for worker, fits in own.items()},
    }


def _facts(found) -> dict:
    """One `Fits` as plain values."""
    fits = {"together": found.together, "apart": found.apart}
    return {
        "used": found.n,
        "mean": found.mean,
        "workers": {str(i): {"share": share, "mean": mean} for i, share, mean in zip(found.workers, found.shares, found.means, strict=True)},
        "best": {"law": found.best.name, "apart": len(found.best.laws) > 1, "aic": found.best.aic},
        **{kind: {name: _plain(fit) for name, fit in laws.items()} for kind, laws in fits.items()},
    }


def _plain(fit) -> dict:
    shape = fit.shape
    tested = {} if shape is None else {name: getattr(shape, name) for name in vars(shape)}
    return {
        "laws": [repr(law) for law in fit.laws],
        "parameters": fit.n_parameters,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "shape": tested or None,
    }


def table(log, found, own) -> str:
    """The findings for a terminal."""
    lines = [f"{len(log)} updates by {len(found.workers)} workers, {found.n} used; lost {log.lost}, applied twice {log.applied_twice}"]
    lines += [log.note] * bool(log.note)
    lines += [f"mean delay {found.mean:.3f}: {IDENTITY}", "", *_rows(found)]
    best = found.best
    lines += ["", f"smallest AIC: {_label(best)}, {_short(best)}"]
    for worker, fits in own.items():
        lines += ["", f"worker {worker}: {fits.n} updates, mean delay {fits.mean:.3f}", *_rows(fits)]
    return "\n".join(lines)


HEADER = f"{'law':24}{'AIC':>12}{'p (pieces)':>12}{'distance':>18}{'chi-square/dof':>18}{'dependence':>12}{'p (indep.)':>12}"


def _rows(found) -> list[str]:
    fits = [*found.together.values(), *found.apart.values()]
    return [HEADER, *(_row(fit) for fit in fits)]


def _row(fit) -> str:
    start = f"{_label(fit):24}{_number(fit.aic, '.1f'):>12}"
    shape = fit.shape
    if shape is None:
        return start + f"{'(fits by construction)':>30}"
    distance = f"{shape.distance:.3f} ± {_number(shape.radius, '.3f')}"
    chi_square = f"{_number(shape.chi_square, '.1f')}/{shape.degrees}"
    p_values = _number(shape.p_value, ".2g"), _number(shape.p_independent, ".2g")
    return start + f"{p_values[0]:>12}{distance:>18}{chi_square:>18}{_number(shape.dependence, '.2f'):>12}{p_values[1]:>12}"


def _label(fit) -> str:
    return f"{fit.name}{', each worker' if len(fit.laws) > 1 else ''}"


def _short(fit) -> str:
    return repr(fit.law) if len(fit.laws) == 1 else "; ".join(repr(law) for law in fit.laws[:3]) + ("; ..." if len(fit.laws) > 3 else "")


def _number(value: float, form: str) -> str:
    """A dash for what is not known or excluded."""
    return format(value, form) if abs(value) < float("inf") else "-"
