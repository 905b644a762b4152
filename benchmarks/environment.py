"""One thread and double precision for every library, decided before any of them is imported."""

import os

SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "STALEGRAD_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
}


def use_one_thread():
    """Set the variables that child processes inherit."""
    os.environ.update(SETTINGS)


def pin_to_one_cpu():
    """Keep this process on one CPU, where the system can, so that no hidden thread pool runs in parallel."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
