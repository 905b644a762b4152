"""Cover, chapters and the order of everything: the pages that lead to the others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from companion import files
from companion.book import claims, notebooks
from companion.book.places import Book, by_section
from companion.settings import Project
from stalegrad.claims.status import Table

COVER_FIGURE = "EASGD-F5.6"
CAPTION = """How fast elastic averaging forgets where it began, over learning rate and moving rate: dark is fast, grey is unstable. The thesis
prints the dashed rule as the best moving rate; the white line is the best. [EASGD-F5.6](#{label}), of
[5.1.3](notebooks/easgd/5_1_3_elastic.ipynb)."""
OTHER = {"across": ("Across the papers", "What belongs to no single paper: all of them on one problem, and the reader's own.")}
EXPLORERS = ("trajectories", "stability", "delays")
PROJECT_PAGES = ("docs/DESIGN.md", "docs/speed.md", "docs/full_length.md", "CONTRIBUTING.md", "CHANGELOG.md")


def papers(project: Project) -> dict[str, dict]:
    """What CITATION.cff says about each paper, by key, in the order of the README's table."""
    import yaml

    references = yaml.safe_load((project.root / "CITATION.cff").read_text(encoding="utf-8"))["references"]
    found = {reference["notes"].removeprefix("key "): reference for reference in references}
    readme = (project.root / "README.md").read_text(encoding="utf-8")
    return {key: found[key] for key in sorted(found, key=lambda key: readme.find(f"| `{key}` |"))}


def authors(reference: dict) -> str:
    """Family names."""
    return ", ".join(author["family-names"] for author in reference["authors"])


def source(reference: dict) -> str:
    """Where a paper appeared."""
    place = reference.get("journal") or reference.get("collection-title") or reference["institution"]["name"]
    other = [f"[{i['value']}](https://arxiv.org/abs/{i['value'].partition(':')[2]})" for i in reference.get("identifiers", ())]
    return ", ".join([f"{place} ({reference['year']})", *other])


def pages(book: Book, table: Table, reading: claims.Reading) -> dict[str, str | bytes]:
    """Cover and chapters by file name."""
    known = papers(book.project)
    folders = {key.lower(): key for key in known}
    chapters: dict[str, list[str]] = {folder: [] for folder in folders}
    for name in sorted(reading.titles, key=by_section):
        folder, slash, _ = name.partition("/")
        if slash:
            chapters.setdefault(folder, []).append(name)
    made: dict[str, str | bytes] = {}
    for folder, names in chapters.items():
        key = folders.get(folder)
        head = _about_paper(key, known[key], table) if key else ["# {}\n\n{}\n".format(*about_other(folder))]
        made[f"chapters/{folder}.md"] = "\n".join([*head, *_contents(names, reading)])
    made |= {f"chapters/{figure.id}.png": thumbnail(book, figure.png) for figure in reading.figures}
    titles = {folder: f"{folders[folder]}: {authors(known[folders[folder]])}" if folder in folders else about_other(folder)[0] for folder in chapters}
    figure = next(figure for figure in reading.figures if figure.id == COVER_FIGURE)
    made["cover.png"] = figure.png
    made["index.md"] = _cover(book, table, figure, titles, known)
    return made


def about_other(folder: str) -> tuple[str, str]:
    """Title of a chapter that is about no single paper, and what it is about."""
    return OTHER.get(folder, (folder.capitalize(), ""))


def thumbnail(book: Book, png: bytes) -> bytes:
    """A small copy of a picture, kept from one build to the next."""
    kept = book.folder / "thumbnails" / f"{files.digest(png, str(notebooks.THUMBNAIL))}.png"
    if not kept.is_file():
        files.write(kept, notebooks.thumbnail(png))
    return kept.read_bytes()


def _about_paper(key: str, reference: dict, table: Table) -> list[str]:
    counts = {status: n for status, n in table.summary()[key].items() if n}
    said = ", ".join(f"{n} {status}" for status, n in counts.items())
    about = f"*{reference['title']}*. {source(reference)}."
    rows = f"Of its {sum(counts.values())} rows in the ledger: {said}. [Every row](../claims/{key}.md), with formula, tests and figures."
    return [f"# {key}: {authors(reference)}", "", about, "", rows, ""]


def _contents(names: Iterable[str], reading: claims.Reading) -> list[str]:
    """Each notebook with its question and small pictures that lead to its figures."""
    lines = _toctree((f"../notebooks/{name}" for name in names), hidden="")
    for name in names:
        shown = (f"[![{alt(figure.alt)}]({figure.id}.png)](#{figure.label})" for figure in reading.figures if figure.notebook == name)
        lines += [
            f"## [{reading.titles[name]}](../notebooks/{name}.ipynb)",
            "",
            reading.questions[name],
            "",
            "::::{rst-class} gallery",
            *shown,
            "::::",
            "",
        ]
    return lines


def alt(text: str) -> str:
    """Alternative text, as Markdown takes it between brackets."""
    return re.sub(r"([\\\[\]*_`$])", r"\\\1", text)


def _toctree(entries: Iterable[str], **options) -> list[str]:
    return ["```{toctree}", *(f":{name}: {value}" for name, value in options.items()), "", *entries, "```", ""]


def _cover(book: Book, table: Table, figure: notebooks.Figure, titles: dict[str, str], known: dict) -> str:
    listed = (f"- [{key}](chapters/{key.lower()}.md): {authors(known[key])}, *{known[key]['title']}*" for key in known)
    others = (f"- [{title}](chapters/{folder}.md): {about_other(folder)[1]}" for folder, title in titles.items() if folder.upper() not in known)
    project = [Path(page).with_suffix("").as_posix() for page in PROJECT_PAGES if (book.project.root / page).is_file()]
    parts = {
        "Read": ["notebooks/00_start_here", *(f"{title} <chapters/{folder}>" for folder, title in titles.items())],
        "Explorers": [f"interactive/{name}" for name in EXPLORERS],
        "Look up": ["claims/index", "docs/errata", "notebooks/90_claims", "api/index"],
        "The project": project,
    }
    trees = [line for part, entries in parts.items() if entries for line in _toctree(entries, hidden="", caption=part, maxdepth=1)]
    text = (book.written / "cover.md").read_text(encoding="utf-8")
    values = {
        "alt": figure.alt,
        "caption": CAPTION.format(label=figure.label),
        "ledger": claims.summary(table, "claims/index.html"),
        "chapters": "\n".join([*listed, *others]),
        "toctrees": "\n".join(trees),
    }
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text
