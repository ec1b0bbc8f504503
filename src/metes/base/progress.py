"""How long work reports itself and learns that it should stop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from metes.base.errors import Cancelled


class Progress(Protocol):
    """Receives reports of long work. `report` may raise `Cancelled`; callers let it pass, having written nothing yet."""

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Say that `done` of `total` units of `stage` are finished; a total of 0 means not known."""


class Silent:
    """A progress that nobody watches."""

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Take the report and drop it."""


SILENT = Silent()


class Behind:
    """A progress for work behind the point of no return: what was asked to stop has been written already, so it goes on to its end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Hand the report on, and let no cancellation through."""
        with suppress(Cancelled):
            self._progress.report(stage, done, total)


class Checkpoint(Protocol):
    """Where work keeps what it may go on from when its worker is lost or it is resumed."""

    def load(self) -> Mapping[str, Any] | None:
        """What an earlier attempt kept; None at the first."""

    def save(self, value: Mapping[str, Any]) -> None:
        """Keep plain values, in the place of those kept before."""


class NoCheckpoint:
    """A checkpoint of work that is not resumed."""

    def load(self) -> Mapping[str, Any] | None:
        """Nothing."""
        return None

    def save(self, value: Mapping[str, Any]) -> None:
        """Take the value and drop it."""


NO_CHECKPOINT = NoCheckpoint()
