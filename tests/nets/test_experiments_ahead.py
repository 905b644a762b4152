"""Training ahead of the notebooks fills the store with what they ask for."""

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets.experiments import __main__ as ahead  # noqa: E402
from stalegrad.nets.experiments import averaging, comparison, learning_rate, momentum_and_workers, period, sections, trees  # noqa: E402


class Recorder:
    """Takes the place of `run_all`: keeps the specs that are asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, specs):
        self.asked += list(specs)
        return list(specs)


@pytest.mark.parametrize("profile", ["quick", "paper"])
@pytest.mark.parametrize(
    ("name", "plans"),
    [
        ("4.3.1", (averaging.specs, averaging.cut_specs)),
        ("4.3.2", (learning_rate.specs,)),
        ("4.3.3", (period.specs, period.springs, period.tails)),
    ],
)
def test_a_section_asks_for_all_that_its_notebook_asks_for(monkeypatch, name, plans, profile):
    recorder = Recorder()
    monkeypatch.setattr(sections, "run_all", recorder)
    sections.SECTIONS[name](profile)
    assert set(recorder.asked) == {spec for plan in plans for specs in plan(profile).values() for spec in specs}


def test_the_trees_are_those_of_the_profile(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(sections, "run_all", recorder)
    sections.SECTIONS["6.1.2"]("paper")
    assert {spec.leaves for spec in recorder.asked if spec.tree is not None} == {256}
    assert recorder.asked == trees.everything(trees.PROFILES["paper"])


def test_the_convolutional_network_has_a_scale_of_its_own():
    assert comparison.scale_of("paper", "conv") == comparison.CONVOLUTIONAL != comparison.scale_of("paper", "mlp")
    assert comparison.scale_of("quick", "conv") == comparison.scale_of("quick", "mlp")
    with pytest.raises(ValueError, match="profile='slow' is unknown: give one of quick, paper"):
        comparison.scale_of("slow", "mlp")


def test_the_step_is_tuned_before_momenta_are_compared(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(sections, "run_all", recorder)
    monkeypatch.setattr(sections.compare, "choose_rate", lambda traces: traces[0].at(eta=0.03))
    sections.SECTIONS["Liu-4.2"]("quick")
    scale = momentum_and_workers.PROFILES["quick"]
    tuning = momentum_and_workers.tuning(scale)
    assert recorder.asked[: len(tuning)] == tuning
    assert {spec.eta for specs in momentum_and_workers.printed(scale, 0.03).values() for spec in specs} == {0.03}
    assert set(recorder.asked[len(tuning) :]) >= {spec for specs in momentum_and_workers.unlike_workers(scale, 0.03).values() for spec in specs}


def test_sections_are_made_once_each_and_in_order(monkeypatch, capsys):
    made = []
    monkeypatch.setattr(ahead, "make", lambda name, profile: made.append((name, profile)))
    ahead.main(["quick", "--processes", "1"])
    assert made == [(name, "quick") for name in sections.SECTIONS if name != "4.2-conv"]
    made.clear()
    ahead.main(["paper", "4.3.1", "4.2-conv", "--processes", "1"])
    assert made == [("4.3.1", "paper"), ("4.2-conv", "paper")]
    assert "4.3.1, profile paper" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "says"), [(["paper", "4.9"], "section '4.9' is unknown"), (["quick", "--processes", "0"], "is too small")])
def test_bad_arguments_are_refused(arguments, says, capsys):
    with pytest.raises(SystemExit):
        ahead.main(arguments)
    assert says in capsys.readouterr().err


def test_a_second_process_helps():
    """For real, as new processes find functions by import; most or all of these runs are in the store."""
    command = [sys.executable, "-m", "stalegrad.nets.experiments", "quick", "4.3.1", "--processes", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and "4.3.1 is there" in done.stdout, done.stderr
