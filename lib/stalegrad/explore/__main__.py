"""`python -m stalegrad.explore FOLDER`: the printed formulas, into a folder of the book."""

from __future__ import annotations

import argparse
from pathlib import Path

from stalegrad.explore.javascript import script
from stalegrad.files import write_aside

SCRIPT = "closed_forms.js"


def main(argv: list[str] | None = None) -> int:
    """Write `closed_forms.js` into the folder."""
    parser = argparse.ArgumentParser(prog="python -m stalegrad.explore", description=__doc__)
    parser.add_argument("folder", type=Path, help="such as docs/book/interactive")
    write_aside(parser.parse_args(argv).folder / SCRIPT, script())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
