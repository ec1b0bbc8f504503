"""Files and folders that nobody but their owner may look into."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

OWNER_FILE, OWNER_FOLDER = 0o600, 0o700


def private_folder(path: Path) -> Path:
    """The folder, made where it is missing, each missing one above it too; those that are there keep their rights."""
    for folder in reversed((path, *path.parents)):
        with suppress(FileExistsError):
            folder.mkdir(mode=OWNER_FOLDER)
    return path


def make_private(path: Path) -> None:
    """Make an empty file where there is none."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_FILE))


def open_private(path: Path) -> BinaryIO:
    """A new file to write to; FileExistsError where there is one."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_FILE), "w+b")
