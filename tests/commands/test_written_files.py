"""Files that a command shall write: refused before anything is computed where they cannot be, and no folder is made."""

import os

import pytest

from stalegrad import cli
from stalegrad.commands import run as command
from stalegrad.files import write_aside

REAL = ("easgd", "--engine", "mpi", "-n", "3")
CASES = [(("asgd",), "out"), *((REAL, option) for option in ("out", "log", "trace", "checkpoint"))]


def refused(capsys, monkeypatch, words, option, name):
    def computed(_):
        pytest.fail("something was computed first")

    for engine in ("_simulate", "_mpi", "_dask"):
        monkeypatch.setattr(command, engine, computed)
    assert cli.main(["run", *words, f"--{option}", str(name)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"--{option} {name}" in err
    return err


@pytest.mark.parametrize(("words", "option"), CASES)
def test_a_folder_that_is_not_there_is_named_with_the_remedy_and_not_made(capsys, monkeypatch, tmp_path, words, option):
    err = refused(capsys, monkeypatch, words, option, tmp_path / "resluts" / "run.x")
    assert f"there is no folder {tmp_path / 'resluts'}" in err and f"mkdir -p {tmp_path / 'resluts'}" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "option"), CASES)
def test_a_folder_in_place_of_a_file(capsys, monkeypatch, tmp_path, words, option):
    assert "is a folder: name a file in it, such as" in refused(capsys, monkeypatch, words, option, tmp_path)


def test_a_file_in_place_of_the_folder(capsys, monkeypatch, tmp_path):
    (tmp_path / "notes").write_text("x")
    assert "no folder" in refused(capsys, monkeypatch, ("asgd",), "out", tmp_path / "notes" / "run.npz")


def test_a_device_is_neither_taken_nor_renamed_away(capsys, monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is no ordinary file" in refused(capsys, monkeypatch, ("asgd",), "out", tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="no ordinary file"):
        write_aside(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is locked to the superuser")
def test_a_locked_folder(capsys, monkeypatch, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "not yours to write to" in refused(capsys, monkeypatch, ("asgd",), "out", tmp_path / "locked" / "run.npz")


def test_a_name_without_a_folder_is_a_file_here(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "asgd", "--paths", "16", "--steps", "5", "--out", "run.npz"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
