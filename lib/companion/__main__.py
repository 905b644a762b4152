"""Commands of the build: `python -m companion figures | accept | pair | test | lab | book | with`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from companion import manifest, runner, settings


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; the exit status."""
    options = _parser().parse_args(arguments)
    project = settings.Project(options.root.resolve())
    # A polite kill unwinds like Ctrl-C, so that workers are stopped and nothing is left half done.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.command(project, options)
    except KeyboardInterrupt:
        print("stopped; nothing is half written, and the same command goes on from here", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m companion", description=__doc__)
    parser.add_argument("--root", type=Path, default=settings.here().root, help="the project (default: the one this file belongs to)")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, function, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        return sub

    figures = command("figures", _figures, "execute the notebooks that are not up to date, and build figures/")
    figures.add_argument("names", nargs="*", help="notebooks (default: all)")
    figures.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="set a notebook parameter")
    figures.add_argument("--force", action="store_true", help="execute also what is up to date")
    figures.add_argument("--limit", type=float, default=runner.LIMIT, metavar="SECONDS", help="stop a notebook after this time")
    accept = command("accept", _accept, "refresh the committed outputs, manifest, evidence and pages, and show what changed")
    accept.add_argument("names", nargs="*", help="refresh these notebooks and their figures only")
    pair = command("pair", _pair, "bring notebooks in step with their texts in notebooks/src")
    pair.add_argument("names", nargs="*", help="notebooks (default: all)")
    pair.add_argument("--check", action="store_true", help="change nothing; fail if a pair is out of step")
    test = command("test", _test, "check the notebooks' outputs and run the unit tests, in two processes")
    test.add_argument("rest", nargs=argparse.REMAINDER, help="what pytest is to run (default: all), then its options")
    command("lab", _lab, "open JupyterLab at the first notebook")
    command("book", _book, "build the site of the notebooks, claims and reference in build/book/html")
    any_command = command("with", _with, "run any command with the settings that make results repeatable")
    any_command.add_argument("rest", nargs=argparse.REMAINDER, help="the command")
    return parser


def _figures(project: settings.Project, options: argparse.Namespace) -> int:
    parameters = dict(_parameter(text) for text in options.parameter)
    chosen = project.chosen(options.names)
    outcome = runner.run(project, chosen, parameters, options.force, options.limit)
    for failure in outcome.failures:
        print(f"FAILED {failure}", file=sys.stderr)
    for reason in sorted(set(outcome.left_out.values())):
        names = [name for name in outcome.left_out if outcome.left_out[name] == reason]
        print(f"left out, {reason}: {', '.join(names)}")
    missed = {figure for name in outcome.left_out for figure in manifest.printed(project.notebook(name))}
    unasked = {figure for name in set(project.names()) - set(chosen) for figure in manifest.printed(project.notebook(name))}
    line, differing = manifest.compare(project.manifest, project.figures, missed | unasked)
    for sentence in differing:
        print(f"differs: {sentence}")
    print(f"{len(outcome.executed)} notebooks executed, {len(outcome.current)} up to date, {len(outcome.failures)} failed")
    print(line + (f"; {len(missed)} more need an extra" if missed else ""))
    return 1 if outcome.failures else 0


def _parameter(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"parameter {text!r} has no value; write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _accept(project: settings.Project, options: argparse.Namespace) -> int:
    from companion import accept

    return accept.accept(project, options.names)


def _pair(project: settings.Project, options: argparse.Namespace) -> int:
    from companion import pairing

    names = project.chosen(options.names)
    if options.check:
        found = pairing.differences(project, names)
        print("\n".join([*found, "`python -m companion pair` takes the texts' side"] if found else [f"{len(names)} pairs in step"]))
        return 1 if found else 0
    for name in names:
        pairing.refresh(project, name)
    return 0


def _test(project: settings.Project, options: argparse.Namespace) -> int:
    # Two processes, a notebook being executed once and by one of them; figures go aside, where nothing committed lies.
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--nbval", "--nbval-current-env"]
    environment = settings.variables(project, STALEGRAD_FIGURES=str(project.build / "test-figures"))
    return _become([*command, *(options.rest or ["notebooks", "tests"])], environment, project)


def _lab(project: settings.Project, options: argparse.Namespace) -> int:
    configuration = Path(__file__).with_name("jupyter_config.py")
    command = [sys.executable, "-m", "jupyterlab", f"--config={configuration}", "notebooks/00_start_here.ipynb"]
    # A person is there to see the progress of long cells.
    environment = settings.variables(project)
    environment.pop("TQDM_DISABLE")
    return _become(command, environment, project)


def _book(project: settings.Project, options: argparse.Namespace) -> int:
    from companion.book import build

    print(build.build(project))
    return 0


def _with(project: settings.Project, options: argparse.Namespace) -> int:
    if not options.rest:
        raise ValueError("no command is given; write it after `with`")
    return _become(options.rest, settings.variables(project), project)


def _become(command: list[str], environment: dict[str, str], project: settings.Project) -> int:
    """Replace this process, so that signals and exit status are the command's own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(project.root)
    sys.stdout.flush()
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main())
