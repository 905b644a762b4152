"""What is wrong with pages of a site: pictures without words, links that lead nowhere, resources from elsewhere."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

RESOURCES = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data"))
LOADED = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch"}
FILE_HASH = re.compile(r"[0-9a-f]{16,}|.*\.(?:png|svg|jpe?g)$")


class Tags(HTMLParser):
    """The tags of a page with their attributes, and the text of its styles."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.styles: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "style":
            self.styles.append(data)


@cache
def tags(page: Path) -> Tags:
    """What a page consists of; much faster than its tree."""
    return Tags(page.read_text(encoding="utf-8"))


@cache
def parsed(page: Path) -> BeautifulSoup:
    """The page's tree."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page: Path) -> frozenset:
    """Everything on a page that a link can lead to."""
    return frozenset(attributes[name] for _, attributes in tags(page).found for name in ("id", "name") if name in attributes)


def pages(root: Path) -> list[Path]:
    """All pages of a site but its templates for scripts."""
    return sorted(path for path in root.rglob("*.html") if "_static" not in path.parts)


def without_words(page: Path) -> list[str]:
    """Pictures whose alternative text is missing, empty, or a file's name."""
    found = [(attributes.get("src", ""), attributes.get("alt", "").strip()) for tag, attributes in tags(page).found if tag == "img"]
    return [source for source, alt in found if not alt or FILE_HASH.fullmatch(alt.rpartition("/")[2])]


def from_elsewhere(page: Path) -> list[str]:
    """Resources that a browser would fetch from another place."""
    found = tags(page).found
    styles = tags(page).styles + [attributes["style"] for _, attributes in found if "style" in attributes]
    return [address for address in resources(page) if foreign(address)] + fetched_by_style("\n".join(styles))


def resources(page: Path) -> list[str]:
    """Addresses that a browser fetches in order to show the page."""
    found = tags(page).found
    loaded = [attributes["href"] for tag, attributes in found if tag == "link" and LOADED & set(attributes.get("rel", "").split())]
    return [attributes[name] for tag, attributes in found for kind, name in RESOURCES if tag == kind and name in attributes] + loaded


def fetched_by_style(style: str) -> list[str]:
    """Addresses elsewhere that a style sheet loads."""
    found = re.findall(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""", style)
    return [address for address in found if foreign(address)]


def foreign(address: str) -> bool:
    """Whether an address leads to another host."""
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "ftp", "ws", "wss")


def broken(page: Path, root: Path) -> list[str]:
    """Links and resources within the site that lead to no file, or to no place in it."""
    links = [attributes["href"] for tag, attributes in tags(page).found if tag in ("a", "link") and "href" in attributes]
    return [address for address in dict.fromkeys(links + resources(page)) if not leads_somewhere(address, page, root)]


def leads_somewhere(address: str, page: Path, root: Path) -> bool:
    """Whether a link of `page` has a target; links to other hosts count as having one."""
    parts = urlsplit(address)
    if parts.scheme or address.startswith("//"):
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir():
        target /= "index.html"
    if not (target.is_file() and target.is_relative_to(root.resolve())):
        return False
    return not parts.fragment or target.suffix != ".html" or unquote(parts.fragment) in anchors(target)
