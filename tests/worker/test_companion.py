"""The worker beside the server is started again when it dies, and ends with the server."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from metes.worker.companion import Companion


def test_a_killed_worker_is_started_again_and_the_last_one_ended(tmp_path: Path) -> None:
    fifo = tmp_path / "ids"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDWR)
    with Companion([sys.executable, "-c", _SCRIPT, str(fifo)], os.environ, pauses=(0.0,)) as companion, os.fdopen(reading) as ids:
        first = int(ids.readline())
        assert first == companion.pid
        os.kill(first, signal.SIGKILL)
        second = int(ids.readline())
        assert second != first
    # Ended and waited for: no process has its id.
    assert not Path(f"/proc/{second}").exists()


_SCRIPT = """
import os, signal, sys
with open(sys.argv[1], "w") as ids:
    print(os.getpid(), file=ids)
signal.pause()
"""
