"""What a reader installs is what is tested: the lists of requirements, the running versions, and the metadata agree."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "dask": "dask-core"}
PINNED = re.compile(r"^[A-Za-z0-9_.\[\]-]+==[^\\\n]+", re.MULTILINE)


def locked():
    """Requirement of each package in the lock that this interpreter needs."""
    found = [Requirement(line.strip()) for line in PINNED.findall((ROOT / "requirements.lock").read_text())]
    return {canonicalize_name(each.name): str(each.specifier)[2:] for each in found if each.marker is None or each.marker.evaluate()}


def test_conda_and_pip_ask_for_the_same():
    conda = [each.replace("=", "==", 1) if re.search(r"[a-z]=\d", each) else each for each in _conda() if isinstance(each, str)]
    wanted = {f"{CONDA_NAMES.get(each.name, each.name)}{each.specifier}" for each in map(Requirement, PROJECT["dependencies"])}
    assert set(conda) - {"pip"} == wanted | {f"python{PROJECT['requires-python']}"}
    assert {"pip": ["--editable ."]} in _conda()


def _conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_the_lock_satisfies_the_project():
    lock = locked()
    for each in map(Requirement, PROJECT["dependencies"]):
        assert each.specifier.contains(lock[canonicalize_name(each.name)]), each


def test_running_versions_are_the_locked_ones():
    running = {}
    for name, wanted in locked().items():
        try:
            running[name] = version(name)
        except PackageNotFoundError:
            running[name] = None
        assert running[name] == wanted, f"{name} {running[name]} is installed, {wanted} is locked; `make env` builds the locked environment"
    assert len(running) > 50


def test_the_lock_is_hashed_and_names_no_host():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "index-url" not in text and "@ " not in text
    packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert packages and all("--hash=sha256:" in package for package in packages)


def test_torch_is_named_exactly_and_outside_the_lock():
    extras = PROJECT["optional-dependencies"]
    assert set(extras) >= {"bench", "nets", "cluster", "book", "dev"}
    assert "torch==2.13.0" in extras["bench"] and "torch==2.13.0" in extras["nets"] and "torch" not in locked()


def test_citation_names_the_four_papers():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0" and citation["version"] == PROJECT["version"]
    assert all(citation[field] for field in ("message", "title", "authors"))
    papers = {each["notes"]: each for each in citation["references"]}
    assert set(papers) == {"key SME", "key PCA", "key SDDE", "key EASGD"}
    assert all(paper["title"] and paper["authors"] and paper["year"] for paper in papers.values())


def test_every_command_is_listed_by_help():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert targets >= {"env", "figures", "test", "lab", "claims", "bench", "verify", "lint", "clean", "help", "accept"}
    assert set(re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE).group(1).split()) == targets
    said = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in said.splitlines()} == targets


def test_ci_runs_the_readers_test_command():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111 and "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


def test_this_interpreter_is_one_that_the_project_allows():
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains("{}.{}.{}".format(*sys.version_info))
