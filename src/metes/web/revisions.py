"""Revisions of the plan in words: what people call one, the tone of its state, and which of them are scenarios."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

STATE_TONES = {
    "active": "good",
    "draft": "",
    "in review": "accent",
    "approved": "good",
    "scheduled": "warn",
    "superseded": "",
    "discarded": "",
}


def label_of(revision: Any) -> str:
    """What a revision is called at the head of something: its title, else its number."""
    return revision.title or f"{'Draft' if revision.is_open else 'Revision'} {revision.id}"


def called(revision: Any) -> str:
    """What a revision is called within a sentence."""
    return f"'{revision.title}'" if revision.title else f"{'draft' if revision.is_open else 'revision'} {revision.id}"


class StepCounts:
    """How many steps lie between two contents, kept by their hashes: what they say never changes, and a large plan takes a while."""

    def __init__(self, most: int = 2_000) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock = Lock()

    def between(self, visit: Any, before: Any, after: Any) -> int:
        """The steps from one revision to another."""
        key = (before.root_hash, after.root_hash)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        count = len(visit.workspace.plan_diff(str(before.id), str(after.id)))
        with self._lock:
            self._kept[key] = count
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return count
