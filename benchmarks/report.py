"""Results as a table on the terminal, as JSON, as the page docs/speed.md and as the short table of the README."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

from stalegrad.files import write_aside

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
PAGE_HEAD = """\
# Speed

Processor time for one step of one path, one thread, all candidates alternated in one run. `make bench` measures it; this page is made from
`benchmarks/results.json`. W1 is ASGD on $x^2$ with geometric staleness, W2 its limit SME-ASGD stepped by Euler-Maruyama; 5,120 paths of 1,000 steps
with both moments at every step.
W3 is the delay equation with constant and random delay, W4 streaming PCA with momentum and delay, timed per coordinate, W5 EASGD with p workers and
Gamma-distributed curvature, timed per worker-step. "Our time ×" says how many times our time a candidate takes."""
HEADER = ("row", "what", "ns per path-step (W4: dim-step, W5: worker-step)", "range over rounds", "our time ×")


def results(rows, bars, rounds):
    """Everything measured, ready for JSON."""
    return {"machine": machine(), "rounds": rounds, "rows": rows, "bars": bars}


def machine():
    """Processor and versions: what the absolute times depend on."""
    return {
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def plain(found):
    """The table for a terminal, the bars below it."""
    cells = [HEADER, *map(_cells, found["rows"])]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
    if found["bars"]:
        met = sum(bar["met"] for bar in found["bars"])
        lines += ["", *map(_bar_line, found["bars"]), f"{met} of {len(found['bars'])} bars met"]
    return "\n".join(lines)


def page(found):
    """All rows and all bars, for docs/speed.md."""
    rows = [HEADER, *map(_cells, found["rows"])]
    bars = [("row", "quantity", "measured", "bar", "")]
    bars += [(b["row"], b["quantity"], _number(b["value"]), f"{b['relation']} {b['required']:g}", _verdict(b)) for b in found["bars"]]
    about = found["machine"]
    note = (
        f"Process CPU time, one thread, medians of {found['rounds']} rounds taken in turns; {about['processor']}, Python {about['python']}, "
        f"NumPy {about['numpy']}, numba {about['numba']}. Every row but the limits has been checked against exact moments before it was timed. "
        "Rows named by-hand or single go beyond a library's own samplers, documented use or double precision and carry no bar."
    )
    return "\n\n".join([PAGE_HEAD, "## Candidates", _markdown_table(rows), "## Bars", _markdown_table(bars), note]) + "\n"


def summary(found):
    """A line for each workload: our time, and how many times as long the others take that are used as documented."""
    rows, lines = found["rows"], [("workload", "ns", "draws alone", "others")]
    for name in dict.fromkeys(row["workload"] for row in rows):
        timed = [row for row in rows if row["workload"] == name and row["ns"]]
        ours = [row for row in timed if row["kind"] == "ours"]
        limit = [f"{row['ratio']:.2f}" for row in timed if row["kind"] == "limit"]
        others = [f"{row['id'].split(':')[1]} {row['ratio']:.1f}" for row in timed if row["kind"] == "library"]
        lines += [(name, f"{row['median']:.2f}", ", ".join(limit), ", ".join(others)) for row in ours]
    met = sum(bar["met"] for bar in found["bars"])
    bars = f"{met} of the {len(found['bars'])} bars that the project has set itself are met; [all rows and bars](docs/speed.md), misses included."
    return f"{_markdown_table(lines)}\n\n{bars}"


def _markdown_table(lines):
    lines = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([lines[0], "|" + "---|" * (lines[0].count("|") - 1), *lines[1:]])


def _cells(row):
    if not row["ns"]:
        return row["id"], row["description"], row["state"], "", ""
    ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
    return row["id"], row["description"], f"{row['median']:.2f}", f"{min(row['ns']):.2f} - {max(row['ns']):.2f}", ratio


def _bar_line(bar):
    return f"{_verdict(bar):6}  {bar['row']:14} {bar['quantity']}: {_number(bar['value'])} (bar {bar['relation']} {bar['required']:g})"


def _verdict(bar):
    return "met" if bar["met"] else "missed"


def _number(value):
    return f"{value:.3g}"


def write_json(found, path):
    """All of it, for other programs."""
    write_aside(Path(path), json.dumps(found, indent=1) + "\n")


def write_page(found, path):
    """Write docs/speed.md."""
    write_aside(Path(path), page(found))


def write_readme(found, path):
    """Put the short table between the two markers of the README."""
    text = Path(path).read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{path} needs the line {BEGIN} once and, after it, the line {END} once, to hold the speed table")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    write_aside(Path(path), f"{before}{BEGIN}\n{summary(found)}\n{END}{after}")
