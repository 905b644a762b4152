"""`stalegrad advise`: what to set in an asynchronous run, and on which claim each line rests."""

from __future__ import annotations

import argparse
import json

NUMBERS = (
    ("--momentum", float, "heavy-ball momentum now, in [0, 1) (default: 0)"),
    ("--batch", int, "samples of one gradient now (default: 1)"),
    ("--noise", float, "variance of the gradient of one sample at the minimum, along any direction"),
    ("--relative-noise", float, "variance of the curvature of one sample, as a share of its square (default: 0)"),
    ("--workers", int, "workers that push to one server (default: 1)"),
    ("--start", float, "distance to the minimum at the start, along a direction"),
    ("--target", float, "mean squared distance to be reached, along a direction"),
    ("--budget", int, "gradients of one sample that may be spent"),
    ("--alpha", float, "moving rate of the workers, if elastic averaging runs"),
    ("--beta", float, "moving rate of the centre"),
    ("--tail", float, "tail index of the gradient noise, where it is heavy"),
)
EPILOG = """\
example: eight workers, curvatures between 0.1 and 10, and what 20,000 gradients can buy
  stalegrad advise --curvature 0.1 10 --eta 0.05 --workers 8 --noise 1 --start 1 --budget 20000
With --log the staleness and the number of workers are those of a logged run (stalegrad run --engine mpi writes one).
"""


def add(commands) -> None:
    """Register the command."""
    sub = commands.add_parser(
        "advise",
        help="what to set in an asynchronous run: stability, delay, rate, momentum, batch, elastic rates",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.add_argument("--curvature", type=float, nargs="+", required=True, metavar="H", help="least and largest curvature near the minimum, or one")
    sub.add_argument("--eta", type=float, required=True, help="learning rate now")
    for name, make, text in NUMBERS:
        sub.add_argument(name, type=make, help=text, metavar="N")
    sub.add_argument("--log", metavar="FILE", help="log of a real run, for its staleness")
    sub.add_argument("--constant", type=int, metavar="LAG", help="every gradient is this many updates old")
    sub.add_argument("--mean-staleness", type=float, metavar="M", help="geometric staleness of this mean")
    sub.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    sub.set_defaults(command=_advise)


def _advise(arguments) -> int:
    from stalegrad.advice import advise

    advice = advise(_situation(arguments))
    print(json.dumps(advice.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) if arguments.json else advice)
    return 0


def _situation(arguments):
    from stalegrad import staleness
    from stalegrad.advice import Situation, of_log

    laws = {"--log": arguments.log, "--constant": arguments.constant, "--mean-staleness": arguments.mean_staleness}
    if len(chosen := [name for name, value in laws.items() if value is not None]) > 1:
        raise ValueError(f"{' and '.join(chosen)} are both given: the staleness has one law; give one of them")
    if arguments.log is not None and arguments.workers is not None:
        raise ValueError("--log and --workers are both given: the log says how many workers there were; leave out --workers")
    given = {name.lstrip("-").replace("-", "_"): getattr(arguments, name.lstrip("-").replace("-", "_")) for name, *_ in NUMBERS}
    given["n_workers"] = given.pop("workers")
    if arguments.constant is not None:
        given["staleness"] = staleness.constant(arguments.constant)
    if arguments.mean_staleness is not None:
        if not 0.0 <= arguments.mean_staleness < float("inf"):
            raise ValueError(f"--mean-staleness {arguments.mean_staleness} is no mean of delays: give a finite number, 0 or more")
        given["staleness"] = staleness.geometric(arguments.mean_staleness / (1.0 + arguments.mean_staleness))
    situation = Situation(arguments.curvature, arguments.eta, **{name: value for name, value in given.items() if value is not None})
    return situation if arguments.log is None else of_log(situation, arguments.log)
