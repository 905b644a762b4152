"""A bar of how far a real run is, drawn by the one process that keeps its centre, or starts it; never by a worker."""

from __future__ import annotations

import shutil
import sys


class Progress:
    """A bar on stderr, or nothing; a context manager that takes the bar away at the end.

    Parameters
    ----------
    shown : bool
        Whether there is one. Output by way of `mpiexec` is never a terminal, so that whoever starts it decides.
    total : int
        Updates, or local steps, that are asked for.
    unit : str
        What they are called.
    """

    def __init__(self, shown: bool, total: int, unit: str):
        self.shown, self._bar = shown, None
        if shown:
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread beside the server's
            self._bar = tqdm(total=total, unit=unit, unit_scale=True, leave=False, ncols=shutil.get_terminal_size().columns - 1)

    def at(self, done: int) -> None:
        """Show how many are done."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()


def say(text: str) -> None:
    """A line of this program on stderr, above a bar if there is one."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(f"stalegrad: {text}", file=sys.stderr)
        sys.stderr.flush()
    else:
        print(f"stalegrad: {text}", file=sys.stderr, flush=True)
