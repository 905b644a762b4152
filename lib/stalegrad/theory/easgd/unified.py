"""Section 6.2: EASGD in Gauss-Seidel form, and DOWNPOUR (thesis of Zhang)."""

from __future__ import annotations
