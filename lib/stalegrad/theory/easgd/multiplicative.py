"""Section 5.2: multiplicative noise (thesis of Zhang)."""

from __future__ import annotations
