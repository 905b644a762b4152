"""He, Meng, Chen, Ma, Liu: delay equations for asynchronous SGD (paper key `SDDE`)."""

from stalegrad.theory.sdde import approximation, energy, error, moment_estimate, rates

__all__ = ["approximation", "energy", "error", "moment_estimate", "rates"]
