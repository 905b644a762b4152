"""Figures of An, Lu and Ying (paper key `SME`)."""
