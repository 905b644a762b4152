"""Compiled kernels; imported only when something is simulated."""
