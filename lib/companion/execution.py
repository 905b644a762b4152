"""Executes notebooks, two at a time, and publishes what each one drew once it has succeeded."""

from __future__ import annotations

import shutil
import sys

import papermill
from nbformat import NotebookNode
from tqdm import tqdm

from companion import pairing, processes
from companion.files import ASIDE, digest_of, read_json, write, write_json
from companion.notebook import dumps, loads
from companion.runner import Outcome, executed, record
from companion.settings import Project, variables

AT_ONCE = 2


def execute(project: Project, states: dict[str, str], parameters: dict, limit: float, outcome: Outcome) -> None:
    """Execute the notebooks in `states` (name -> digest of what the results depend on), and note in `outcome` how it went."""
    notebooks = {name: pairing.read(project, name) for name in states}
    for name, notebook in notebooks.items():
        check_parameters(name, notebook, parameters)
    jobs = [_job(project, name, notebooks[name], parameters) for name in interleaved(list(notebooks))]
    with tqdm(total=len(jobs), disable=None, unit="notebook", desc="notebooks") as bar:

        def finished(ended: processes.Ended) -> None:
            failure = _failure(project, ended, limit)
            if failure is None:
                _publish(project, ended.name, states[ended.name])
                outcome.executed.append(ended.name)
            else:
                outcome.failures.append(failure)
            tqdm.write(f"{ended.name}: {'failed' if failure else 'done'} after {ended.seconds:.1f} s", file=sys.stderr)
            bar.update()

        processes.run(jobs, AT_ONCE, limit, finished)


def interleaved(names: list[str]) -> list[str]:
    """The names, one from the first half and one from the second in turns: neighbours share kernels, and side by side both would compile them."""
    half = (len(names) + 1) // 2
    return [names[i] for i in sorted(range(len(names)), key=lambda i: i % half)]


def check_parameters(name: str, notebook: NotebookNode, parameters: dict) -> None:
    """Refuse parameters that the notebook's cell tagged `parameters` does not set (papermill would run all the same)."""
    if not parameters:
        return
    known = list(papermill.inspect_notebook(notebook))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise ValueError(f"notebook {name} has no parameter {', '.join(unknown)}; it has: {', '.join(known) or 'none'}")


def _job(project: Project, name: str, notebook: NotebookNode, parameters: dict) -> processes.Job:
    folder, home = project.build / "running" / name, project.notebook(name).parent
    home.mkdir(parents=True, exist_ok=True)
    write(folder / "input.ipynb", dumps(notebook))
    files = {kind: str(folder / f"{kind}.ipynb") for kind in ("input", "output")}
    write_json(folder / "job.json", {**files, "failure": str(folder / "failure.json"), "folder": str(home), "parameters": parameters})
    environment = variables(project, STALEGRAD_FIGURES=str(folder / "figures"), STALEGRAD_NOTEBOOK=f"notebooks/{name}.ipynb")
    command = [sys.executable, "-m", "companion.worker", str(folder / "job.json")]
    return processes.Job(name, command, environment, folder / "log.txt")


def _failure(project: Project, ended: processes.Ended, limit: float) -> str | None:
    """What went wrong, in a sentence; the notebook is then kept for reading."""
    if ended.code == 0:
        return None
    folder, kept = project.build / "running" / ended.name, project.build / "failed" / f"{ended.name}.ipynb"
    failure, where = read_json(folder / "failure.json", {}), f"notebooks/{ended.name}.ipynb"
    if failure:
        text = f"{where}, cell In [{failure['cell']}]: {failure['error']}"
    elif ended.code is None:
        text = f"{where}: stopped, because it ran longer than the limit of {limit:g} s"
    else:
        printed = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip()
        text = f"{where}: its process ended with status {ended.code}: {printed[-500:] or 'it printed nothing'}"
    if (folder / "output.ipynb").exists():
        write(kept, (folder / "output.ipynb").read_bytes())
        text += f" (as far as it came: {kept.relative_to(project.root)})"
    return text


def _publish(project: Project, name: str, state: str) -> None:
    """Move a finished notebook's figures into place, then record what was made: without the record it counts as not done."""
    folder = project.build / "running" / name
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
