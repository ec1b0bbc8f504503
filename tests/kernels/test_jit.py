"""Kernels work where nothing can be written, and are read from their cache where it can."""

import os
import subprocess
import sys
from pathlib import Path

COUNT = (
    "import numpy as np; from metes.kernels import matching as m; f = np.zeros(3, np.int64); r = np.array([1, 0, 1], np.int32); "
)
COUNT += "o = np.zeros(3, np.int32); m.group_by_row(r, r, f, o); print(f.tolist(), o.tolist())"


def run(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout.strip()


def test_a_kernel_is_compiled_anew_where_no_cache_can_be_kept() -> None:
    assert run(NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator") == "[0, 1, 3] [0, 1, 1]"


def test_a_kernel_is_read_from_the_cache_folder_that_was_named(tmp_path: Path) -> None:
    assert run(NUMBA_CACHE_DIR=str(tmp_path)) == "[0, 1, 3] [0, 1, 1]"
    assert list(tmp_path.rglob("*.nbi"))
