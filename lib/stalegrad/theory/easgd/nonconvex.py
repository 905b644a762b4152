"""Section 5.3: a non-convex case (thesis of Zhang)."""

from __future__ import annotations
