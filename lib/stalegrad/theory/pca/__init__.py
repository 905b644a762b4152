"""Liu et al.: momentum against asynchrony in streaming PCA (paper key `PCA`)."""

from stalegrad.theory.pca import diffusion, flow, phases, recursion, stability, symbols

__all__ = ["diffusion", "flow", "phases", "recursion", "stability", "symbols"]
