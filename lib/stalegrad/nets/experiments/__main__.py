"""Train ahead of the notebooks: `python -m stalegrad.nets.experiments PROFILE [SECTION ...] [--processes N]`.

Runs that are in the store are not made again, so a killed job goes on where it was when it is started once more.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from stalegrad.nets.experiments.sections import SECTIONS, make


def main(arguments: list[str] | None = None) -> None:
    """Make the runs of the sections asked for, with a bar for each section."""
    parser = argparse.ArgumentParser(prog="python -m stalegrad.nets.experiments", description=__doc__)
    parser.add_argument("profile", choices=("quick", "paper"))
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)} (default: all; the last with paper only)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="processes that share the runs (default: one a core)")
    asked = parser.parse_args(arguments)
    sections = asked.sections or [name for name in SECTIONS if asked.profile == "paper" or name != "4.2-conv"]
    if unknown := [name for name in sections if name not in SECTIONS]:
        parser.error(f"section {unknown[0]!r} is unknown: give some of {', '.join(SECTIONS)}")
    if asked.processes < 1:
        parser.error(f"--processes={asked.processes} is too small: give 1 or more")
    os.environ["TQDM_DISABLE"] = "1"  # for the processes that help: the bar of this one counts the runs of all
    with ProcessPoolExecutor(max(1, asked.processes - 1), get_context("spawn")) as helpers:
        for name in sections:
            begin = time.monotonic()
            print(f"{name}, profile {asked.profile}", flush=True)
            helped = [helpers.submit(make, name, asked.profile) for _ in range(asked.processes - 1)]
            make(name, asked.profile)
            for one in helped:
                one.result()
            print(f"{name} is there, after {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
