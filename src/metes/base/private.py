"""Files and folders that nobody but their owner may look into."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from metes.base.errors import Conflict, InputError

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


def new_text(path: Path) -> TextIO:
    """A new file of text to write to; Conflict where there is one, InputError where none can be made."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE), "w", encoding="utf-8", newline="")
    except FileExistsError:
        raise Conflict(f"expected a new file, but {path} is there already; name another") from None
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; name a file in a folder that you may write to") from None
