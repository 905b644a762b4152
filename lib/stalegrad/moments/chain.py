r"""Second moments over the modes of a chain: one sparse matrix on everything that has to be known.

The unknowns are, for each mode, the second moments :math:`E[\tilde s\tilde s^T;\text{mode}]`, one number for each orbit of
pairs of variables. The constants :math:`P(\text{mode})` and the means are among them.
"""

from __future__ import annotations

import warnings
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import ArpackError, eigs, splu

from stalegrad.moments.affine import Variables
from stalegrad.moments.orbits import Orbits
from stalegrad.moments.system import Array, Moments, radius
from stalegrad.moments.turns import Source, Transition, modes

LARGEST = 60_000
"""Most unknowns of a chain."""
LARGEST_MODE = 1500
"""Most unknowns of one of its modes: they are coupled to each other, all to all."""
DENSE = 1200
"""Most unknowns of which all eigenvalues are computed."""


class TooLarge(Exception):
    """The chain has more unknowns than are solved."""


class Chain:
    """The modes of a process and the matrix of one step on all their moments."""

    def __init__(self, origin: Source):
        self.first, classes_of, transitions_of = modes(origin)
        self.variables = origin.variables(origin.first)
        self.process, self.n_workers = origin.process, origin.n_workers
        self.alike = origin.is_alike and not origin.is_random
        self.orbits: dict[tuple[int, ...], Orbits] = {}
        self.places: dict[tuple[int, ...], slice] = {}
        self.transitions: dict[tuple[int, ...], list[Transition]] = {}
        self.size, waiting = 0, [self.first]
        if origin.n_phases * len(Orbits(self.variables.all, classes_of(self.first))) > 2 * LARGEST:
            raise TooLarge
        while waiting:
            mode = waiting.pop()
            if mode in self.orbits:
                continue
            self.orbits[mode] = Orbits(self.variables.all, classes_of(mode))
            self.places[mode] = slice(self.size, self.size + len(self.orbits[mode]))
            self.size += len(self.orbits[mode])
            if self.size > LARGEST or len(self.orbits[mode]) > LARGEST_MODE:
                raise TooLarge
            self.transitions[mode] = transitions_of(mode)
            waiting.extend(transition.target for transition in self.transitions[mode])

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """One step on all unknowns."""
        rows, columns, values = [], [], []
        for mode, transitions in self.transitions.items():
            for transition in transitions:
                block = self._block(mode, transition)
                row, column = np.nonzero(block)
                rows.append(row + self.places[transition.target].start)
                columns.append(column + self.places[mode].start)
                values.append(block[row, column])
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix(entries, shape=(self.size, self.size))

    def _block(self, mode: tuple[int, ...], transition: Transition) -> Array:
        """What a transition makes of the moments of its mode: (orbits of the target, orbits of the mode)."""
        orbits, target, columns = self.orbits[mode], self.orbits[transition.target], []
        rows, places = np.unique(np.concatenate(target.first), return_inverse=True)
        share = max(1, 2**24 // orbits.labels.size)
        for start in range(0, len(orbits), share):
            basis = np.eye(len(orbits))[start : start + share]
            if self.alike:
                # Pairs of an orbit stay equal: one of each is enough.
                moved = transition.step.advance(orbits.unpack(basis), rows)
                columns.append(moved[:, *np.split(places.ravel(), 2)])
                continue
            moved = transition.step.advance(orbits.unpack(basis))
            if transition.order is not None:
                moved = moved[:, transition.order][:, :, transition.order]
            columns.append(target.pack(moved))
        return transition.probability * np.concatenate(columns).T

    def packed(self, state: Array) -> Array:
        """The unknowns if the state (N,) is certain, in the first mode."""
        full = np.append(state, 1.0)
        vector = np.zeros(self.size)
        vector[self.places[self.first]] = self.orbits[self.first].pack(np.outer(full, full))
        return vector

    def moments(self, vectors: Array) -> Moments:
        """Moments of what the process observes, from unknowns (..., size)."""
        mean, second = self._observed
        shape = vectors.shape[:-1]
        return Moments(vectors @ mean.T, (vectors @ second.T).reshape(*shape, len(mean), len(mean)))

    @cached_property
    def _observed(self) -> tuple[Array, Array]:
        """Mean (D, size) and second moment (D^2, size) of what is observed, as functionals of the unknowns."""
        seen = observation(self.process, self.variables)
        alike = len(self.orbits) > 1 and self.n_workers > 1 and "n_workers" in self.process.parameters and self._renumbers
        every = Orbits(self.variables.all, np.zeros(self.n_workers, int)) if alike else None
        mean, second = np.zeros((len(seen), self.size)), np.zeros((len(seen) ** 2, self.size))
        for mode, orbits in self.orbits.items():
            basis = orbits.unpack(np.eye(len(orbits)))
            basis = basis if every is None else every.unpack(every.pack(basis))
            of_pair = seen @ basis @ seen.T
            mean[:, self.places[mode]] = (seen @ basis[..., -1, None])[..., 0].T
            second[:, self.places[mode]] = of_pair.reshape(len(orbits), -1).T
        return mean, second

    @property
    def _renumbers(self) -> bool:
        return any(t.order is not None for transitions in self.transitions.values() for t in transitions)

    def _where(self, kind: str) -> Array:
        """Places of "constant", "means" or "second" moments among the unknowns."""
        found = []
        for mode, orbits in self.orbits.items():
            chosen = {"constant": [orbits.constant], "means": orbits.means}
            chosen["second"] = np.setdiff1d(np.arange(len(orbits)), np.concatenate([chosen["constant"], chosen["means"]]))
            found.append(np.asarray(chosen[kind], int) + self.places[mode].start)
        return np.concatenate(found)

    def radius(self, kind: str = "second") -> float:
        """Spectral radius of one step on the "second" moments, or on the "means"."""
        if all(len(transitions) == 1 for transitions in self.transitions.values()):
            return self._radius_of_ring(kind)
        where = self._where(kind)
        part = self.matrix[where][:, where]
        if len(where) <= DENSE:
            return radius(part.toarray())
        try:
            found = eigs(part, k=6, which="LM", v0=np.ones(len(where)), return_eigenvectors=False, ncv=60, maxiter=2000)
        except ArpackError as problem:
            raise ValueError(f"no largest eigenvalue of {len(where)} moments ({problem}); take fewer workers or a shorter period") from None
        return float(np.abs(found).max())

    def _radius_of_ring(self, kind: str) -> float:
        """The radius per step, from the product over a cycle."""
        product, mode = None, self.first
        for _ in self.transitions:
            (transition,) = self.transitions[mode]
            rows, columns = (self._of(kind, m) for m in (transition.target, mode))
            block = self._block(mode, transition)[np.ix_(rows, columns)]
            product = block if product is None else block @ product
            mode = transition.target
        return radius(product) ** (1.0 / len(self.transitions))

    def _of(self, kind: str, mode: tuple[int, ...]) -> Array:
        orbits = self.orbits[mode]
        apart = np.append(orbits.means, orbits.constant)
        return orbits.means if kind == "means" else np.setdiff1d(np.arange(len(orbits)), apart)

    def stationary(self) -> Moments | None:
        """Moments in the long run, on average over the modes; None where they do not exist."""
        if not (self.radius("means") < 1.0 and self.radius("second") < 1.0):
            return None
        constant = self._where("constant")
        rest = np.setdiff1d(np.arange(self.size), constant)
        vector = np.empty(self.size)
        vector[constant] = self._probabilities(constant)
        shifted = sparse.identity(len(rest)) - self.matrix[rest][:, rest]
        vector[rest] = splu(shifted.tocsc()).solve(self.matrix[rest][:, constant] @ vector[constant])
        return self.moments(vector)

    def _probabilities(self, constant: Array) -> Array:
        """Long-run share of each mode."""
        change = (self.matrix[constant][:, constant] - sparse.identity(len(constant))).tolil()
        change[0] = 1.0
        return splu(change.tocsc()).solve(np.eye(len(constant))[0])


def observation(process, variables: Variables) -> Array:
    """What is observed of a state, as a matrix (D, N+1)."""
    n = len(variables)
    return np.hstack([process.observe(variables.state(np.eye(n))), np.zeros((process.dim, 1))])


def warn_no_limit(process) -> Moments:
    """Infinite moments, with a warning."""
    warnings.warn("no stationary second moment that every start reaches: inf is returned", RuntimeWarning, stacklevel=3)
    return Moments(np.full(process.dim, np.inf), np.full((process.dim, process.dim), np.inf))
