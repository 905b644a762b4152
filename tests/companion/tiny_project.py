"""A project of two tiny notebooks, each of which draws a figure with a library of a few lines."""

import os
import subprocess
import sys
import time

import psutil

from companion import settings

LIBRARY = """
import json, os, pathlib

def draw(name, value):
    folder = pathlib.Path(os.environ["STALEGRAD_FIGURES"])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("svg", "png", "csv"):
        (folder / f"{name}.{kind}").write_text(f"{kind} of {value}")
    (folder / f"{name}.json").write_text(json.dumps({"digest": str(value), "numbers": 1}))
    print(f"{name}: {value}")
"""
HEAD = "---\nkernelspec:\n  display_name: Python 3 (ipykernel)\n  language: python\n  name: python3\n---\n\n"
NOTEBOOK = HEAD + (
    "# A figure\n\n```{code-cell} ipython3\n:tags: [parameters]\n\nseed = 0\n```\n\n```{code-cell} ipython3\nimport toy\n\n"
    "{body}\ntoy.draw('{figure}', {value} + seed)\n```\n"
)


def text(figure, value, body=""):
    """Text of a notebook that draws `figure`."""
    return NOTEBOOK.replace("{body}", body).replace("{figure}", figure).replace("{value}", str(value))


def make_project(root):
    """The project, with nothing built."""
    made = settings.Project(root)
    for name, figure in (("one", "F1"), ("part/two", "F2")):
        made.source(name).parent.mkdir(parents=True, exist_ok=True)
        made.source(name).write_text(text(figure, len(name)))
    made.library.mkdir()
    (made.library / "toy.py").write_text(LIBRARY)
    made.lock.write_text("toy==1\n")
    return made


def start(project, *arguments):
    """The companion's command line, running."""
    command = [sys.executable, "-m", "companion", "--root", str(project.root), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(settings.LIBRARY)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(process):
    """Exit status, and all that was printed."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def companion(project, *arguments):
    """Run one command to its end."""
    return finish(start(project, *arguments))


def figures(project):
    """Names and contents in figures/, hidden files included."""
    return {path.name: path.read_bytes() for path in project.figures.glob("*")} if project.figures.exists() else {}


def processes_of(project):
    """Workers and kernels of the project that are alive: those that carry its folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("IPYTHONDIR", "").startswith(str(project.root)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_for(condition, seconds):
    """Whether `condition` holds before the time is over."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()
