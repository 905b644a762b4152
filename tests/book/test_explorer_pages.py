"""The explorers in a browser: a slider moved by the keyboard changes picture and words; without scripts a picture stands in."""

import pytest

PAGES = ["delays", "stability", "trajectories"]


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_slider_changes_picture_and_words(book, node_browser, width, scheme):
    asked = {"root": str(book.html), "pages": PAGES, "width": width, "scheme": scheme, "scripts": True}
    for name, found in node_browser("explorer_page.js", **asked).items():
        assert found["errors"] == [], name
        assert all(found["changed"]), f"{name}: picture, description and words changed: {found['changed']}"
        assert found["overflow"] <= 0, f"{name} is wider than the screen"
        assert found["unlabelled"] == 0 and found["live"] == 1, name
        assert found["outline"] == "solid", f"{name}: the focus is not visible"
        assert not found["still"], f"{name} shows the picture for readers without scripts"


def test_a_picture_stands_in_without_scripts(book, node_browser):
    asked = {"root": str(book.html), "pages": PAGES, "width": 900, "scheme": "light", "scripts": False}
    for name, found in node_browser("explorer_page.js", **asked).items():
        assert found == {"still": True, "explorer": False}, name
