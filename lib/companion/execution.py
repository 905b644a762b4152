"""Executes notebooks, two at a time, and publishes what each one drew once it has succeeded."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from companion import nursery, pairing, processes, rebuild
from companion.files import ASIDE, digest_of, read_json, write, write_json
from companion.notebook import code, dumps, loads
from companion.runner import Outcome, executed, record
from companion.settings import Project

AT_ONCE = 2


def execute(project: Project, states: dict[str, str], parameters: dict, limit: float, outcome: Outcome) -> None:
    """Execute the notebooks in `states` (name -> digest of what the results depend on), and note in `outcome` how it went."""
    with nursery.started(project) as process:
        notebooks = {name: pairing.read(project, name) for name in interleaved(list(states))}
        for name, notebook in notebooks.items():
            check_parameters(name, notebook, parameters)
        jobs = {_job(project, name, notebook, parameters): name for name, notebook in notebooks.items()}
        modules = {module for notebook in notebooks.values() for module in rebuild.named(code(notebook))}
        with tqdm(total=len(jobs), disable=None, unit="notebook", desc="notebooks") as bar:
            for ended in nursery.ends(process, list(jobs), sorted(modules), AT_ONCE, limit):
                name = jobs[ended.job]
                failure = _failure(project, name, ended, limit)
                if failure is None:
                    _publish(project, name, states[name])
                    outcome.executed.append(name)
                else:
                    outcome.failures.append(failure)
                tqdm.write(f"{name}: {'failed' if failure else 'done'} after {ended.seconds:.1f} s", file=sys.stderr)
                bar.update()


def interleaved(names: list[str]) -> list[str]:
    """The names, one from the first half and one from the second in turns: neighbours share kernels, and side by side both would compile them."""
    half = (len(names) + 1) // 2
    return [names[i] for i in sorted(range(len(names)), key=lambda i: i % half)]


def check_parameters(name: str, notebook: NotebookNode, parameters: dict) -> None:
    """Refuse parameters that the notebook's cell tagged `parameters` does not set (papermill would run all the same)."""
    if not parameters:
        return
    import papermill  # a second, and few runs set a parameter

    known = list(papermill.inspect_notebook(notebook))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise ValueError(f"notebook {name} has no parameter {', '.join(unknown)}; it has: {', '.join(known) or 'none'}")


def _job(project: Project, name: str, notebook: NotebookNode, parameters: dict) -> str:
    """The folder of a worker, with all that it needs to know."""
    folder, home = _running(project, name), project.notebook(name).parent
    home.mkdir(parents=True, exist_ok=True)
    write(folder / "input.ipynb", dumps(notebook))
    own = {"STALEGRAD_FIGURES": str(folder / "figures"), "STALEGRAD_NOTEBOOK": f"notebooks/{name}.ipynb"}
    write_json(folder / "job.json", {"home": str(home), "parameters": parameters, "variables": own})
    return str(folder)


def _running(project: Project, name: str) -> Path:
    return project.build / "running" / name


def _failure(project: Project, name: str, ended: processes.Ended, limit: float) -> str | None:
    """What went wrong, in a sentence; the notebook is then kept for reading."""
    if ended.code == 0:
        return None
    folder, kept = _running(project, name), project.build / "failed" / f"{name}.ipynb"
    failure, where = read_json(folder / "failure.json", {}), f"notebooks/{name}.ipynb"
    if failure:
        text = f"{where}, cell In [{failure['cell']}]: {failure['error']}"
    elif ended.code is None:
        text = f"{where}: stopped, because it ran longer than the limit of {limit:g} s"
    else:
        log = folder / "log.txt"
        printed = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
        text = f"{where}: its process ended with status {ended.code}: {printed[-500:] or 'it printed nothing'}"
    if (folder / "output.ipynb").exists():
        write(kept, (folder / "output.ipynb").read_bytes())
        text += f" (as far as it came: {kept.relative_to(project.root)})"
    return text


def _publish(project: Project, name: str, state: str) -> None:
    """Move a finished notebook's figures into place, then record what was made: without the record it counts as not done."""
    folder = _running(project, name)
    drawn = sorted(path for path in (folder / "figures").glob("*") if path.suffix != ASIDE)
    _check_owner(project, name, {path.name for path in drawn})
    before = read_json(record(project, name), {}).get("files", {})
    record(project, name).unlink(missing_ok=True)
    files = {}
    for path in drawn:
        write(project.figures / path.name, path.read_bytes())
        files[path.name] = digest_of(path)
    for file in set(before) - set(files):
        (project.figures / file).unlink(missing_ok=True)
    write(executed(project, name), dumps(loads((folder / "output.ipynb").read_text(encoding="utf-8"))))
    write_json(record(project, name), {"state": state, "files": files})
    (project.build / "failed" / f"{name}.ipynb").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _check_owner(project: Project, name: str, drawn: set[str]) -> None:
    """Refuse a figure that another notebook draws too: which of the two was shown would be chance."""
    for other in project.names():
        both = sorted(drawn & set(read_json(record(project, other), {}).get("files", {})))
        if other != name and both:
            raise ValueError(f"{both[0]} is drawn by the notebooks {other} and {name}; give one of the figures another id")
