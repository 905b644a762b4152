"""Computed values of section 3.2 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

VALUES = {}
