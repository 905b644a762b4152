"""Real asynchronous runs, by MPI and by Dask (extra `cluster`), and the logs that they leave (`log`, `laws`: no extra needed)."""
