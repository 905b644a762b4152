"""The compiled generators against NumPy's, and how kernels are kept on disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import stalegrad
from stalegrad.engine.alias import alias_table
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.draws import sum_choices, sum_gammas, sum_normals
from stalegrad.engine.streams import Tape

FIRST = 2**32 - 64  # the block crosses the border between the two words of a path's index
TAPE = Tape(2**40 + 3, FIRST + np.arange(BLOCK, dtype=np.uint64))


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_staleness_and_components_are_the_same_integers(n):
    pmf = 0.1 * 0.9 ** np.arange(300)
    table, per_step = alias_table(pmf), 1 if n <= 2 else 2
    words = TAPE.words(0, 21 * per_step)
    tau = table.draw(words[::per_step] >> np.uint64(1))
    component = {1: 0 * words, 2: words & np.uint64(1)}.get(n, words[1::per_step] * np.uint64(n) >> np.uint64(32))
    assert np.array_equal(sum_choices(pmf, n, BLOCK, 21, TAPE.seed, FIRST), (tau + component).sum(axis=0))


def test_normals_agree_to_rounding():
    assert np.allclose(sum_normals(37, BLOCK, TAPE.seed, FIRST), TAPE.normals(0, 37).sum(axis=0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 3.0, 4.0, 0.3, 1.5, 7.3])
def test_gammas_agree_to_rounding(shape):
    reference = sum(TAPE.gammas(shape, number) for number in range(20))
    assert np.allclose(sum_gammas(shape, 20, BLOCK, TAPE.seed, FIRST), reference, rtol=1e-13)


LOADED = """
import numba, time
from stalegrad.engine import blocks
start = time.process_time()
from stalegrad.engine.compiled import delayed
print(time.process_time() - start)
"""


def test_a_kernel_loads_from_the_cache_in_half_a_second():
    subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    seconds = min(float(subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True).stdout) for _ in range(3))
    assert seconds < 0.5


def test_importing_the_library_loads_no_heavy_package():
    script = "import sys, stalegrad; print(sorted({'numba', 'matplotlib', 'IPython', 'xarray'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == "[]"


def test_a_changed_helper_leaves_no_stale_code(tmp_path):
    """Editing a module that a kernel inlines, but not the kernel's own file, must recompile the kernel."""
    package = tmp_path / "lib" / "stalegrad"
    shutil.copytree(Path(stalegrad.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    script = "from stalegrad.engine.draws import sum_normals; print(sum_normals(8, 1)[0])"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "lib"), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def printed():
        done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
        return float(done.stdout)

    before = printed()
    helper = package / "engine" / "compiled" / "philox.py"
    helper.write_text(helper.read_text().replace("radius * cosine, radius * sine", "2.0 * radius * cosine, 2.0 * radius * sine"))
    assert printed() == 2.0 * before
