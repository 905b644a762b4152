"""The committed notebooks: in step with their texts, executed, and without a trace of who ran them. nbval checks the outputs."""

import json
import re

import pytest

from companion import extras, manifest, pairing, settings
from companion.notebook import dumps, loads, normalise
from companion.worker import UNTOUCHED

PROJECT = settings.here()
NAMES = PROJECT.names()
TRAINS = re.compile(r"stalegrad(\.figures)? import .*\b(nets|training)\b|stalegrad\.(nets|figures\.training)")
TRACES = re.compile(r"\bat 0x[0-9a-f]{6,}|/(?:home|Users|tmp|root)/|site-packages")


def committed(name):
    """The committed notebook `name`."""
    return loads(PROJECT.notebook(name).read_text(encoding="utf-8"))


def test_the_first_notebook_is_there_and_every_pair_is_in_step():
    assert "00_start_here" in NAMES
    assert pairing.differences(PROJECT, NAMES) == []


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_executed_whole_and_in_its_one_form(name):
    notebook = committed(name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code if UNTOUCHED not in cell.metadata.get("tags", [])]
    assert counts == list(range(1, len(counts) + 1)), "not executed; `make accept` does it"
    assert dumps(normalise(notebook)) == PROJECT.notebook(name).read_text(encoding="utf-8")
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1


@pytest.mark.parametrize("name", NAMES)
def test_outputs_hold_no_error_no_warning_and_no_trace_of_a_machine(name):
    outputs = [output for cell in committed(name).cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    texts = [output.get("text", "") for output in outputs]
    texts += [str(shown) for output in outputs for kind, shown in output.get("data", {}).items() if kind != "image/png"]
    assert not [text for text in texts if TRACES.search(text)]


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_code_ends_in_a_semicolon(name):
    lines = [line for cell in committed(name).cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert not [line for line in lines if line.rstrip().endswith(";")], "nbval then sees an output that is not there; assign to _"


def test_the_manifest_holds_the_digests_that_the_notebooks_print():
    printed = [figure for name in NAMES for figure in manifest.printed(PROJECT.notebook(name)).items()]
    assert dict(printed) == json.loads(PROJECT.manifest.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_that_trains_networks_says_that_it_needs_the_extra(name):
    code = "\n".join(cell.source for cell in committed(name).cells if cell.cell_type == "code")
    assert ("nets" in extras.named(committed(name))) == bool(TRAINS.search(code))
