"""`stalegrad advise`: what to set in an asynchronous run, and on which claim each line rests."""

from __future__ import annotations

import json

from stalegrad.commands.parsers import add_command

NUMBERS = (
    ("--momentum", float, "heavy-ball momentum now, in [0, 1) (default: 0)"),
    ("--batch", int, "samples of one gradient now (default: 1)"),
    ("--noise", float, "variance of the gradient of one sample at the minimum, along a direction"),
    ("--relative-noise", float, "variance of the curvature of one sample, as a share of its square (default: 0)"),
    ("--workers", int, "workers that push to one server (default: 1)"),
    ("--start", float, "distance to the minimum at the start, along a direction"),
    ("--target", float, "mean squared distance to be reached, along a direction"),
    ("--budget", int, "gradients of one sample that may be spent"),
    ("--alpha", float, "moving rate of the workers, if elastic averaging (EASGD) runs"),
    ("--beta", float, "moving rate of the centre, if elastic averaging runs"),
    ("--tail", float, "tail index of the gradient noise, where it is heavy"),
    ("--paths", int, "paths of each quick simulation; more see smaller gains (default: 4096, fewer in long runs)"),
)
ABOUT = """\
What to set in an asynchronous run, from what you know of it: is it stable, how far from the edge, how old may
gradients be, which learning rate, momentum and batch. Every line names the claims it rests on and what it
assumes, and was tried in a quick simulation on your numbers where it changes a setting.
"""
EPILOG = """\
What is not known is left out, and the answer says what that costs. Curvatures are eigenvalues of the Hessian
near the minimum: stalegrad.advice.estimate_curvature and estimate_noise measure them from your gradient.
Which learning rate is best depends on what is wanted: by default the fastest decay; with --noise, --start and
--target the fewest steps to that error; with --noise, --start and --budget the smallest error at its end.

examples:
  # eight equally fast workers, curvatures between 0.1 and 10, and what 20,000 gradients can buy
  stalegrad advise --curvature 0.1 10 --eta 0.05 --workers 8 --noise 1 --start 1 --budget 20000
  # the delays of a recorded run, in the folder of the repository
  stalegrad advise --curvature 1 --noise 1 --eta 0.2 --log notebooks/data/real_run/exponential.jsonl.gz
  # elastic averaging, too
  stalegrad advise --curvature 2 --eta 0.2 --workers 4 --elastic
"""


def add(commands) -> None:
    """Register the command."""
    sub = add_command(commands, "advise", "what to set in an asynchronous run, and on which claim it rests", ABOUT, EPILOG)
    sub.add_argument("--curvature", type=float, nargs="+", required=True, metavar="H", help="least and largest curvature near the minimum, or one")
    sub.add_argument("--eta", type=float, required=True, metavar="N", help="learning rate now")
    for name, make, text in NUMBERS:
        sub.add_argument(name, type=make, help=text, metavar="N")
    sub.add_argument("--log", metavar="FILE", help="log of a real run, for its delays and workers; `stalegrad staleness --help` has its form")
    sub.add_argument("--constant", type=int, metavar="LAG", help="every gradient is this many updates old")
    sub.add_argument("--mean-staleness", type=float, metavar="M", help="geometric staleness of this mean")
    sub.add_argument("--elastic", action="store_true", help="show elastic averaging (EASGD), even where it wins nothing")
    sub.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    sub.set_defaults(command=_advise)


def _advise(arguments) -> int:
    from stalegrad.advice import advise

    advice = advise(_situation(arguments))
    print(json.dumps(advice.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) if arguments.json else advice.as_text(arguments.elastic))
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
