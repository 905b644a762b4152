"""Discrete algorithms: constructors of processes."""
