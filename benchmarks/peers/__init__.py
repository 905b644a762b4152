"""One module a library. Each function takes a workload and returns ``run(seed) -> (mean, second_moment)``."""
