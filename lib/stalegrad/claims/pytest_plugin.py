"""pytest plugin: tests carry claim ids, a run becomes an evidence report.

`@pytest.mark.claim(id, kind)` names the claim that a test bears on (several marks
are allowed), the fixture `check` compares and records numbers, and
`pytest --evidence FILE` writes the report that `stalegrad claims` reads.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stalegrad.claims import ids, ledger, report

INVENTORY = ledger.read_inventory()


def pytest_addoption(parser):
    """Add `--evidence FILE`."""
    parser.addoption("--evidence", metavar="FILE", help="write the evidence of all tests marked claim(id, kind) to FILE")


def pytest_configure(config):
    """Declare the mark; the process that hears all workers writes the report."""
    kinds = ", ".join(ledger.KINDS)
    config.addinivalue_line("markers", f"claim(id, kind): the test is evidence of that kind for a claim; kinds: {kinds}")
    target = config.getoption("--evidence")
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(EvidenceWriter(Path(target).absolute()), "stalegrad-evidence-writer")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector, name, obj):
    """Check the marks while the file is collected, so a wrong one is an error of that file."""
    made = yield
    for item in made if isinstance(made, list) else [made]:
        if isinstance(item, pytest.Item):
            claims = [_claim_of(item, mark) for mark in item.iter_markers("claim")]
            if claims:
                item.user_properties.append(("claims", sorted(claims)))
    return made


def _claim_of(item, mark) -> list[str]:
    if len(mark.args) != 2 or mark.kwargs:
        problem = f"mark claim{mark.args!r} is not claim(id, kind); give both, by position"
    elif mark.args[0] not in INVENTORY:
        problem = f"mark claim: {ids.unknown(mark.args[0], INVENTORY)}"
    elif mark.args[1] not in ledger.KINDS:
        problem = f"mark claim({mark.args[0]!r}): {mark.args[1]!r} is no kind of evidence; use one of {', '.join(ledger.KINDS)}"
    else:
        return list(mark.args)
    raise pytest.Collector.CollectError(f"{item.name}: {problem}")


@pytest.fixture
def check(request):
    """Compare a computed number with its expected value, and record both.

    `check(label, value, expected, tolerance)` asserts |value - expected| <= tolerance,
    element by element for arrays. Of more than one number, the report holds the largest
    deviation in units of its tolerance. Only tests marked with a claim may use it.
    """
    # Imported here: the ledger's own commands must start without numpy.
    from stalegrad.evidence import compare

    if request.node.get_closest_marker("claim") is None:
        pytest.fail("fixture check: the test names no claim; add @pytest.mark.claim(id, kind)", pytrace=False)

    def record(label, value, expected, tolerance):
        comparison = compare(value, expected, tolerance)
        request.node.user_properties.append(("number", {"label": str(label), **comparison.recorded()}))
        if not comparison.agrees:
            __tracebackhide__ = True
            pytest.fail(f"{label}: {comparison}")

    return record


class EvidenceWriter:
    """Collects the reports of all phases and workers, writes one file at the end."""

    def __init__(self, path: Path):
        self.path = path
        # Before any test: a file edited during the run makes the report stale.
        root = report.source_tree()
        self.digest = report.source_digest(root) if root else ""
        self.tests: dict[str, dict] = {}

    def pytest_runtest_logreport(self, report):
        """Keep the worst outcome over set-up, call and tear-down, and the numbers recorded."""
        properties = report.user_properties
        claims = [list(claim) for name, value in properties if name == "claims" for claim in value]
        if not claims:
            return
        numbers = [value for name, value in properties if name == "number"]
        before = self.tests.get(report.nodeid, {}).get("outcome", "passed")
        worst = next(outcome for outcome in ("failed", "skipped", "passed") if outcome in (before, report.outcome))
        self.tests[report.nodeid] = {"claims": claims, "numbers": numbers, "outcome": worst}

    def pytest_sessionfinish(self, session, exitstatus):
        """Write the report, unless the run was broken off or a file could not be collected."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            report.write(self.path, self.tests, self.digest)
