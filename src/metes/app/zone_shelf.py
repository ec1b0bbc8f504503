"""What of zone sets lives between requests and on disk: the built-in sets, answers, shapes and tiles."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from metes.base.private import private_folder

if TYPE_CHECKING:
    from metes.model.zones import ZoneSet
    from metes.render.tiles import ZoneTiles

FOLDER: Final = "zones"
# Deeper tiles are made in milliseconds, and there are too many of them for a disk.
DEEPEST_ON_DISK: Final = 7
_TILE_BYTES: Final = 64 * 1024 * 1024
Kept = TypeVar("Kept")


def _one(_: Any) -> int:
    return 1


@dataclass
class Bounded:
    """Values by key, those asked for last that weigh `most` together; each is made once, whoever else asks for it waits."""

    most: int
    weigh: Callable[[Any], int] = _one
    weight: int = 0
    values: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    making: dict[Hashable, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The value of a key, made where it is not there; others are not held up by that. None is no value."""
        kept: Kept | None = self._held(key)
        if kept is not None:
            return kept
        with self.lock:
            own = self.making.setdefault(key, threading.Lock())
        with own:
            kept = self._held(key)
            if kept is not None:
                return kept
            try:
                made = make()
                self._keep(key, made)
            finally:
                with self.lock:
                    self.making.pop(key, None)
            return made

    def _held(self, key: Hashable) -> Any:
        with self.lock:
            if key in self.values:
                self.values.move_to_end(key)
            return self.values.get(key)

    def _keep(self, key: Hashable, made: Any) -> None:
        with self.lock:
            self.values[key] = made
            self.weight += self.weigh(made)
            while self.weight > self.most and len(self.values) > 1:
                self.weight -= self.weigh(self.values.popitem(last=False)[1])


@dataclass
class ZoneShelf:
    """Zone sets by key and content; by their content too: each account's zone, makers of tiles, and packed shapes and tiles."""

    sets: Bounded = field(default_factory=lambda: Bounded(8))
    answers: Bounded = field(default_factory=lambda: Bounded(8))
    makers: Bounded = field(default_factory=lambda: Bounded(3))
    packed: Bounded = field(default_factory=lambda: Bounded(_TILE_BYTES, len))

    def shapes(self, zones: ZoneSet, folder: Path) -> bytes:
        """The set as TopoJSON, packed by gzip."""
        from metes.render.topology import topojson

        file = drawn_folder(folder, zones.digest) / "shapes.json.gz"
        return self.packed.get((zones.digest, "shapes"), lambda: _from_disk(file, lambda: topojson(zones)))

    def tile(self, zones: ZoneSet, zoom: int, x: int, y: int, folder: Path) -> bytes:
        """A vector tile of the set, packed by gzip."""

        def make() -> bytes:
            return self._maker(zones).tile(zoom, x, y)

        file = drawn_folder(folder, zones.digest) / f"{zoom}-{x}-{y}.mvt.gz" if zoom <= DEEPEST_ON_DISK else None
        return self.packed.get((zones.digest, zoom, x, y), lambda: _from_disk(file, make))

    def _maker(self, zones: ZoneSet) -> ZoneTiles:
        from metes.render.tiles import ZoneTiles

        return self.makers.get(zones.digest, lambda: ZoneTiles(zones))


def drawn_folder(folder: Path, digest: str) -> Path:
    """Where what was drawn of a set of this content is kept."""
    return folder / FOLDER / digest[:24]


def forget_drawn(folder: Path, digest: str) -> None:
    """Remove what was drawn of a set that is gone."""
    shutil.rmtree(drawn_folder(folder, digest), ignore_errors=True)


def _from_disk(file: Path | None, make: Callable[[], bytes]) -> bytes:
    """The packed bytes of a file, made and written there where it is missing; a disk that is full costs nothing but time."""
    import gzip

    if file is not None:
        try:
            return file.read_bytes()
        except OSError:
            pass
    packed = gzip.compress(make(), 6, mtime=0)
    if file is not None:
        partial = file.with_name(f".{file.name}.{threading.get_ident():x}")
        try:
            private_folder(file.parent)
            partial.write_bytes(packed)
            partial.replace(file)
        except OSError:
            partial.unlink(missing_ok=True)
    return packed


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
