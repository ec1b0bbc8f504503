"""Designs on the table between requests: bounded, and rebuilt from the store and the operations when they are asked for again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metes.app.zone_shelf import Bounded

# Slow to load: NumPy and SciPy, which commands without designs do without.
if TYPE_CHECKING:
    from metes.designing.state import DesignState

MOST_STATES = 8


@dataclass
class DesignShelf:
    """States of designs by number, the last used ones, and small drawings; one thread at a time works on a design."""

    states: OrderedDict[int, DesignState] = field(default_factory=OrderedDict)
    sketches: Bounded = field(default_factory=lambda: Bounded(24))
    locks: dict[int, threading.RLock] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def at_work(self, design: int) -> Iterator[None]:
        """Keep others from a design."""
        with self.lock:
            lock = self.locks.setdefault(design, threading.RLock())
        with lock:
            yield

    def take(self, design: int, version: int) -> DesignState | None:
        """The state of a design where it is of this version."""
        with self.lock:
            state = self.states.get(design)
            if state is None or state.version != version:
                return None
            self.states.move_to_end(design)
            return state

    def put(self, design: int, state: DesignState) -> None:
        """Keep a state, and let go of those not used for longest."""
        with self.lock:
            self.states[design] = state
            self.states.move_to_end(design)
            while len(self.states) > MOST_STATES:
                self.states.popitem(last=False)

    def drop(self, design: int) -> None:
        """Let go of a state, which may no longer be what the store says."""
        with self.lock:
            self.states.pop(design, None)
