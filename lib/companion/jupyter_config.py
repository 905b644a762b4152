"""JupyterLab's settings for this project: a save leaves both halves of a pair as `make accept` would."""

from pathlib import Path

from nbformat import from_dict

from companion.notebook import normalise


def normalise_on_save(model, **_):
    """Give a notebook its one form before JupyterLab writes it; jupytext, which is part of JupyterLab here, writes the text."""
    if model["type"] == "notebook":
        model["content"] = normalise(from_dict(model["content"]))


c = get_config()  # noqa: F821  (Jupyter defines it when it reads this file)
c.ServerApp.root_dir = str(Path(__file__).resolve().parents[2])
c.ServerApp.allow_root = True  # in a container there often is no other user
c.FileContentsManager.pre_save_hook = normalise_on_save
