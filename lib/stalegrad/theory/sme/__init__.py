"""An, Lu, Ying: stochastic modified equations for asynchronous SGD (paper key `SME`)."""

from stalegrad.theory.sme import hjb, iteration, langevin, paths, quadratic, sigma

__all__ = ["hjb", "iteration", "langevin", "paths", "quadratic", "sigma"]
