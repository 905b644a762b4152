"""The command-line options of a real run; light, so that the command line can offer them without loading anything."""

from __future__ import annotations

import argparse

SERVER = ("asgd", "downpour", "easgd", "eamsgd")
"""Algorithms with one centre: process 0 keeps it, every other process is a worker."""
TREES = ("easgd-tree", "eamsgd-tree")
"""Algorithms in which every process is a node of a tree."""
ALGORITHMS = SERVER + TREES
SERVICE_LAWS = ("exponential", "gamma", "constant")
SCHEMES = {"multiscale": "TAU1,TAU2", "up-down": "UP,DOWN"}
OF_REAL_RUNS = (
    "processes alpha momentum period degree scheme service service_law service_shape speeds latency checkpoint checkpoint_every resume "
    "log trace progress"
).split()
"""What `add_options` adds."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a real run; none has a default here, so that an engine can tell what it was given."""
    add = parser.add_argument
    add("-n", "--processes", type=int, metavar="N", help="processes: a server and N - 1 workers, or N nodes of a tree (default: 5, tree: 7)")
    add("--alpha", type=float, help="moving rate (default: 0.9 / workers, tree: 0.9 / (degree + 1))")
    add("--momentum", type=float, help="momentum of eamsgd (default: 0.9)")
    add("--period", type=int, help="local steps between two exchanges with the server (default: 1)")
    add("--degree", type=int, help="children of a node of a tree (default: 2)")
    add("--scheme", help=f"periods of a tree, {' or '.join(f'{name}:{form}' for name, form in SCHEMES.items())} (default: multiscale:1,10)")
    add("--service", type=float, metavar="SECONDS", help="pad local steps to this mean time (default: not padded)")
    add("--service-law", choices=SERVICE_LAWS, help="law of padded steps (default: exponential)")
    add("--service-shape", type=float, metavar="K", help="shape of the gamma law, coefficient of variation 1 / sqrt(K) (default: 1, exponential)")
    add("--speeds", metavar="S,S,...", help="one speed a worker; divides its service time (default: all 1)")
    add("--latency", type=float, metavar="SECONDS", help="hold each message, exponential with this mean (default: 0)")
    add("--checkpoint", metavar="FILE", help="write a checkpoint here now and then")
    add("--checkpoint-every", type=float, metavar="SECONDS", help="seconds between two checkpoints (default: 30)")
    add(
        "--resume",
        action="store_const",
        const=True,
        help="go on from the checkpoint of a run that was stopped, or that shall make more --steps",
    )
    add("--log", metavar="FILE", help="write a line for every update; `stalegrad staleness` reads it (a tree: a file a node)")
    add("--trace", metavar="FILE", help="write the centre after every update (a tree: a file a node)")
    add("--progress", action="store_const", const=True, help="show on stderr how far the run is (default: on a terminal)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that fixes a real run: the algorithm, what any engine takes, and `add_options`."""
    parser.add_argument("algorithm", metavar="ALGORITHM", help=", ".join(ALGORITHMS))
    parser.add_argument("--problem", help="quadratic, quartic, double-well or package.module:function (default: quadratic)")
    parser.add_argument("--start", type=float, help="every coordinate of the initial point (default: 1)")
    parser.add_argument("--eta", type=float, help="learning rate (default: 0.01)")
    parser.add_argument("--steps", type=int, help="local steps of every worker (default: 1000)")
    parser.add_argument("--seed", type=int, help="seed of the data rows (default: 0)")
    parser.add_argument("--out", metavar="FILE", help="write the result here as JSON")
    add_options(parser)
