"""Command line: verdicts, one claim, one value, one run.

Answers `claims` without loading the engine; errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path

from stalegrad.claims import claim, ledger, report, show, status
from stalegrad.claims.jsonable import jsonable
from stalegrad.commands import advise, run, staleness

EPILOG = """\
examples:
  stalegrad claims --paper SME                                  verdicts of one paper
  stalegrad show SME-4.4                                        all about one claim
  stalegrad value SME-4.4 Sigma=4 eta=0.01 mu=0.95 u=0          its formula, evaluated
  stalegrad run asgd --problem quadratic --eta 0.01 --mu 0.95   moments of a simulation
  stalegrad run easgd --engine mpi -n 5 --log run.jsonl         a real run: a server and four workers
  stalegrad advise --curvature 0.1 10 --eta 0.05 --workers 8    what to set, and on which claim it rests
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; the return value is the exit status (0 fine, 1 verdicts fail, 2 wrong input or file, 130 stopped by Ctrl-C)."""
    arguments = parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: print(f"stalegrad: warning: {message}", file=sys.stderr)
            code = arguments.command(arguments)
            sys.stdout.flush()
            return code
    except ledger.LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"stalegrad: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # A pager or `head` has read enough: let the interpreter's last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"stalegrad: {_of_file(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stalegrad: stopped", file=sys.stderr)
        return 130


def _of_file(error: OSError) -> str:
    """Which file cannot be used and why; an error without a file speaks for itself."""
    name = error.filename2 or error.filename
    return str(error) if name is None else f"{name} cannot be used ({error.strerror}): name another file"


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="stalegrad",
        description="Executable companion to four papers on asynchronous stochastic gradient descent.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _add_claims(commands)
    _add_show(commands)
    _add_value(commands)
    run.add(commands)
    staleness.add(commands)
    advise.add(commands)
    return top


def _add_claims(commands):
    sub = commands.add_parser("claims", help="verdict of every claim, from the ledger and the last evidence report")
    papers = sorted({row.paper for row in ledger.read_inventory().values()})
    sub.add_argument("--json", action="store_true", help="print a JSON list instead of the table")
    sub.add_argument("--paper", choices=papers, help="only this paper")
    sub.add_argument("--status", choices=status.STATUSES, help="only this status")
    sub.add_argument("--report", type=Path, default=report.COMMITTED, metavar="FILE", help="evidence report to read")
    sub.set_defaults(command=_claims)


def _claims(arguments) -> int:
    table = status.table(report_path=arguments.report)
    chosen = [v for v in table.verdicts if _chosen(v, arguments.paper, arguments.status)]
    if arguments.json:
        print(json.dumps([show.as_dict(v) for v in chosen], indent=1, ensure_ascii=False))
    else:
        print(show.table(table, chosen, all_papers=arguments.paper is not None))
    for line in [table.notice] * bool(table.notice) + table.problems:
        print(line, file=sys.stderr)
    return 1 if table.problems else 0


def _chosen(verdict, paper, wanted) -> bool:
    return paper in (None, verdict.row.paper) and wanted in (None, verdict.status)


def _add_show(commands):
    sub = commands.add_parser("show", help="entry, formula, evidence and places of one claim")
    sub.add_argument("id", metavar="ID", help="claim id, such as SME-4.4")
    sub.set_defaults(command=_show)


def _show(arguments) -> int:
    print(show.page(claim(arguments.id)))
    return 0


def _add_value(commands):
    sub = commands.add_parser("value", help="evaluate the formula or computation of one claim, as one JSON object")
    sub.add_argument("id", metavar="ID", help="claim id, such as SME-4.4")
    sub.add_argument("arguments", metavar="name=value", nargs="*", help="read as JSON where it parses, else as a word")
    sub.set_defaults(command=_value)


def _value(arguments) -> int:
    chosen = claim(arguments.id)
    given = _assignments(arguments.arguments)
    answer = {"id": chosen.id, "value": jsonable(chosen.value(**given))}
    if chosen.has_printed:
        answer["printed"] = jsonable(chosen.printed(**given))
    print(json.dumps(answer, allow_nan=False))
    return 0


def _assignments(words: list[str]) -> dict:
    given = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not (name and equals):
            raise ValueError(f"{word!r} is no argument; write name=value, such as eta=0.01")
        if name in given:
            raise ValueError(f"{name} is given twice; give each argument once")
        given[name] = _json_or_word(text)
    return given


def _json_or_word(text: str):
    def no_number(name):
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=no_number)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
