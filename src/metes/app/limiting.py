"""How often something may be tried: counted in this process, forgotten with it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from metes.base.errors import TooMany

if TYPE_CHECKING:
    from limits.strategies import FixedWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so many seconds, for each of what it is asked for."""

    name: str
    times: int
    seconds: int


# From one address, whatever the names: a whole office may sit behind one.
SIGN_INS_OF_ADDRESS = Limit("sign-in", 200, 900)
RESETS_OF_ADDRESS = Limit("reset", 20, 3600)
RESETS_OF_NAME = Limit("reset of", 3, 3600)


class Limits:
    """Counts tries in windows of time."""

    def __init__(self) -> None:
        self._strategy: FixedWindowRateLimiter | None = None
        self._lock = threading.Lock()

    def take(self, limit: Limit, of: str) -> None:
        """Count one try; TooMany says how long to wait where there were too many."""
        if not self.allows(limit, of):
            seconds = self._seconds_left(limit, of)
            raise TooMany(f"too many tries; wait {said_wait(seconds)}, then try again", seconds)

    def allows(self, limit: Limit, of: str) -> bool:
        """Count one try; whether it is within the limit."""
        return self._counting().hit(_item(limit), limit.name, of)

    def _seconds_left(self, limit: Limit, of: str) -> int:
        until = self._counting().get_window_stats(_item(limit), limit.name, of).reset_time
        return max(1, ceil(until - time.time()))

    def _counting(self) -> FixedWindowRateLimiter:
        if self._strategy is None:
            from limits.storage import MemoryStorage
            from limits.strategies import FixedWindowRateLimiter

            with self._lock:
                self._strategy = self._strategy or FixedWindowRateLimiter(MemoryStorage())
        return self._strategy


class LastTried:
    """When something was last tried for each of many, so that what fails is not tried again at once."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._at: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def is_time(self, of: str, now: datetime, every: timedelta) -> bool:
        """Whether the last try is so long ago; asked, it counts as tried."""
        with self._lock:
            last = self._at.pop(of, None)
            is_time = last is None or abs(now - last) >= every
            self._at[of] = now if is_time or last is None else last
            while len(self._at) > self._most:
                self._at.popitem(last=False)
        return is_time


def said_wait(seconds: int) -> str:
    """A wait in words: `40 seconds`, `15 minutes`."""
    if seconds < 90:
        return f"{seconds} seconds" if seconds != 1 else "1 second"
    return f"{ceil(seconds / 60)} minutes"


def _item(limit: Limit):  # type: ignore[no-untyped-def]
    from limits import RateLimitItemPerSecond

    return RateLimitItemPerSecond(limit.times, limit.seconds)
