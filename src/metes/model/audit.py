"""The nouns of the audit trail: an entry, what to look for, a fault of the chain, an anchor that is kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from metes.base.errors import InputError

# What stands for a value that named a person and was erased.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when, from where, and what it was before and after.

    `who` is what the chain holds ('user 12', 'local', 'schedule'), `principal` the name of it today. Values of `before` and `after`
    that name a person, and the address, are `ERASED` once they are erased. `detail` are ids, counts and settings.
    """

    id: int
    at: datetime
    who: str
    principal: str
    via: str
    address: str
    request: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    hash: str
    previous_hash: str

    @property
    def changes(self) -> tuple[tuple[str, Any, Any], ...]:
        """Each field that changed with its values before and after, None where there was none."""
        names = dict.fromkeys((*self.before, *self.after))
        return tuple((name, self.before.get(name), self.after.get(name)) for name in names)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: of whom (a user's name, 'user 12', 'local'), of what action ('plan publish', or 'plan' for all of plans), on
    what subject ('user 12', 'user ann'), from which address, from one day to another, both included; days are the workspace's own."""

    who: str = ""
    action: str = ""
    subject: str = ""
    address: str = ""
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError(f"expected a first day before the last, got {self.since} to {self.until}; swap them")
        for name in ("who", "action", "subject", "address"):
            if len(getattr(self, name)) > 200 or "\0" in getattr(self, name):
                raise InputError(f"expected at most 200 characters for {name}; shorten it")

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == AuditFilter()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at an entry: `changed`, `removed`, `inserted`, `moved`, `value-changed`, `value-inserted`, `cut` or `rewritten`."""

    entry: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the trail at an instant, to be kept where whoever runs the database cannot change it."""

    entry: int
    hash: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of reading the whole trail: how many entries, and the first faults in their order."""

    entries: int
    faults: tuple[Fault, ...]
    anchors: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON; `first_broken` is the entry of the first fault."""
        faults = [{"entry": f.entry, "kind": f.kind, "text": f.text} for f in self.faults]
        first = self.faults[0].entry if self.faults else None
        return {
            "is_whole": self.is_whole,
            "first_broken": first,
            "entries": self.entries,
            "anchors": self.anchors,
            "faults": faults,
        }


def anchor_line(anchor: Anchor) -> str:
    """An anchor as the line of JSON that is kept elsewhere."""
    told = {"entry": anchor.entry, "hash": anchor.hash, "count": anchor.count, "at": anchor.at.isoformat()}
    return json.dumps(told)


def anchors_from(text: str) -> tuple[Anchor, ...]:
    """The anchors of a file that was kept elsewhere, a line of JSON each; InputError names the line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(_anchor(line, number))
    if not found:
        raise InputError("expected anchors such as 'metes audit anchor' prints, got none; name the file that holds them")
    return tuple(found)


def _anchor(line: str, number: int) -> Anchor:
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"])
        made = Anchor(int(told["entry"]), str(told["hash"]), int(told["count"]), at)
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"line {number}: expected an anchor such as 'metes audit anchor' prints, got {line[:80]!r}; take it as it was printed"
        ) from None
    if not 0 < made.entry < 2**63 or at.tzinfo is None:
        raise InputError(f"line {number}: expected the number of an entry and an instant with its zone, got {line[:80]!r}")
    return made
