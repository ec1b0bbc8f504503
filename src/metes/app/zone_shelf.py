"""What of zone sets lives between requests, and where the built-in ones lie on disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from metes.model.zones import ZoneSet

FOLDER = "zones"
Kept = TypeVar("Kept")


@dataclass
class Bounded:
    """Values by key, the `most` that were asked for last; each is made once, whoever else asks waits for it."""

    most: int
    values: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The value of a key, made where it is not there."""
        with self.lock:
            if key in self.values:
                self.values.move_to_end(key)
                found: Kept = self.values[key]
                return found
            made = make()
            self.values[key] = made
            while len(self.values) > self.most:
                self.values.popitem(last=False)
            return made


@dataclass
class ZoneShelf:
    """Zone sets by key and content, and the answers to which zone each account is in, by set and Book."""

    sets: Bounded = field(default_factory=lambda: Bounded(8))
    answers: Bounded = field(default_factory=lambda: Bounded(8))


def built_in_file(folder: Path, key: str) -> Path | None:
    """The file of a built-in set of this version, named by how many zones it has; None where it was not made yet."""
    from metes.intake.zone_sets import built_in_version

    return next(iter((folder / FOLDER).glob(f"{key}-{built_in_version()}-*.arrow")), None)


def built_in_set(folder: Path, key: str) -> ZoneSet:
    """A built-in set: read from its file, or made and kept there."""
    from metes.intake.zone_sets import built_in, built_in_version
    from metes.store.zone_content import read_file, write_file

    file = built_in_file(folder, key)
    found = read_file(file) if file else None
    if found is None:
        found = built_in(key)
        write_file(found, folder / FOLDER / f"{key}-{built_in_version()}-{len(found)}.arrow")
    return found


def zones_in(file: Path | None) -> int | None:
    """How many zones a file has, by its name; None where there is none."""
    return None if file is None else int(file.stem.rpartition("-")[2])
