"""The fast core: random numbers, blocked kernels, the driver and its result."""
