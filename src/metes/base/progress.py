"""How long work reports itself and learns that it should stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives reports of long work. `report` may raise `Cancelled`; callers let it pass, having written nothing yet."""

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Say that `done` of `total` units of `stage` are finished; a total of 0 means not known."""


class Silent:
    """A progress that nobody watches."""

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Take the report and drop it."""


SILENT = Silent()
