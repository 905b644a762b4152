"""Section 3.2: the strongly convex case (thesis of Zhang)."""

from __future__ import annotations
