"""Whatever takes a problem says at once, and in the same words, that it was given something else."""

import inspect

import pytest

import stalegrad as sg

GIVEN = {
    "eta": 0.1,
    "staleness": sg.constant(1),
    "delay": 1,
    "batch": 2,
    "momentum": 0.5,
    "mu": 0.5,
    "weights": [1.0],
    "mus": [0.5],
    "n_workers": 2,
    "alpha": 0.1,
    "beta": 0.2,
    "rho": 1.0,
    "rate": 0.1,
    "degree": 2,
    "depth": 2,
    "scheme": sg.multiscale(1, 10),
}


def takes_a_problem(name):
    made = getattr(sg, name)
    return inspect.isfunction(made) and next(iter(inspect.signature(made).parameters), "") == "problem"


CONSTRUCTORS = [name for name in sg.__all__ if takes_a_problem(name)]


def called(name, problem):
    parameters = list(inspect.signature(getattr(sg, name)).parameters.values())[1:]
    return getattr(sg, name)(problem, **{p.name: GIVEN[p.name] for p in parameters if p.default is p.empty})


def test_the_constructors_are_found():
    families = {"sgd", "msgd", "nesterov", "asgd", "async_msgd", "easgd", "eamsgd", "async_easgd", "downpour", "admm", "easgd_tree", "averaged_sgd"}
    assert families | {"sme_sgd", "sme_msgd", "sme_asgd", "sme_asgd_linear", "sme_asgd_mixture", "sdde"} <= set(CONSTRUCTORS)


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_something_else_than_a_problem_is_refused(name):
    for wrong in (lambda x: 2.0 * x, "quadratic", sg.problems.quadratic):
        with pytest.raises(ValueError, match=r"problem=.* is no problem: make one with sg\.problems"):
            called(name, wrong)
    assert called(name, sg.problems.quadratic([[1.0], [-1.0]])).problem.dim == 1


MOMENTS = {
    "of": lambda model: sg.moments.of(model, 1.0),
    "exact_limit": lambda model: sg.moments.exact_limit(model, 1.0, [1.0]),
    "stationary": sg.moments.stationary,
    "spectral_radius": sg.moments.spectral_radius,
    "decay_rate": sg.moments.decay_rate,
    "simulate": lambda model: sg.simulate(model, 1.0),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_problem_in_place_of_an_algorithm_is_refused(name):
    for wrong in (sg.problems.quadratic([[1.0], [-1.0]]), sg.sgd):
        with pytest.raises(ValueError, match="is neither a process nor a limit: give sgd"):
            MOMENTS[name](wrong)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda word: sg.sgd(sg.problems.quadratic([[1.0]]), word), "eta"),
        (lambda word: sg.problems.quadratic([[1.0]], word), "curvature"),
        (sg.geometric, "mu"),
        (lambda word: sg.moments.of(sg.sgd(sg.problems.quadratic([[1.0]]), 0.1), word), "start"),
    ],
)
def test_a_word_in_place_of_a_number_is_named(make, name):
    with pytest.raises(ValueError, match=rf"^{name}='fast' is no (number|point): give"):
        make("fast")
