"""Section 5.1: additive noise (thesis of Zhang)."""

from __future__ import annotations
