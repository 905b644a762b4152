"""The training chapters at both lengths, sentence by sentence: `python -m stalegrad.figures.training.full_length [PAGE]`.

Writes the tables of `docs/full_length.md` between their markers, from the runs of the profiles quick and paper; runs that are not in the
store are trained first (`make train` does that ahead). With `--convolutional` also the table of the convolutional network.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from stalegrad.figures.training import averaging, measured_comparison, measured_discussion, measured_trees
from stalegrad.figures.training.measured import MOOT, NO, YES, Outcome
from stalegrad.files import write_aside
from stalegrad.nets import compare
from stalegrad.nets.experiments import averaging as average_runs
from stalegrad.nets.experiments import comparison, cut_rates
from stalegrad.nets.experiments import learning_rate as rate_runs
from stalegrad.nets.experiments import momentum_and_workers as worker_runs
from stalegrad.nets.experiments import period as period_runs
from stalegrad.nets.experiments import trees as tree_runs
from stalegrad.nets.experiments.profiles import chosen
from stalegrad.nets.spec import Spec
from stalegrad.nets.trace import Trace

HEADS = {"quick": "quick", "paper": "full length"}
"""Profiles, and how the table calls them."""
MARKERS = {name: (f"<!-- {name}:begin -->", f"<!-- {name}:end -->") for name in ("outcomes", "convolutional")}
Traces = dict[object, list[Trace]]


def outcomes(profile: str) -> list[Outcome]:
    """All sentences of the training chapters, put to the runs of a profile; in the same order for each.

    Raises
    ------
    ValueError
        For an unknown profile.
    """
    parts = (_comparison, _averages, _rates, _periods, _trees, _momenta)
    return list(chain.from_iterable(part(profile) for part in parts))


def compared(objective: str) -> list[Outcome]:
    """Those of the comparison of methods alone, put to the runs of a network at full length."""
    return list(measured_comparison.outcomes(comparison.run("paper", objective=objective)))


def table(columns: Mapping[str, Sequence[Outcome]]) -> str:
    """A row a sentence, a column an outcome, and whether they are the same.

    Raises
    ------
    ValueError
        If the columns are not about the same sentences.

    Examples
    --------
    >>> found = {"quick": [Outcome("A", "said", "yes", "1")], "full length": [Outcome("A", "said", "no", "2")]}
    >>> print(table(found).splitlines()[-1])
    | `A` | said | **yes**: 1 | **no**: 2 | reversed |
    """
    rows = [" | ".join(("claim", "sentence", *columns, ""))]
    for outcomes in zip(*columns.values(), strict=True):
        if len({(one.claim, one.said) for one in outcomes}) != 1:
            raise ValueError(f"{[one.said for one in outcomes]} are different sentences: give outcomes of the same ones")
        first = outcomes[0]
        cells = (f"**{one.verdict}**: {one.numbers}" for one in outcomes)
        rows.append(" | ".join((f"`{first.claim}`", first.said, *cells, change([one.verdict for one in outcomes]))))
    lines = [f"| {row} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * (len(columns) + 3), *lines[1:]])


def change(verdicts: Sequence[str]) -> str:
    """In a word, whether verdicts differ.

    >>> change(["yes", "open"]), change(["no", "yes"]), change(["no", "no"]), change(["no", "moot"])
    ('differs', 'reversed', '', '')
    """
    if MOOT in verdicts or len(set(verdicts)) == 1:
        return ""
    return "reversed" if {YES, NO} <= set(verdicts) else "differs"


def counts(columns: Mapping[str, Sequence[Outcome]]) -> str:
    """How many sentences show in each column, and in how many rows the columns differ."""
    shown = " and ".join(f"{sum(one.verdict == YES for one in some)} at {name}" for name, some in columns.items())
    changes = [change([one.verdict for one in outcomes]) for outcomes in zip(*columns.values(), strict=True)]
    differ, reverse = (sum(word == kind for word in changes) for kind in ("differs", "reversed"))
    return f"Of {len(changes)} sentences there show {shown}. Between the two {reverse} are reversed, {differ} more differ."


def fill(page: str, name: str, content: str) -> str:
    """A page with other content between two of `MARKERS`.

    Raises
    ------
    ValueError
        If the page does not have both, once each and in order.
    """
    begin, end = MARKERS[name]
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page needs the line {begin} once and, after it, the line {end} once, to hold the table")
    return f"{page[: page.index(begin)]}{begin}\n\n{content}\n\n{page[page.index(end) :]}"


def _made(groups: Mapping[object, Sequence[Spec]]) -> Traces:
    from stalegrad.nets.run import run_all

    return {name: run_all(specs) for name, specs in groups.items()}


def _comparison(profile: str) -> Iterator[Outcome]:
    yield from measured_comparison.outcomes(comparison.run(profile))
    yield from measured_comparison.with_cuts(cut_rates.run(profile))


def _averages(profile: str) -> Iterator[Outcome]:
    cases = {name: case for name, (_, case) in averaging.chosen(_made(average_runs.specs(profile))).items()}
    runs = _made(average_runs.cut_specs(profile))
    runs["sgd"] = average_runs.with_late_average(runs["sgd"], runs["sgd"][0].spec.cuts[0][0])
    yield from measured_discussion.averages(cases, averaging.with_cuts(runs))


def _rates(profile: str) -> Iterator[Outcome]:
    yield from measured_discussion.rates(_made(rate_runs.specs(profile)))


def _periods(profile: str) -> Iterator[Outcome]:
    yield from measured_discussion.periods(*(_made(plan(profile)) for plan in (period_runs.specs, period_runs.springs, period_runs.tails)))


def _trees(profile: str) -> Iterator[Outcome]:
    scale = chosen(profile, tree_runs.PROFILES)
    yield from measured_trees.outcomes(lambda plan: _made(plan(scale)), scale)


def _momenta(profile: str) -> Iterator[Outcome]:
    scale = chosen(profile, worker_runs.PROFILES)
    (tuned,) = _made({"": worker_runs.tuning(scale)}).values()
    eta = compare.choose_rate(tuned).eta
    yield from measured_discussion.momenta(*(_made(plan(scale, eta)) for plan in (worker_runs.printed, worker_runs.same_effective_step)))


def main(arguments: list[str] | None = None) -> None:
    """Bring the page up to date."""
    parser = argparse.ArgumentParser(prog="python -m stalegrad.figures.training.full_length", description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, default=Path("docs/full_length.md"), help="default: docs/full_length.md")
    parser.add_argument(
        "--convolutional", action="store_true", help="also the convolutional network (50 minutes on two cores, where nothing is stored)"
    )
    asked = parser.parse_args(arguments)
    if not asked.page.is_file():
        parser.error(f"{asked.page} is no file: run this where docs/ lies, or give the page's path")
    text = asked.page.read_text(encoding="utf-8")
    for name in MARKERS:
        fill(text, name, "")  # markers are looked for before anything is computed
    columns = {head: outcomes(profile) for profile, head in HEADS.items()}
    text = fill(text, "outcomes", f"{counts(columns)}\n\n{table(columns)}")
    if asked.convolutional:
        columns = {head: compared(objective) for objective, head in comparison.NETWORKS.items()}
        text = fill(text, "convolutional", f"{counts(columns)}\n\n{table(columns)}")
    write_aside(asked.page, text)


if __name__ == "__main__":
    main()
