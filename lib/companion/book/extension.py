"""Sphinx extension of the book: ids and tests become links, tests become pages, docstrings with $math$ become reStructuredText."""

from __future__ import annotations

import ast
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from companion import settings
from companion.book.places import anchor
from companion.files import digest
from stalegrad.claims import ledger, report

TEST = re.compile(r"(tests/[\w/]+)\.py::(\w+)")
DIRECTIVE = re.compile(r"\s*\.\. \w+::")
SPECIAL = re.compile(
    r"""
    (?P<code> ``.+?`` | `[^`]+` )
  | \$(?P<math> [^$]+ )\$ (?P<next> \w? )
  | (?P<mark> [*|\\] | (?<=\w)_(?!\w) )
    """,
    re.VERBOSE | re.DOTALL,
)


def setup(app) -> dict:
    """Register everything with Sphinx."""
    # Pages are read anew when what reads them changed.
    app.add_config_value("book_made_by", digest(*(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))), "env")
    app.connect("autodoc-process-docstring", restructured, priority=100)  # before the sections are read
    app.connect("autodoc-skip-member", unsaid)
    app.connect("doctree-resolved", link_ids)
    app.connect("doctree-resolved", fold)
    app.connect("html-collect-pages", test_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def restructured(app, what, name, thing, options, lines: list[str]) -> None:
    """Rewrite a docstring in place: $math$ as a role, and marks that are meant as they stand."""
    lines[:] = "".join(part if verbatim else SPECIAL.sub(_escaped, part) for verbatim, part in _parts(lines)).split("\n")


def unsaid(app, what, name, thing, skip, options) -> bool | None:
    """Leave out the fields of a named tuple that have no text of their own; the tuple's docstring tells of them."""
    return True if (getattr(thing, "__doc__", None) or "").startswith("Alias for field number") else None


def _parts(lines: list[str]):
    """Pieces of a docstring, each with whether it is to stay as it is: literal blocks, examples, and directives from their first line on."""
    piece, verbatim, least = [], False, 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        example, directive = line.lstrip().startswith(">>>"), bool(DIRECTIVE.match(line))
        if (verbatim and line.strip() and indent < least) or (not verbatim and (example or directive)):
            yield verbatim, "".join(piece)
            piece, verbatim, least = [], example or directive, indent + directive
        piece.append(f"{line}\n")
        if not verbatim and line.endswith("::"):
            yield verbatim, "".join(piece)
            piece, verbatim, least = [], True, indent + 1
    yield verbatim, "".join(piece)


def _escaped(found: re.Match) -> str:
    if found["code"]:
        return found["code"]
    if found["math"]:
        return f":math:`{' '.join(found['math'].split())}`" + (f"\\ {found['next']}" if found["next"] else "")
    return f"\\{found['mark']}"


def link_ids(app, doctree: nodes.document, docname: str) -> None:
    """Make a link of every claim id and every test that a page names as code, and of ids in the prose of the reference."""
    if app.builder.format != "html":
        return
    for literal in list(doctree.findall(nodes.literal)):
        if not _inside(literal, nodes.reference):
            _replace(literal, app, docname, literal.astext())
    for text in list(doctree.findall(nodes.Text)) if docname.startswith("api/") else ():
        if not _inside(text, nodes.reference, nodes.literal, nodes.literal_block, nodes.doctest_block, nodes.math):
            _split(text, app, docname)


def fold(app, doctree: nodes.document, docname: str) -> None:
    """Make an admonition of the class `dropdown` one that the reader opens, without a script."""
    for box in list(doctree.findall(nodes.admonition)) if app.builder.format == "html" else ():
        if "dropdown" in box["classes"]:
            title, *inside = box.children
            head = nodes.raw("", f'<details class="admonition"><summary>{escape(title.astext())}</summary>', format="html")
            box.parent.replace(box, [head, *inside, nodes.raw("", "</details>", format="html")])


def _inside(node: nodes.Node, *kinds: type) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _replace(node: nodes.Node, app, docname: str, text: str) -> None:
    address = address_of(text)
    if address:
        # Addresses lead from the page that names them; those of tests have no source page that Sphinx knows.
        up = "../" * docname.count("/")
        node.parent.replace(node, nodes.reference("", "", node.deepcopy(), refuri=up + address, internal=True, classes=["id"]))


def _split(text: nodes.Text, app, docname: str) -> None:
    pieces = ids().split(text.astext())
    if len(pieces) > 1:
        new = [nodes.Text(piece) for piece in pieces]
        text.parent.replace(text, new)
        for node in new[1::2]:
            _replace(node, app, docname, node.astext())


@cache
def ids() -> re.Pattern:
    """Matches the ids of the inventory, each as a whole."""
    longest_first = sorted(ledger.read_inventory(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")


def address_of(text: str) -> str | None:
    """Address in the site of a claim or a test, or None for any other text."""
    if ids().fullmatch(text):
        return f"claims/{text.partition('-')[0]}.html#{anchor(text)}"
    found = TEST.match(text)
    line = found and lines_of(f"{found[1]}.py").get(found[2])
    return f"{found[1]}.html#L-{line}" if line else None


@cache
def lines_of(file: str) -> dict[str, int]:
    """Line of each test in a file, by its name; none where there is no such file."""
    path = settings.here().root / file
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_bytes())
    return {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_pages(app):
    """A page with the source of every test file that bears on a claim, and these claims; its lines are what links lead to."""
    root = settings.here().root
    formatter = HtmlFormatter(linespans="L", cssclass="highlight")
    claims: dict[str, set[str]] = {}
    for id_, items in report.read(report.COMMITTED, ledger.read_inventory()).evidence.items():
        for item in items:
            claims.setdefault(item.test.partition("::")[0], set()).add(id_)
    for file, borne_on in sorted(claims.items()):
        path, up = root / file, "../" * file.count("/")
        if path.is_file():
            code = highlight(path.read_text(encoding="utf-8"), PythonLexer(), formatter)
            links = ", ".join(f'<a href="{up}{address_of(id_)}">{id_}</a>' for id_ in sorted(borne_on))
            words = f'<p><a href="{up}index.html">stalegrad</a>, {escape(file)}. It bears on {links}.</p>'
            yield Path(file).with_suffix("").as_posix(), {"title": file, "body": f"<h1>{escape(path.name)}</h1>{words}{code}"}, "page.html"
