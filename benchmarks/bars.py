"""What the project asks of itself.

A bar on a library applies to its rows of kind "library": its own samplers and documented interface, vectorised, buffers and
blocks tuned. Rows "by hand" show how far somebody who knows the library well can go; they are measured but carry no bar.
"""

from benchmarks import delayed, elastic, pca

LIMITS = {"W1": 1.5, "W2": 1.5} | dict.fromkeys((*delayed.WORKLOADS, *pca.WORKLOADS, *elastic.WORKLOADS), 1.5)
FASTER = {
    "W1:numpy": 7.0,
    "W1:jax": 12.0,
    "W2:numpy": 7.0,
    "W2:diffrax": 40.0,
    "W2:torchsde": 250.0,
    **{f"{name}:numpy": 4.0 for name in pca.WORKLOADS},
    **{f"{name}:numpy": 5.0 for name in delayed.WORKLOADS},
    **{f"{name}:jax": 10.0 for name in delayed.WORKLOADS},
    **{f"{name}:numpy": 7.0 if workload.closed_form else 2.0 for name, workload in elastic.WORKLOADS.items()},
}
FLAT = 0.10
THREADS = 0.05
LOAD_CACHED = 0.5
LOAD_COLD = 3.0


def speed_bars(rows):
    """Bars on ratios within the run; `rows` as `benchmarks.measure.measure` returns them."""
    bars = []
    for row in rows:
        if "ratio" not in row:
            continue
        if row["kind"] == "limit":
            bars.append(at_most(row["id"], "our time / time of the draws alone", 1 / row["ratio"], LIMITS[row["workload"]]))
        elif row["id"] in FASTER:
            bars.append(at_least(row["id"], "their time / our time", row["ratio"], FASTER[row["id"]]))
    return bars


def at_most(row, quantity, value, required):
    return _bar(row, quantity, value, required, "<=", value <= required)


def at_least(row, quantity, value, required):
    return _bar(row, quantity, value, required, ">=", value >= required)


def _bar(row, quantity, value, required, relation, met):
    return {"row": row, "quantity": quantity, "value": value, "relation": relation, "required": required, "met": met}
