"""Computed values of section 5.3 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

VALUES = {}
