"""Which jobs are held by workers that are gone: decided by what is seen of them, never by comparing the clocks of two machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metes.store.jobs import Held

# A worker beats every second, on PostgreSQL beside any other writer. Thirty beats missed is no pause of a living one.
LOST_AFTER_SECONDS = 30.0
# A worker that is known to live is silent while it writes: on SQLite its own beats wait for its own transaction.
STUCK_AFTER_SECONDS = 900.0


class Watch:
    """Follows the beats of running jobs. `lives` tells of a worker's name whether it lives, or None where nobody knows."""

    def __init__(self, name: str, lives: Callable[[str], bool | None]) -> None:
        self._name = name
        self._lives = lives
        self._seen: dict[Held, float] = {}

    def lost(self, running: Sequence[Held], clock: float) -> tuple[Held, ...]:
        """The jobs to take up, `clock` being seconds that only ever grow.

        A job of this worker's own is one it could not end, for it asks only when it has nothing to do.
        """
        self._seen = {held: self._seen.get(held, clock) for held in running}
        return tuple(held for held, since in self._seen.items() if self._is_lost(held, clock - since))

    def _is_lost(self, held: Held, silent_seconds: float) -> bool:
        if held.worker == self._name:
            return True
        lives = self._lives(held.worker)
        if lives is None:
            return silent_seconds >= LOST_AFTER_SECONDS
        return not lives or silent_seconds >= STUCK_AFTER_SECONDS
