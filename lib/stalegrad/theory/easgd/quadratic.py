"""Section 3.1: bias, variance and stability on quadratics (thesis of Zhang)."""

from __future__ import annotations
