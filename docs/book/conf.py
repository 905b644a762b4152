"""Sphinx configuration of the book; `make book` prepares what it reads (lib/companion/book)."""

import tomllib

from companion import settings
from companion.book.places import Book

book = Book(settings.here())
about = tomllib.loads((book.project.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = about["name"]
author = copyright = about["authors"][0]["name"]
release = about["version"]
html_title = "stalegrad"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "companion.book.extension"]
root_doc = "index"
templates_path = ["templates"]

# The committed outputs are what is shown: nothing runs, and no script is fetched for widgets.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types and shapes in words
default_role = "code"  # a name between single backticks
napoleon_google_docstring = False
napoleon_use_ivar = True  # an attribute with a text of its own is not listed twice

html_theme = "sphinx_book_theme"
html_static_path = ["static", str(book.vendor)]
html_extra_path = [str(book.extra)]
html_css_files = ["book.css", ("print.css", {"media": "print"})]
html_js_files = ["book.js", "claims.js"]
html_sidebars = {"tests/**": []}  # a hundred pages of source: without the list of chapters they are wide enough, and made in half the time
html_context = {"default_mode": "auto"}
html_favicon = "static/favicon.svg"
html_search_scorer = str(book.written / "scorer.js")
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_source_button": False,
    "use_repository_button": False,
    "navigation_with_keys": False,
}
pygments_style = "tango"
mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {
    "loader": {"load": ["ui/lazy"]},  # a page of a thousand formulas is there at once; each is set as it comes into view, and all for printing
    # Without its menu, a formula is no stop of the tab key; screen readers read the MathML that it carries.
    "options": {"enableMenu": False, "lazyMargin": "600px"},
}
