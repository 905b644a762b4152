"""JupyterLab from end to end: the first notebook opens, runs whole, and its figure follows a slider."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from companion import settings

PROJECT = settings.here()
START = 60.0
"""Seconds until the server must answer."""


@pytest.fixture
def lab(tmp_path):
    """Address of the first notebook in a JupyterLab with the project's configuration; what it saves goes to a copy."""
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "root" / "notebooks").mkdir(parents=True)
    shutil.copy(PROJECT.notebook("00_start_here"), tmp_path / "root" / "notebooks")
    token, address = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    configuration = PROJECT.library / "companion" / "jupyter_config.py"
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1", "--no-browser", f"--IdentityProvider.token={token}"]
    options += [f"--ServerApp.root_dir={tmp_path / 'root'}", "--LabApp.expose_app_in_browser=True"]
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "STALEGRAD_FIGURES")}
    command = [sys.executable, "-m", "jupyterlab", f"--config={configuration}", *options]
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(command, env=settings.variables(PROJECT, **own), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for(f"{address}/api?token={token}", server, tmp_path / "log")
        yield f"{address}/lab/tree/notebooks/00_start_here.ipynb?token={token}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(address, server, log):
    """Until the server answers."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer: {log.read_text()}")


def test_the_first_notebook_runs_and_its_figure_follows_a_slider(lab, node_browser):
    shots = PROJECT.build / "book-screens"
    shots.mkdir(parents=True, exist_ok=True)
    report = node_browser("lab.mjs", address=lab, limit=120_000, shot=str(shots / "lab.png"))
    cells = [cell for cell in json.loads(PROJECT.notebook("00_start_here").read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert report["ran"] == list(range(1, len(cells) + 1))
    assert report["wrong"] == []
    assert float(report["moved"][0]) != float(report["moved"][1])
    assert report["redrawn"]
