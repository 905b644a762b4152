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
from stalegrad.commands.parsers import add_command

ABOUT = """\
Executable companion to four papers on asynchronous stochastic gradient descent: which of their
numbered statements hold, what a run does, and what to set in a run of your own.
"""
EPILOG = """\
An id names a statement: SME-4.9 is equation (4.9) of the paper SME, SME-T2 its theorem 2. The papers:
SME (An, Lu, Ying), PCA (Liu et al.), SDDE (He et al.), EASGD (Zhang's thesis).

examples:
  # which statements of a paper hold as printed?
  stalegrad claims --paper SME
  # equation (4.9): printed and corrected form, proof, tests, notebook
  stalegrad show SME-4.9
  # a formula, evaluated
  stalegrad value SME-4.4 Sigma=4 eta=0.01 mu=0.95 u=0
  # what asynchronous SGD does on f(x) = x^2, simulated
  stalegrad run asgd --problem quadratic --eta 0.01 --mu 0.95
  # what to set in a run with eight workers
  stalegrad advise --curvature 0.1 10 --eta 0.05 --workers 8

`stalegrad COMMAND --help` has more examples. A first tour: notebooks/00_start_here.ipynb.
"""
OF_CLAIMS = """\
statuses:
  proved, exact, reproduced   holds as printed: by algebra, by exact numbers, by simulation
  scaled                      put to a test at a smaller size than the paper's; how that ended stands before the statement
  corrected, qualified        the printed form is wrong, or lacks a condition; `stalegrad show ID` gives both
  definition, open            nothing to prove; no evidence

examples:
  # all statements of a paper
  stalegrad claims --paper SME
  # what is wrong in print, for a program
  stalegrad claims --status corrected --json
"""
OF_SHOW = """\
An id is read with good will: sme-4.9, "SME (4.9)" and "SME equation 4.9" are all SME-4.9. A theorem is "SDDE theorem 3.2",
a figure "EASGD figure 5.6"; what has no number in its paper has a name, such as SME-best-mu.

how to read it:
  printed, corrected   what the paper prints, and what holds, where the two differ; then why, and what follows
  evidence             a test each: proved by algebra, exact numbers, reproduced by simulation; refutes and counterexample
                       speak against the printed form. Open a test to read its proof
  (expected ...)       what the test compared; "in units of its tolerance" passes up to 1
  run its tests        runs as it stands in the folder of the repository, after `. .venv/bin/activate`

examples:
  # printed and corrected form, proof, consequence, tests, notebook
  stalegrad show SME-4.9
  # a theorem
  stalegrad show "SDDE theorem 3.2"
"""
OF_VALUE = """\
Which arguments a claim takes: the line "value" of `stalegrad show ID`. Where the printed form is wrong and can
be evaluated, its value is given beside the right one.

examples:
  # the stationary variance of ASGD with batches
  stalegrad value SME-4.4 Sigma=4 eta=0.01 mu=0.95 u=0
  # a corrected formula, and what the printed one gives
  stalegrad value SME-4.9 z=0.5 Vz=1 eta=0.02 mu=0.9 Sigma=1 gamma=1e-7
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; the return value is the exit status (0 fine, 1 verdicts fail, 2 wrong input or file, 130 stopped by Ctrl-C)."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser().parse_args(words or ["--help"])
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
        description=ABOUT,
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
    about = "The verdict of every numbered statement: the ledger joined with the last evidence report."
    sub = add_command(commands, "claims", "which numbered statements hold, and on what evidence", about, OF_CLAIMS)
    papers = sorted({row.paper for row in ledger.read_inventory().values()})
    sub.add_argument("--json", action="store_true", help="print a JSON list instead of the table")
    sub.add_argument("--paper", type=str.upper, choices=papers, help="only this paper")
    sub.add_argument("--status", type=str.lower, choices=status.STATUSES, help="only this status")
    sub.add_argument("--report", type=Path, default=report.COMMITTED, metavar="FILE", help="evidence report to read (default: the committed one)")
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
    about = "All about one statement: what it says, whether that holds, the formula, the tests, where to read on."
    sub = add_command(commands, "show", "one statement: printed and corrected form, proof, tests, notebook", about, OF_SHOW)
    sub.add_argument("id", metavar="ID", help="claim id, such as SME-4.9; `stalegrad claims` lists all of them")
    sub.set_defaults(command=_show)


def _show(arguments) -> int:
    print(show.page(claim(arguments.id)))
    return 0


def _add_value(commands):
    about = "The formula of one statement, or the computation that stands for it, evaluated; prints one JSON object."
    sub = add_command(commands, "value", "the formula of one statement, evaluated", about, OF_VALUE)
    sub.add_argument("id", metavar="ID", help="claim id, such as SME-4.4")
    sub.add_argument("arguments", metavar="NAME=VALUE", nargs="*", help="a number, a list such as [1,2], or a word such as asgd")
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
