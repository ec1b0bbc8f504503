"""What a workspace leaves on the disk is for its owner alone, whatever the shell allows others."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from metes.app.doctor import back_up
from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import Conflict, InputError
from metes.base.progress import SILENT
from metes.worker.presence import Presence


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_database_cache_uploads_and_backups_are_for_their_owner_alone(tmp_path: Path) -> None:
    settings = AppSettings(f"sqlite:///{tmp_path / 'metes.db'}", tmp_path / "cache" / "metes")
    workspace = open_workspace(settings)
    workspace.user_add("ana", "a password of ana")
    workspace.book()
    workspace.upload_keep("secret.csv", io.BytesIO(b"id\n1\n"))
    back_up(settings, tmp_path / "backup.zip", datetime.now(UTC), SILENT)
    with Presence(settings.books / "workers"):
        found = {
            path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777
            for path in (tmp_path / "metes.db", tmp_path / "metes.db-wal", tmp_path / "metes.db-shm", tmp_path / "backup.zip")
        }
        assert set(found.values()) == {0o600}, found
        folders = [path for path in (tmp_path / "cache", *(tmp_path / "cache").rglob("*")) if path.is_dir()]
        assert any("uploads" in path.as_posix() for path in folders)
        assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}, folders
    workspace.close()


def test_what_is_written_out_of_people_is_for_its_owner_alone_and_in_a_new_file(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    for name, write in (("trail.csv", sqlite_workspace.audit_write), ("sign-ins.csv", sqlite_workspace.sign_in_write)):
        write(tmp_path / name)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        with pytest.raises(Conflict, match="there already"):
            write(tmp_path / name)
        with pytest.raises(InputError, match="cannot write"):
            write(tmp_path / "missing" / name)
