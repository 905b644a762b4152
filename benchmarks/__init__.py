"""Speed of `stalegrad` beside its peers: ``python -m benchmarks`` (or ``make bench``).

Every candidate computes the same thing, is checked against exact moments before it is timed, uses one thread, and is timed
in turns with the others over several rounds. What is compared is process CPU time per path-step.
"""
