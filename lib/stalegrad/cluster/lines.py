"""A file that grows by lines, each of which is there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from stalegrad.files import write_aside


class Lines:
    """Appends lines to a file and hands each to the system at once, so that a killed process leaves all of them.

    Parameters
    ----------
    path : path
        File to write; what was there is replaced.
    first : iterable of str
        Lines to begin with, written aside and renamed.

    Raises
    ------
    OSError
        If the file cannot be written, with its name.

    Examples
    --------
    >>> import tempfile
    >>> lines = Lines(Path(tempfile.mkdtemp()) / "some.txt", ["one"])
    >>> lines.append("two")
    >>> lines.path.read_text().split()
    ['one', 'two']
    """

    def __init__(self, path: Path, first: Iterable[str] = ()):
        self.path, self._failed = path, None
        try:
            write_aside(path, "".join(line + "\n" for line in first))
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise _of(path, error) from error
        self._whole = path.stat().st_size

    def append(self, line: str) -> None:
        """Write one line. What a full disk took of it is cut off again, and from then on nothing more is written.

        A line that came after a missing one would tell a wrong story, so a failed file stays failed.
        """
        if self._failed is not None:
            raise self._failed
        left = memoryview(f"{line}\n".encode())
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._failed = _of(self.path, error)
            with suppress(OSError):
                self._file.truncate(self._whole)
            raise self._failed from error
        self._whole = self._file.tell()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()


def _of(path: Path, error: OSError) -> OSError:
    """The same error with the name of the file that was meant: writing knows none, and a file aside has another."""
    return OSError(error.errno, error.strerror, str(path))
