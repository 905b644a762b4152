"""Figures of Zhang's thesis (paper key `EASGD`)."""
