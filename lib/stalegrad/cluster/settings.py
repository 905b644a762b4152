"""What fixes a real run: its options, the same for every way of starting it, checked before anything starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from importlib import import_module
from pathlib import Path

import numpy as np

from stalegrad.cluster.options import ALGORITHMS, SCHEMES, SERVICE_LAWS, TREES
from stalegrad.engine.checks import finite, positive, signed_fraction, whole


@dataclass(frozen=True)
class Settings:
    """The options of a real run; `settings_of` makes them from a parsed command line, with checks.

    Attributes
    ----------
    algorithm : str
        One of `ALGORITHMS`.
    processes : int
        Processes in all; with a centre one of them is the server, in a tree each is a node.
    problem : str
        A built-in problem, or "package.module:function" with a function that returns one, or an objective of a network
        ("stalegrad.nets.objectives:mlp").
    start : float
        Every coordinate of the common initial point; a network has its own.
    eta, alpha, momentum : float
        Learning rate, moving rate, the thesis' delta.
    period : int
        Communication period in local steps; of no meaning in a tree.
    degree : int
        Children of a node of a tree.
    scheme : str
        "multiscale:TAU1,TAU2" or "up-down:UP,DOWN", the periods of a tree.
    steps : int
        Local steps of every worker, or leaf.
    seed : int
        Seed of the data rows: worker i draws those of path i.
    service : float
        Seconds that a local step lasts on average, at speed 1; 0 leaves it as fast as it is.
    service_law : str
        Law of these seconds, "exponential", "gamma" or "constant".
    service_shape : float
        Shape of the Gamma law, whose coefficient of variation is shape^(-1/2).
    speeds : tuple of float
        One a worker, or empty for all 1: what the mean of its service is divided by.
    latency : float
        Mean seconds that each message is held, exponential; 0 sends it at once.
    checkpoint : str
        File of the checkpoint, or empty for none; `checkpoint_every` seconds pass between two.
    resume : bool
        Go on from the checkpoint.
    log, trace, out : str
        Files for the updates, for the centre after each of them, and for the result; empty for none.
    progress : bool
        Show how far the run is.
    engine : str
        "mpi" or "dask": what carries the messages, for the log and the result.
    """

    algorithm: str
    processes: int
    problem: str = "quadratic"
    start: float = 1.0
    eta: float = 0.01
    alpha: float = 0.0
    momentum: float = 0.9
    period: int = 1
    degree: int = 2
    scheme: str = "multiscale:1,10"
    steps: int = 1000
    seed: int = 0
    service: float = 0.0
    service_law: str = "exponential"
    service_shape: float = 1.0
    speeds: tuple[float, ...] = ()
    latency: float = 0.0
    checkpoint: str = ""
    checkpoint_every: float = 30.0
    resume: bool = False
    log: str = ""
    trace: str = ""
    out: str = ""
    progress: bool = False
    engine: str = "mpi"

    @property
    def is_tree(self) -> bool:
        """Whether the processes form a tree."""
        return self.algorithm in TREES

    @property
    def workers(self) -> int:
        """Processes that compute gradients: all but the server, or the leaves."""
        return self.degree ** depth_of(self.processes, self.degree) if self.is_tree else self.processes - 1

    def described(self) -> dict:
        """What fixes the computation, for a log, a checkpoint or a result: no files, no length."""
        left_out = (*unused(self.algorithm), *FILES, "steps", "engine")
        return {name: value for name, value in asdict(self).items() if name not in left_out}


NAMES = tuple(field.name for field in fields(Settings))
WRITTEN = ("checkpoint", "log", "trace", "out")
FILES = (*WRITTEN, "checkpoint_every", "resume", "progress")
"""Options that have no part in the computation."""


def unused(algorithm: str) -> tuple[str, ...]:
    """Options that the algorithm has no use for.

    >>> unused("easgd")
    ('momentum', 'degree', 'scheme')
    """
    of_elastic = () if algorithm.startswith("ea") else ("alpha",)
    of_momentum = () if algorithm.startswith("eamsgd") else ("momentum",)
    of_shape = ("period",) if algorithm in TREES else ("degree", "scheme")
    return of_elastic + of_momentum + of_shape


def settings_of(given: dict) -> Settings:
    """Settings from options by name, where None means the default.

    Raises
    ------
    ValueError
        For an unknown algorithm or problem, a rate, period, number or time out of range, speeds that are not one a worker,
        processes that make no full tree, or files that cannot be (a resume without a checkpoint).

    Examples
    --------
    >>> settings_of({"algorithm": "easgd", "processes": 5}).alpha
    0.225
    """
    chosen = {name: value for name, value in given.items() if value is not None and name in NAMES}
    algorithm = chosen["algorithm"]
    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm = {algorithm!r} cannot be run for real; choose one of {', '.join(ALGORITHMS)}")
    meaningless = [name for name in unused(algorithm) if name in chosen]
    if meaningless:
        raise ValueError(f"{meaningless[0]}={chosen[meaningless[0]]} has no meaning for {algorithm}: leave it out")
    tree = algorithm in TREES
    chosen.setdefault("processes", 7 if tree else 5)
    if isinstance(chosen.get("speeds"), str):
        chosen["speeds"] = _numbers(chosen["speeds"], "speeds")
    degree = whole(chosen.get("degree", 2), "degree", 1)
    whole(chosen["processes"], "processes", 2)
    if tree:
        depth_of(chosen["processes"], degree)
    chosen.setdefault("alpha", 0.9 / (degree + 1) if tree else 0.9 / (chosen["processes"] - 1))
    settings = Settings(**chosen)
    _checked(settings)
    return settings


def _checked(s: Settings) -> None:
    positive(s.eta, "eta"), finite(s.alpha, "alpha"), signed_fraction(s.momentum, "momentum"), finite(s.start, "start")
    whole(s.period, "period", 1), whole(s.steps, "steps", 1), whole(s.seed, "seed", 0)
    if s.algorithm == "asgd" and s.period != 1:
        raise ValueError(f"period={s.period} is not that of asgd, which pushes every gradient: run downpour, or leave the period out")
    for name in ("service", "latency"):
        if not 0.0 <= finite(getattr(s, name), name):
            raise ValueError(f"{name}={getattr(s, name)} must be 0 or more seconds")
    positive(s.checkpoint_every, "checkpoint_every", "seconds between two checkpoints must be positive and finite")
    if s.service_law not in SERVICE_LAWS:
        raise ValueError(f"service_law={s.service_law!r} is unknown: give one of {', '.join(SERVICE_LAWS)}")
    if s.speeds and len(s.speeds) != s.workers:
        raise ValueError(f"speeds lists {len(s.speeds)} workers, but there are {s.workers}: give one speed a worker")
    positive(s.service_shape, "service_shape", "the shape of a Gamma law must be positive and finite")
    if s.service_shape != 1.0 and s.service_law != "gamma":
        raise ValueError(f"service_shape={s.service_shape} has no meaning for the {s.service_law} law: give --service-law gamma, or leave it out")
    for i, speed in enumerate(s.speeds):
        positive(speed, f"speeds[{i}]", "a speed must be positive and finite")
    names = [(name, Path(getattr(s, name)).absolute()) for name in WRITTEN if getattr(s, name)]
    for i, (name, path) in enumerate(names):
        for other, again in names[:i]:
            if path == again:
                raise ValueError(f"{other} and {name} are both {getattr(s, name)!r}: give each a file of its own")
    if s.resume and not s.checkpoint:
        raise ValueError("resume is asked for without a checkpoint: name its file by --checkpoint")
    if s.is_tree:
        scheme_of(s)
    problem_of(s.problem)


def depth_of(nodes: int, degree: int) -> int:
    """Levels below the root of the full tree with that many nodes, at least 1; ValueError if there is none.

    >>> depth_of(7, degree=2)
    2
    """
    depth, total = 1, 1 + degree
    while total < nodes:
        depth += 1
        total += degree**depth
    if total != nodes:
        raise ValueError(f"processes={nodes} make no full tree of degree {degree}: the next larger one has {total} nodes; give -n {total}")
    return depth


def scheme_of(settings: Settings):
    """The scheme of a tree, as the library has it (`stalegrad.algorithms.tree`)."""
    from stalegrad.algorithms.tree import multiscale, up_down

    name, _, text = settings.scheme.partition(":")
    periods = _numbers(text, "scheme") if text else ()
    if name not in SCHEMES or len(periods) != 2 or any(period != int(period) for period in periods):
        raise ValueError(f"scheme={settings.scheme!r} is not known: give {' or '.join(f'{n}:{form}' for n, form in SCHEMES.items())}")
    return {"multiscale": multiscale, "up-down": up_down}[name](*(int(period) for period in periods))


def problem_of(name: str):
    """The problem of that name: a built-in one, or what "package.module:function" returns, a problem or an objective of a network."""
    from stalegrad.claims.models import problem

    if ":" not in name:
        return problem(name)
    home, _, function = name.partition(":")
    try:
        made = getattr(import_module(home), function)()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"problem={name!r} cannot be had ({error}): give package.module:function, importable where the run starts") from error
    if hasattr(made, "blocks"):
        return made
    if hasattr(made, "evaluate"):
        from stalegrad.cluster.network import as_problem

        return as_problem(made)
    raise ValueError(f"problem={name!r} gives {type(made).__name__}: return a problem (sg.problems) or an objective of stalegrad.nets")


def start_of(settings: Settings, problem) -> np.ndarray:
    """The common initial point (d,): that of the network for this seed, or `start` in every coordinate."""
    return problem.start(settings.seed) if hasattr(problem, "start") else np.full(problem.dim, settings.start, dtype=float)


def evaluated(problem, centre: np.ndarray) -> dict:
    """For a network its losses and errors at the centre (d,), for a result; nothing for other problems."""
    return {"evaluation": problem.evaluate(centre)} if hasattr(problem, "evaluate") else {}


def process_of(settings: Settings, n_workers: int | None = None, schedule=None):
    """The library's process of these settings; with a centre, for some other number of workers or schedule if given."""
    from stalegrad.algorithms.asynchronous import async_eamsgd, async_easgd
    from stalegrad.algorithms.downpour import downpour
    from stalegrad.algorithms.tree import eamsgd_tree, easgd_tree

    s, problem = settings, problem_of(settings.problem)
    if s.is_tree:
        shape = {"degree": s.degree, "depth": depth_of(s.processes, s.degree), "scheme": scheme_of(s)}
        return (
            easgd_tree(problem, s.eta, s.alpha, **shape) if s.algorithm == "easgd-tree" else eamsgd_tree(problem, s.eta, s.alpha, s.momentum, **shape)
        )
    turns = {"n_workers": n_workers or s.workers, "period": s.period, "schedule": schedule}
    if s.algorithm == "easgd":
        return async_easgd(problem, s.eta, s.alpha, **turns)
    if s.algorithm == "eamsgd":
        return async_eamsgd(problem, s.eta, s.alpha, s.momentum, **turns)
    return downpour(problem, s.eta, **turns)


def words(settings: Settings) -> list[str]:
    """The command line that `options.add_arguments` reads back into the same settings."""
    left_out = ("algorithm", "resume", "progress", "engine", *unused(settings.algorithm))
    given = {name: value for name, value in asdict(settings).items() if name not in left_out and value not in ("", ())}
    text = {name: ",".join(map(repr, value)) if name == "speeds" else str(value) for name, value in given.items()}
    flags = [f"--{name}" for name in ("resume", "progress") if getattr(settings, name)]
    return [settings.algorithm, *(f"--{name.replace('_', '-')}={value}" for name, value in text.items()), *flags]


def _numbers(text: str, name: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise ValueError(f"{name}={text!r} must be numbers with commas between them") from error


def beside(path: str, node: int) -> Path:
    """The file of a node: `path` for the root (or the server), the others' have the node in their name.

    >>> beside("run.jsonl", 3).name
    'run.node3.jsonl'
    """
    file = Path(path)
    return file.with_name(f"{file.stem}.node{node}{file.suffix}") if node else file


def file_of(path: str, node: int) -> Path | None:
    """`beside`, or None for no file."""
    return beside(path, node) if path else None
