"""Command line of the benchmark: ``python -m benchmarks [--only W1:jax] [--rounds 7] [--accept]``."""

import argparse
import sys
from pathlib import Path

from benchmarks.environment import use_one_thread

ROOT = Path(__file__).resolve().parent.parent


def main(arguments=None):
    """Measure, print the table, write it; exit 1 if a candidate does not compute its workload."""
    use_one_thread()
    from benchmarks import bars, candidates, measure, report, system

    options = _options(arguments)
    try:
        rows = measure.measure(candidates.chosen(options.only), options.rounds, _say)
    except ValueError as error:
        print(f"benchmark stopped: {error}", file=sys.stderr)
        return 1
    found_bars = bars.speed_bars(rows)
    if not options.only:
        found_bars += system.system_bars(options.rounds, _say)
    found = report.results(rows, found_bars, options.rounds)
    print(report.plain(found))
    report.write_json(found, options.json)
    missing = [row["id"] for row in rows if not row["ns"]]
    if options.accept and missing:
        print(f"nothing accepted: {', '.join(missing)} not installed; run make bench, which installs them", file=sys.stderr)
        return 1
    if options.accept:
        report.write_json(found, ROOT / "benchmarks" / "results.json")
        report.write_page(found, ROOT / "docs" / "speed.md")
        report.write_readme(found, ROOT / "README.md")
    return 0


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed of stalegrad beside its peers.")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="W1, jax or W1:jax; ratios need W1:stalegrad among them")
    parser.add_argument("--rounds", type=int, default=7, help="rounds in which all candidates take turns (default 7)")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", help="where to write the results")
    parser.add_argument("--accept", action="store_true", help="refresh benchmarks/results.json, docs/speed.md and the README's table")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: at least one round is needed")
    if options.accept and options.only:
        parser.error("--accept needs the whole table; leave out --only")
    return options


def _say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
