"""Figures of He, Meng, Chen, Ma and Liu (paper key `SDDE`)."""
