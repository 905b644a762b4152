"""Computed values of section 5.1 of Zhang's thesis (paper key `EASGD`)."""

from __future__ import annotations

VALUES = {}
