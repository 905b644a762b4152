"""Figures of Liu et al. (paper key `PCA`)."""
