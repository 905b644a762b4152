"""Checkpoints of a real run: whole or not there, and never a reason to stop.

A checkpoint is written aside and renamed. If writing fails, as on a full disk, the one before is still there, the run goes
on, and a warning says what would be lost.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np

from stalegrad.cluster.progress import say
from stalegrad.files import write_aside

FORMAT = "stalegrad checkpoint 1"


class Checkpoints:
    """Writes a checkpoint now and then.

    Parameters
    ----------
    path : path or None
        File to write; None writes nothing.
    every : float
        Seconds between two.
    described : dict
        What fixes the run: a resume with anything else is refused.
    """

    def __init__(self, path: Path | None, every: float, described: dict):
        self.path, self.every, self.described = path, every, described
        self.written = self.failed = 0
        self._next = time.monotonic() + every

    @property
    def due(self) -> bool:
        """Whether it is time for the next."""
        return self.path is not None and time.monotonic() >= self._next

    def save(self, state: dict[str, np.ndarray]) -> None:
        """Write the arrays of `state`; a failure to write is counted and told, not raised."""
        self._next = time.monotonic() + self.every
        if self.path is None:
            return
        file = io.BytesIO()
        np.savez(file, about=np.array(json.dumps({"format": FORMAT, "run": self.described})), **state)
        try:
            write_aside(self.path, file.getvalue())
            self.written += 1
        except OSError as error:
            self.failed += 1
            kept = "the one before is kept" if self.path.exists() else "there is none yet"
            say(f"warning: checkpoint {self.path} cannot be written ({error.strerror}); {kept} and the run goes on: make room there")

    def load(self) -> dict[str, np.ndarray]:
        """The arrays of the checkpoint.

        Raises
        ------
        ValueError
            If there is none, it is damaged, or it is of a run with other settings.
        """
        try:
            with np.load(self.path, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
            about = json.loads(str(state.pop("about")))
        except FileNotFoundError as error:
            raise ValueError(f"{self.path} is not there: nothing to resume; start without --resume") from error
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(f"{self.path} is no checkpoint ({error}): start without --resume") from error
        if about.get("format") != FORMAT:
            raise ValueError(f"{self.path} is no checkpoint of this version: start without --resume")
        was, now = about["run"], json.loads(json.dumps(self.described))
        other = [f"{name}={was.get(name)!r}, not {now.get(name)!r}" for name in {**was, **now} if was.get(name) != now.get(name)]
        if other:
            raise ValueError(f"{self.path} is of a run with {'; '.join(other)}: resume with the same settings")
        return state
