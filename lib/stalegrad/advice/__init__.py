"""Advice for a real asynchronous run, from what its owner knows; every line names the claim that it rests on."""

from stalegrad.advice.advisor import advise
from stalegrad.advice.measured import measured_law, of_log
from stalegrad.advice.oracle import estimate_curvature, estimate_noise
from stalegrad.advice.report import Advice, Check, Line
from stalegrad.advice.situation import Situation

__all__ = ["Advice", "Check", "Line", "Situation", "advise", "estimate_curvature", "estimate_noise", "measured_law", "of_log"]
