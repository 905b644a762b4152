"""Pieces that several figures share."""

from __future__ import annotations


def legend_below(fig, ax, title: str = "") -> None:
    """One legend for all panels, under them: the entries of `ax`, and a line of explanation."""
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), title=title or None)


def table(header: tuple[str, ...], rows) -> None:
    """Print rows of text under a header; the first column to the left, the others to the right.

    Examples
    --------
    >>> table(("model", "mean"), [("ASGD", "0.12"), ("SME-ASGD", "0.1")])
    model     mean
    ASGD      0.12
    SME-ASGD   0.1
    """
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]).rstrip())
