"""torch, or one clear error: modules of this extra take it from here."""

import os

# Read at MKL's first product. Without it MKL chooses its kernels by where a row lies in memory, and a run would depend on its neighbours.
os.environ.setdefault("MKL_CBWR", "AVX2")

try:
    import torch
except ModuleNotFoundError as missing:  # pragma: no cover
    raise ModuleNotFoundError("stalegrad.nets trains with torch, which is not installed: make env EXTRAS=nets") from missing

__all__ = ["torch"]
