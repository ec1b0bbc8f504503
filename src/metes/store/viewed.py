"""The database of an administrator who looks at the workspace as somebody else: it is not written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from metes.base.errors import Refused
from metes.store.engine import PATIENCE_SECONDS, ReadOnly


class Viewed(ReadOnly):
    """A database that somebody looks at in another user's name, and does not write to."""

    def write(self, *, patience_seconds: float = PATIENCE_SECONDS, on_wait: Callable[[float], None] | None = None) -> NoReturn:
        """Refused, always."""
        del patience_seconds, on_wait
        raise Refused("you look at this as somebody else, where nothing can be changed; stop viewing first")
