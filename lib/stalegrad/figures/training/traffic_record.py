"""Records where the time of real processes goes, for the small counterpart of Table 4.4; needs the extras `nets` and `cluster`.

``python -m stalegrad.figures.training.traffic_record FILE`` makes, by MPI on this machine, runs of 400 batches of 128 images a worker: DOWNPOUR at
period 1 and EASGD at period 10, with 1, 2 and 4 workers, three times each, in a few minutes. A worker's time in exchanges is measured in the
run; that of loading is measured by itself, as the indexing of 400 batches; what is left is computation.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np

from stalegrad.files import write_aside

RUNS = {"DOWNPOUR": {"algorithm": "downpour", "period": 1}, "EASGD": {"algorithm": "easgd", "period": 10}}
WORKERS = (1, 2, 4)
BATCH, BATCHES, REPEATS = 128, 400, 3


@cache
def objective():
    """The network of the training chapters, at the thesis' size of a batch."""
    from stalegrad.nets.objectives import build

    return build("mlp", (("batch", BATCH),))


def record(file: Path) -> None:
    """Make all runs and write the seconds of every worker."""
    from stalegrad.cluster.log import host_facts

    rows = [one(name, workers, repeat) for repeat in range(REPEATS) for name in RUNS for workers in WORKERS]
    about = {"command": f"python -m {__spec__.name} FILE", "batch": BATCH, "batches": BATCHES, "parameters": objective().dim, "host": host_facts()}
    write_aside(file, json.dumps(about | {"runs": rows}, indent=1) + "\n")


def one(name: str, workers: int, repeat: int) -> dict:
    """A run, and the time of loading beside it."""
    from stalegrad.cluster.launch import launch
    from stalegrad.cluster.settings import settings_of

    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "result.json"
        fixed = {"problem": f"{__spec__.name}:objective", "eta": 0.01, "steps": BATCHES, "seed": repeat, "out": str(out)}
        if launch(settings_of(RUNS[name] | fixed | {"processes": workers + 1})):
            raise RuntimeError(f"the run of {name} with {workers} workers failed")
        each = json.loads(out.read_text())["each_worker"]
    described = {"method": name, "period": RUNS[name]["period"], "workers": workers, "loading": round(loading(repeat), 4)}
    return described | {key: [round(worker[key], 4) for worker in each] for key in ("seconds", "seconds_in_exchanges")}


def loading(seed: int) -> float:
    """Seconds to choose and gather the images of all batches of one worker."""
    began = time.monotonic()
    for step in range(BATCHES):
        objective().batch([(seed, 0, step)])
    return time.monotonic() - began


def read(file: Path) -> list[tuple[str, int, int, np.ndarray]]:
    """(method, period, workers, (repeats, 3) seconds of computation, data loading and communication), means over the workers."""
    found: dict[tuple[str, int, int], list] = {}
    for row in json.loads(Path(file).read_text())["runs"]:
        whole, exchanges = np.mean(row["seconds"]), np.mean(row["seconds_in_exchanges"])
        seconds = whole - exchanges - row["loading"], row["loading"], exchanges
        found.setdefault((row["method"], row["period"], row["workers"]), []).append(seconds)
    return [(*key, np.array(values)) for key, values in found.items()]


if __name__ == "__main__":
    record(Path(sys.argv[1]))
