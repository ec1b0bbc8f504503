"""How long `make demo`'s work takes: the company made, loaded and assigned; and again with all there already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from benchmarks.figures import FOLDER, Figure, metes


def figures() -> Iterator[Figure]:
    """`metes demo` on a new database, then on the same; `make demo` adds the set-up of the environment, about 60 s the first time."""
    folder = FOLDER / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first = metes("demo", "--folder", folder / "files", database=folder / "metes.db")
    yield Figure("demo company of 20,000 accounts, from nothing to assigned", first.seconds, 240)
    yield Figure("  the second time", metes("demo", "--folder", folder / "files", database=folder / "metes.db").seconds, 20)
