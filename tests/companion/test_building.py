"""`make env`: an environment that was broken off never looks ready, and a ready one is left alone."""

import subprocess
import sys

import pytest

from companion import environment
from companion.settings import LIBRARY

PROJECT = '[project.optional-dependencies]\nbench = ["torch==2.13.0"]\nnets = ["torch==2.13.0", "scikit-learn"]\n'


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with a lock, on a machine with uv, in a folder that is named as packages' tests are."""
    home = tmp_path / "tests" / "project"
    (home / "lib").mkdir(parents=True)
    (home / "requirements.lock").write_text("numpy==2.4.6\n")
    (home / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/there/{name}")
    return home


def stamps(root):
    """Names of all stamps."""
    return sorted(path.name for path in root.glob(".venv*/ready-*"))


def broken_off(command):
    """An installer that is killed."""
    raise KeyboardInterrupt


def offline(command):
    """An installer that cannot reach its index."""
    raise subprocess.CalledProcessError(1, command)


def test_builds_from_the_lock_and_then_leaves_it_alone(root):
    commands = []
    folder = environment.prepare(root, run=commands.append)
    assert len(commands) == 1 and commands[0][:3] == ["/there/uv", "pip", "install"]
    assert {"--require-hashes", "--no-deps", str(root / "requirements.lock"), str(folder / "bin" / "python")} <= set(commands[0])
    environment.prepare(root, run=offline)
    assert len(stamps(root)) == 1
    where = subprocess.run([folder / "bin" / "python", "-c", "import sys; print(sys.path)"], capture_output=True, text=True, check=True)
    assert str(root / "lib") in where.stdout
    assert (folder / "bin" / "stalegrad").read_text().startswith(f"#!{folder / 'bin' / 'python'}\n")


def test_packages_get_their_bytecode_but_for_their_tests(root):
    packages = root / ".venv" / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"

    def installer(command):
        for name in ("fast/used.py", "fast/tests/unused.py"):
            (packages / name).parent.mkdir(parents=True, exist_ok=True)
            (packages / name).write_text("x = 1\n")
        (packages / "fast" / "template.py").write_text("no Python {{ here }}\n")  # must not end the build

    environment.prepare(root, run=installer)
    assert [path.name.partition(".")[0] for path in packages.glob("fast/**/*.pyc")] == ["used"]
    assert len(stamps(root)) == 1


@pytest.mark.parametrize("installer", [broken_off, offline])
def test_a_build_broken_off_never_looks_ready(root, installer):
    with pytest.raises((KeyboardInterrupt, subprocess.CalledProcessError)):
        environment.prepare(root, run=installer)
    assert (root / ".venv").exists() and stamps(root) == []
    environment.prepare(root, run=lambda command: None)
    assert len(stamps(root)) == 1


def test_an_upgrade_broken_off_does_not_look_like_the_old_version(root):
    old = (root / "requirements.lock").read_text()
    environment.prepare(root, run=lambda command: None)
    (root / "requirements.lock").write_text("numpy==2.5.0\n")
    with pytest.raises(KeyboardInterrupt):
        environment.prepare(root, run=broken_off)
    (root / "requirements.lock").write_text(old)
    commands = []
    environment.prepare(root, run=commands.append)
    assert len(commands) == 1, "what was half replaced is built anew"


def test_an_extra_has_an_environment_of_its_own_and_takes_pip(root, monkeypatch):
    created = []
    monkeypatch.setattr(environment, "finish", lambda *_: None)
    monkeypatch.setattr("venv.create", lambda folder, **how: (folder.mkdir(), created.append(how)))
    commands = []
    folder = environment.prepare(root, "bench", run=commands.append)
    assert folder.name == ".venv-bench" and created == [{"symlinks": True, "with_pip": True}]
    assert commands[1][1:4] == ["-m", "pip", "install"] and commands[1][-1] == "torch==2.13.0"
    with pytest.raises(ValueError, match="no extra 'fast' in pyproject.toml; it has: bench, nets"):
        environment.prepare(root, "fast")


def test_pip_is_used_where_uv_is_not(root, monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    monkeypatch.setattr(environment, "finish", lambda *_: None)
    monkeypatch.setattr("venv.create", lambda folder, **how: folder.mkdir())
    commands = []
    folder = environment.prepare(root, run=commands.append)
    assert commands[0][:4] == [str(folder / "bin" / "python"), "-m", "pip", "install"] and "--require-hashes" in commands[0]


def test_an_extra_is_added_once_and_kept_when_the_environment_is_built_anew(root):
    commands = []
    folder = environment.add(root, ["nets"], run=commands.append)
    assert folder.name == ".venv" and len(commands) == 3 and commands[1][1:] == ["-m", "ensurepip"]
    assert commands[2][:4] == [str(folder / "bin" / "python"), "-m", "pip", "install"] and commands[2][-2:] == ["torch==2.13.0", "scikit-learn"]
    environment.add(root, ["nets"], run=offline)
    environment.prepare(root, run=offline)
    (root / "requirements.lock").write_text("numpy==2.5.0\n")
    environment.prepare(root, run=commands.append)
    assert commands[4:] == commands[1:3] and environment.added(folder) == ["nets"]
    environment.add(root, ["nets"], run=offline)


def test_an_extra_that_could_not_be_added_does_not_look_ready(root):
    environment.prepare(root, run=lambda command: None)
    with pytest.raises(subprocess.CalledProcessError):
        environment.add(root, ["nets"], run=offline)
    assert environment.added(root / ".venv") == [] and len(stamps(root)) == 1
    commands = []
    environment.add(root, ["nets"], run=commands.append)
    assert environment.added(root / ".venv") == ["nets"] and len(commands) == 2


def test_an_unknown_extra_is_refused_before_anything_is_built(root):
    with pytest.raises(ValueError, match="no extra 'fast'"):
        environment.add(root, ["nets", "fast"], run=offline)
    assert not (root / ".venv").exists()


def test_the_key_names_lock_interpreter_place_and_extra(root, monkeypatch):
    keys = {environment.key(root, root / ".venv", []), environment.key(root, root / "other", []), environment.key(root, root / ".venv", ["torch"])}
    monkeypatch.setattr(sys, "version", "3.99")
    keys.add(environment.key(root, root / ".venv", []))
    (root / "requirements.lock").write_text("numpy==3\n")
    keys.add(environment.key(root, root / ".venv", []))
    assert len(keys) == 5


def test_an_old_python_is_told_so(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9))
    assert environment.main([], root) == 1
    assert "Python 3.11 or newer is needed, and this one is 3.9" in capsys.readouterr().err
    assert not (root / ".venv").exists()


def test_failures_are_one_line(root, monkeypatch, capsys):
    monkeypatch.setattr(environment, "prepare", lambda *_: offline(["uv"]))
    assert environment.main([], root) == 1
    assert capsys.readouterr().err.startswith("error: the environment is not ready: ")


def test_the_script_needs_the_standard_library_alone():
    source = (LIBRARY / "companion" / "environment.py").read_text()
    lines = [line.strip() for line in source.splitlines() if "stalegrad" not in line]
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names
