"""Computed values of He, Meng, Chen, Ma and Liu (paper key `SDDE`)."""

from __future__ import annotations

from stalegrad.moments import delay


def figure1(model, k, sigma2) -> dict:
    """Exact moments of one curve of Figure 1 at step k, the equations at time k eta (SDDE-F1)."""
    return delay.figure1(model, k, sigma2)


VALUES = {"SDDE-F1": figure1}
WORDS = {"SDDE-F1": {"model": ("asgd", "sdde", "sgd", "sde")}}
