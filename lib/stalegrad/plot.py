"""House style, and `save`: a figure with the numbers that it shows and where they came from.

A figure is known by its claim id. What is compared between machines and over time is not the picture but
a digest of its rounded numbers; `save` prints it, so the notebook that draws the figure checks it too.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
import json
import math
import os
import platform
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from stalegrad.files import write_aside

# Okabe and Ito's colours, told apart by every common kind of colour vision; each model has a line style as well.
MODELS = {
    "exact": {"color": "#000000", "linestyle": "-", "label": "exact"},
    "asgd": {"color": "#0072B2", "linestyle": "-", "label": "ASGD"},
    "sme-asgd": {"color": "#D55E00", "linestyle": "--", "label": "SME-ASGD"},
    "sme-sgd": {"color": "#009E73", "linestyle": "-.", "label": "SME-SGD"},
    "sgd": {"color": "#56B4E9", "linestyle": (0, (5, 1)), "label": "SGD"},
    "msgd": {"color": "#CC79A7", "linestyle": (0, (3, 1, 1, 1)), "label": "MSGD"},
    "sme-msgd": {"color": "#E69F00", "linestyle": ":", "label": "SME-MSGD"},
}
# Models of the other papers; they share colours with the ones above, with which they never meet in a figure.
MORE = {
    "easgd": {"color": "#0072B2", "linestyle": "-", "label": "EASGD"},
    "eamsgd": {"color": "#D55E00", "linestyle": "--", "label": "EAMSGD"},
    "minibatch": {"color": "#009E73", "linestyle": "-.", "label": "mini-batch SGD"},
    "downpour": {"color": "#CC79A7", "linestyle": (0, (3, 1, 1, 1)), "label": "DOWNPOUR"},
    "admm": {"color": "#E69F00", "linestyle": ":", "label": "ADMM"},
    "average": {"color": "#56B4E9", "linestyle": (0, (5, 1)), "label": "spatial average"},
    "nesterov": {"color": "#CC79A7", "linestyle": "--", "label": "Nesterov MSGD"},
}
STYLE = {
    "figure.figsize": (7.0, 4.0),
    "figure.constrained_layout.use": True,
    "font.size": 11.0,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "axes.prop_cycle": matplotlib.cycler(
        color=[model["color"] for model in MODELS.values()], linestyle=[model["linestyle"] for model in MODELS.values()]
    ),
}
OUTPUT = {"svg.hashsalt": "stalegrad", "svg.fonttype": "path", "font.family": "DejaVu Sans", "savefig.bbox": "standard"}
ANONYMOUS = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
"""Formats, and the metadata that each is not to have."""
DPI = 120
SETTLING = 4
"""How often a layout is improved where the sides of axes have a fixed ratio; other axes have their places at once."""
# A notebook is to open quickly in a browser: pictures of more bytes, those of many bands over each other, are shown there in 256 colours.
HEAVY = 100_000
DIGITS = 6
# Values are cut where no plotted number is likely to sit: 1/64 or 0.5 lie on the usual edges of rounding, and
# there the last bit of another processor would change the digest.
EDGE = (math.sqrt(5) - 1) / 2
FIGURE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def style() -> contextlib.AbstractContextManager:
    """Context in which figures are drawn: sizes, grid, colours with line styles.

    Examples
    --------
    >>> with style():
    ...     fig, ax = plt.subplots()
    >>> plt.close(fig)
    """
    return matplotlib.rc_context({**STYLE, **OUTPUT})


def line(model: str) -> dict:
    """Colour, line style and label that `model` has in every figure: `ax.plot(t, y, **line("sme-asgd"))`.

    Raises
    ------
    ValueError
        If the model has no line of its own.
    """
    known = {**MODELS, **MORE}
    if model not in known:
        raise ValueError(f"model {model!r} has no line style; use one of {', '.join(known)}")
    return dict(known[model])


def band(ax, t, mean, standard_error, model: str, width: float = 2.0) -> None:
    """Draw `mean` over `t` in the model's line, with a band of `width` standard errors to either side."""
    look = line(model)
    mean, half = np.asarray(mean), width * np.asarray(standard_error)
    ax.plot(t, mean, **look)
    ax.fill_between(t, mean - half, mean + half, color=look["color"], alpha=0.2, linewidth=0)


def legend_outside(ax) -> None:
    """Put the legend to the right of the axes, where it covers no curve."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0.0)


def digest(numbers: dict[str, np.ndarray]) -> str:
    """Twelve hex digits that stand for the arrays rounded to six significant digits of each one's largest entry.

    Signs of zero, NaN payloads and the order of the names do not matter.
    """
    total = hashlib.sha256()
    for name in sorted(numbers):
        array = np.asarray(numbers[name], dtype=float)
        finite = np.isfinite(array)
        largest = np.max(np.abs(array), where=finite, initial=0.0)
        # The small factor keeps 1.0 and 1.0 less one bit in the same decade.
        unit = 10.0 ** (math.floor(math.log10(largest * (1 + 1e-9))) - DIGITS + 1) if largest > 0 else 1.0
        cut = np.where(finite, np.floor(np.where(finite, array, 0.0) / unit + EDGE), 0.0).astype(np.int64)
        kind = np.where(finite, 0, np.where(np.isnan(array), 1, np.where(array > 0, 2, 3))).astype(np.int8)
        total.update(f"{name}:{array.shape}:{unit:.0e};".encode() + cut.astype("<i8").tobytes() + kind.tobytes())
    return total.hexdigest()[:12]


def save(figure_id: str, fig, numbers: dict[str, np.ndarray], *, alt: str, parameters: dict, seed: int | None = None) -> None:
    """Write a figure, its numbers and its provenance; print one line that tells the numbers apart; show it.

    Files `<figure_id>.svg`, `.png`, `.csv` (the plotted numbers, a column each) and `.json` (claim id, alternative
    text, parameters, seed, versions, digests of library and numbers) go to the folder named by the variable
    `STALEGRAD_FIGURES`, else to the project's `figures/`. Each is written aside, then renamed. The figure is closed.

    Parameters
    ----------
    figure_id : str
        Claim id, as in `SME-F4`, or one followed by a word for a companion figure, as in `SME-F4-error`.
    fig : matplotlib.figure.Figure
        What is drawn.
    numbers : dict of arrays
        What is plotted, by name, any shapes; NaN is allowed. Give every curve: the digest is what is compared.
    alt : str
        What a reader who cannot see the figure should know: axes, curves, the finding.
    parameters : dict
        What the numbers were computed with, as JSON values.
    seed : int, optional
        Seed of the random numbers, where there are any.

    Raises
    ------
    ValueError
        If the id is no file name, or text, numbers or parameters are missing or cannot be stored.
    OSError
        If a file cannot be written; what was there is left.
    """
    arrays = _checked(figure_id, numbers, alt)
    provenance = {
        "alt": alt,
        "digest": digest(arrays),
        "id": figure_id,
        "library": library_digest(),
        "notebook": os.environ.get("STALEGRAD_NOTEBOOK"),
        "numbers": sum(array.size for array in arrays.values()),
        "parameters": parameters,
        "seed": seed,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("matplotlib", "numba", "numpy", "scipy")}},
    }
    try:
        record = json.dumps(provenance, indent=1, sort_keys=True, default=_plain) + "\n"
    except TypeError as error:
        raise ValueError(f"parameters of figure {figure_id} cannot be stored ({error}); give numbers, words and lists") from error
    pictures = _pictures(fig)
    folder = figures_folder()
    # The provenance comes last: where it is new, the rest is.
    for kind, content in {**pictures, "csv": _table(arrays), "json": record}.items():
        write_aside(folder / f"{figure_id}.{kind}", content)
    plt.close(fig)
    print(f"{figure_id}: {provenance['numbers']} numbers, digest {provenance['digest']}")
    _show(figure_id, pictures["png"], alt)


def figures_folder() -> Path:
    """Where `save` writes: `STALEGRAD_FIGURES`, else the checkout's `figures/`, else `./figures`."""
    if given := os.environ.get("STALEGRAD_FIGURES"):
        return Path(given)
    root = Path(__file__).resolve().parents[2]
    return (root if (root / "pyproject.toml").is_file() else Path.cwd()) / "figures"


@cache
def library_digest() -> str:
    """Twelve hex digits that stand for the library's source files."""
    total, root = hashlib.sha256(), Path(__file__).resolve().parent
    for path in sorted(root.rglob("*.py")):
        total.update(path.relative_to(root).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def _checked(figure_id: str, numbers: dict, alt: str) -> dict[str, np.ndarray]:
    if not FIGURE_ID.fullmatch(figure_id) or figure_id == "MANIFEST":
        raise ValueError(f"figure id {figure_id!r} is no claim id; use letters, digits, '.', '+' and '-', as in 'SME-F4'")
    if not alt.strip():
        raise ValueError(f"figure {figure_id} has no alternative text; give alt: axes, curves, the finding")
    if not numbers:
        raise ValueError(f"figure {figure_id} has no numbers; give every plotted array by name")
    arrays = {}
    for name, values in numbers.items():
        array = np.asarray(values)
        if array.dtype.kind not in "fiub" or array.size == 0:
            raise ValueError(f"numbers[{name!r}] of figure {figure_id} are {array.dtype}, shape {array.shape}; give real numbers, at least one")
        arrays[name] = array.astype(float)
    return arrays


def _plain(value):
    """JSON form of NumPy's scalars and arrays."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _pictures(fig) -> dict[str, bytes]:
    """The figure as PNG and SVG, in one layout, the same bytes each time: no date, no program name, fixed ids."""
    found = {}
    with matplotlib.rc_context(OUTPUT):
        _lay_out(fig)
        for kind, anonymous in ANONYMOUS.items():
            out = io.BytesIO()
            fig.savefig(out, format=kind, dpi=DPI, metadata=anonymous)
            found[kind] = out.getvalue()
    return found


def _lay_out(fig) -> None:
    """Give axes their places for good: saving would find them twice for each format, which takes as long as the drawing."""
    fig.set_dpi(DPI)
    if engine := fig.get_layout_engine():
        fixed = any(ax.get_aspect() != "auto" for ax in fig.axes)
        for _ in range(SETTLING if fixed else 1):
            engine.execute(fig)
        fig.set_layout_engine("none")


def _table(arrays: dict[str, np.ndarray]) -> str:
    """The numbers as CSV: a column per array, or per column of an array of more dimensions."""
    columns = {}
    for name, array in arrays.items():
        flat = array.reshape(array.shape[0], -1) if array.ndim else array.reshape(1, 1)
        places = itertools.product(*map(range, array.shape[1:]))
        columns |= {f"{name}[{','.join(map(str, place))}]" if place else name: flat[:, i] for i, place in enumerate(places)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(itertools.zip_longest(*([repr(float(x)) for x in column] for column in columns.values()), fillvalue=""))
    return out.getvalue()


def _show(figure_id: str, png: bytes, alt: str) -> None:
    """In a notebook, show the saved picture with its alternative text."""
    from IPython import get_ipython  # slow to import, and of no use outside a notebook
    from IPython.display import display

    if get_ipython() is not None:
        shown = _light(png) if len(png) > HEAVY else png
        display({"image/png": shown, "text/plain": f"{figure_id}: {alt}"}, raw=True, metadata={"image/png": {"alt": alt}})


def _light(png: bytes) -> bytes:
    """The same picture in the 256 colours that come nearest to its own: about a third of the bytes, and a difference that is not seen."""
    from PIL import Image  # comes with matplotlib

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
