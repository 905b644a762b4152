"""Zhang: distributed stochastic optimization for deep learning, elastic averaging SGD (paper key `EASGD`)."""

from stalegrad.theory.easgd import additive, multiplicative, nonconvex, quadratic, round_robin, strongly_convex, unified

__all__ = ["additive", "multiplicative", "nonconvex", "quadratic", "round_robin", "strongly_convex", "unified"]
