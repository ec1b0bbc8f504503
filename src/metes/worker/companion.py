"""The worker beside the server: a process of its own, started again when it dies."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

AGAIN_SECONDS = (1.0, 5.0, 30.0)
END_SECONDS = 30.0
log = logging.getLogger("metes.worker")


class Companion:
    """Runs a command until told to end, and again whenever it ends by itself, each time after a longer pause."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], pauses: Sequence[float] = AGAIN_SECONDS) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._pauses = pauses
        self._is_over = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._keep, name="companion", daemon=True)

    def __enter__(self) -> Companion:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process: its worker gives its job back. One that does not end in time is killed, and its job taken up later."""
        self._is_over.set()
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join()

    @property
    def pid(self) -> int:
        """The id of the process that runs now."""
        return self._process.pid

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self._environment)

    def _keep(self) -> None:
        ended = 0
        while True:
            code = self._process.wait()
            if self._is_over.is_set():
                return
            log.error("the worker ended with code %s and is started again", code)
            if self._is_over.wait(self._pauses[min(ended, len(self._pauses) - 1)]):
                return
            ended += 1
            self._process = self._start()
            if self._is_over.is_set():
                self._process.terminate()
