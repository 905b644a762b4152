"""Where things lie, and the variables that every runner sets: the one copy of both."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1]

# Bits must not depend on who runs a notebook. BLAS picks its kernels by processor and its sums by the number of
# threads; progress bars and hash order would show up in the outputs that are compared.
REPEATABLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
if platform.machine().lower() in ("x86_64", "amd64"):
    REPEATABLE |= {"OPENBLAS_CORETYPE": "Haswell", "MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


@dataclass(frozen=True)
class Project:
    """The folders of a project that lies at `root`."""

    root: Path

    @property
    def library(self) -> Path:
        """Packages that notebooks import."""
        return self.root / "lib"

    @property
    def notebooks(self) -> Path:
        """Committed notebooks, with outputs."""
        return self.root / "notebooks"

    @property
    def sources(self) -> Path:
        """Their texts, where authors write."""
        return self.notebooks / "src"

    @property
    def figures(self) -> Path:
        """Built figures; only the manifest in it is committed."""
        return self.root / "figures"

    @property
    def manifest(self) -> Path:
        """Digest of each figure's rounded numbers."""
        return self.figures / "MANIFEST.json"

    @property
    def lock(self) -> Path:
        """The exact versions of everything that is installed."""
        return self.root / "requirements.lock"

    @property
    def build(self) -> Path:
        """Working files of the runner; may be deleted at any time."""
        return self.root / "build"

    def source(self, name: str) -> Path:
        """Text of the notebook `name`, as in "sme/2_1_linear_gradients"."""
        return self.sources / f"{name}.md"

    def notebook(self, name: str) -> Path:
        """Committed notebook `name`."""
        return self.notebooks / f"{name}.ipynb"

    def names(self) -> list[str]:
        """All notebooks, by their texts, in order."""
        texts = (path.relative_to(self.sources) for path in self.sources.rglob("*.md"))
        return sorted(path.with_suffix("").as_posix() for path in texts if not any(part.startswith(".") for part in path.parts))

    def chosen(self, names: list[str]) -> list[str]:
        """The notebooks meant by `names` (a name, or a path to either half of the pair); all if there are none.

        Raises
        ------
        ValueError
            If a name is no notebook of the project.
        """
        known = self.names()
        chosen = [self._name(given) for given in names]
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise ValueError(f"no notebook {', '.join(unknown)} in {self.sources}; known: {', '.join(known) or 'none'}")
        return chosen or known

    def _name(self, given: str) -> str:
        path = Path(given)
        if path.suffix not in (".md", ".ipynb"):
            return path.as_posix()
        for folder in (self.sources, self.notebooks):
            if path.resolve().is_relative_to(folder.resolve()):
                return path.resolve().relative_to(folder.resolve()).with_suffix("").as_posix()
        return path.with_suffix("").as_posix()


def here() -> Project:
    """The project that this file belongs to."""
    return Project(LIBRARY.parent)


def variables(project: Project, **more: str) -> dict[str, str]:
    """Environment for a child process: this one's, the library on the path, and what makes results repeatable."""
    paths = [str(project.library), str(LIBRARY), os.environ.get("PYTHONPATH", "")]
    folder = str(Path(sys.executable).parent)
    # Machine code of the library is kept in its `__pycache__` anyway; without the bytecode beside it every notebook would compile the library anew.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        **REPEATABLE,
        "IPYTHONDIR": str(project.build / "ipython"),  # not the reader's, whose start-up files could change results
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path for path in paths if path)),
        "PATH": os.pathsep.join([folder, os.environ.get("PATH", "")]),
        "STALEGRAD_RUNS": str(project.build / "runs"),  # trained once, for all notebooks and tests that ask
        **more,
    }
