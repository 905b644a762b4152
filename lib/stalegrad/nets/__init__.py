r"""Training of networks by asynchronous workers, in virtual time (extra `nets`).

Workers are simulated: a timetable of virtual seconds says who makes which local step when; gradients are computed for many
workers, and many runs, at once. A run is a function of its `Spec`, bit for bit.

>>> from stalegrad.nets import Clock, Spec
>>> spec = Spec("easgd", eta=0.1, n_workers=4, period=10, n_steps=1500, seed=0, clock=Clock(shape=16.0))
>>> from stalegrad.nets import run_all                        # doctest: +SKIP
>>> traces = run_all([spec.at(seed=s) for s in range(3)])     # doctest: +SKIP
>>> traces[0].time, traces[0]["test_error"]                   # doctest: +SKIP

- `Spec`: everything a run depends on: method, eta, seed, objective and options, workers, period, momentum, alpha or beta, n_steps, decay, cuts,
  `Clock`, `Tree`, evaluations. `.at(...)` changes fields, `.digest` names it, `.observed` lists the variables that are looked at.
- `Clock`: service times, speeds, communication, a serial master, workers that stop early.
- `Tree`: shape, scheme and message times of an EASGD Tree.
- `run_all(specs)`: a `Trace` for each spec, from the store where it is known, else computed, many runs together.
- `Trace`: `time`, `steps`, `updates` at the evaluations; `trace["test_error"]` of the main variable, `trace["test_error", "average"]` of
  another one; `exchanges`, `seconds`, `diverged`, `skipped`.
- `compare`: choice of the learning rate, bands over seeds, paired differences, time to a threshold.
- `objectives.OBJECTIVES`: what can be trained, and the options of each.

Methods: "easgd", "eamsgd", "downpour" (with its averages ADOWNPOUR and MVADOWNPOUR), "mdownpour", "heavy_ball" (asynchronous),
"sgd" (with its averages ASGD and MVASGD), "msgd" (Nesterov), "easgd_tree", "eamsgd_tree". What they observe is `Spec.observed`.
"""

from importlib import import_module

_HOMES = {
    "Clock": "timetable",
    "Spec": "spec",
    "Trace": "trace",
    "Tree": "tree_time",
    "compare": None,
    "run_all": "run",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"stalegrad.nets has no attribute {name!r}")
    home = _HOMES[name]
    value = import_module(f"stalegrad.nets.{name}") if home is None else getattr(import_module(f"stalegrad.nets.{home}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
