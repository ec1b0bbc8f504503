"""Whether a worker on this machine lives: each holds a lock on a file of its own, which the system lets go of the moment it dies."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from pathlib import Path
from types import TracebackType
from uuid import uuid4

from metes.base.private import private_folder

FOLDER = "workers"


class Presence:
    """A worker's name, and the lock that says it is there; names of other workers can be asked after.

    A folder that several machines share may know no locks between them: then nothing is said of the others.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        host = re.sub(r"[^\w.-]", "-", socket.gethostname())
        self.name = f"{host}:{os.getpid()}:{uuid4().hex[:8]}"
        self._file = -1

    def __enter__(self) -> Presence:
        private_folder(self._folder)
        self._sweep()
        self._file = os.open(self._path(self.name), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._path(self.name).unlink(missing_ok=True)
        os.close(self._file)

    def lives(self, name: str) -> bool | None:
        """Whether the worker of a name lives; None where that cannot be told from here."""
        if name == self.name:
            return True
        try:
            file = os.open(self._path(name), os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return None
        finally:
            os.close(file)
        return False

    def _path(self, name: str) -> Path:
        return self._folder / (re.sub(r"[^\w.-]", "_", name) + ".lock")

    def _sweep(self) -> None:
        """Drop the files of workers that died long enough ago for their jobs to have been taken up."""
        keep = 200
        old = sorted(self._folder.glob("*.lock"), key=lambda path: path.stat().st_mtime, reverse=True)[keep:]
        for path in old:
            if self.lives(path.stem) is False:
                path.unlink(missing_ok=True)
