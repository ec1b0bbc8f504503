"""A command line on a new database in a new folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from metes.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document."""
        return json.loads(self.out)


Command = Callable[..., Ran]


@pytest.fixture
def metes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command in an empty folder with its own database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("METES_DB", raising=False)

    def command(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        code = run([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return command
