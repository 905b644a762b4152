"""Continuous-time limits, and how they are stepped."""
