"""Files and folders that nobody but their owner may look into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from metes.base.private import make_private, open_private, private_folder


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    """The rights of a path."""
    return path.stat().st_mode & 0o777


def test_missing_folders_are_made_for_their_owner_alone_and_others_keep_their_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert private_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert private_folder(tmp_path / "a" / "b" / "c").is_dir()
    assert {rights(tmp_path / "a"), rights(tmp_path / "a" / "b"), rights(tmp_path / "a" / "b" / "c")} == {0o700}
    assert rights(tmp_path) == 0o755


def test_a_file_is_made_once_and_what_is_in_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    make_private(path)
    assert rights(path) == 0o600
    path.write_text("kept")
    path.chmod(0o640)
    make_private(path)
    assert (path.read_text(), rights(path)) == ("kept", 0o640)
    with pytest.raises(FileExistsError):
        open_private(path)
    with open_private(tmp_path / "new") as file:
        file.write(b"x")
    assert rights(tmp_path / "new") == 0o600
