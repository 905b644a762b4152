"""Section 3.3: EASGD and ADMM in the round-robin scheme (thesis of Zhang)."""

from __future__ import annotations
