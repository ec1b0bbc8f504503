"""How long the command line takes to say what it can do."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, median, run


def figures() -> Iterator[Figure]:
    """`metes --help`, the median of five."""
    runs = [run([sys.executable, "-m", "metes", "--help"]) for _ in range(6)][1:]
    yield Figure("metes --help", median([r.seconds for r in runs]), 0.3, note="median of 5, warm")
