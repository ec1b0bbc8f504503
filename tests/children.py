"""Processes that tests start and kill: forked from one server that has loaded what they need, so that each begins at once."""

from __future__ import annotations

import multiprocessing

# One server serves all tests of a process, and the last call of this function would win: nobody else calls it.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["ibis", "metes.designing.running", "metes.importing.flow", "tests.faults.work", "tests.importing.striking"]
)
