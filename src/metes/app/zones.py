"""The verbs of zone sets: those that come with the product and those that users add, and the zone of each account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metes.app.desk import Desk
from metes.app.zone_shelf import built_in_file, built_in_set, forget_drawn, zones_in
from metes.base.errors import Conflict, InputError, NotFound
from metes.base.findings import Finding, Severity
from metes.base.ids import is_key, key_from
from metes.plan.conform import suggestion
from metes.store import audit

# Slow to load: Arrow, SciPy and shapely, which other commands do without.
if TYPE_CHECKING:
    from metes.model.zones import Ints, ZoneSet
    from metes.partition.links import Link


@dataclass(frozen=True, slots=True)
class ZoneSetSummary:
    """A zone set in the list; `zones` is None for a built-in one that was not made on this machine yet."""

    key: str
    name: str
    kind: str
    zones: int | None
    source: str
    is_built_in: bool
    added_at: datetime | None = None
    added_by: str = ""


@dataclass(frozen=True, slots=True)
class ZoneSetAdded:
    """A set that was added, and what was repaired, doubtful or left out of its file."""

    zones: ZoneSet
    findings: tuple[Finding, ...]


class ZoneVerbs(Desk):
    """What can be done with zone sets."""

    def zone_set_list(self) -> tuple[ZoneSetSummary, ...]:
        """The built-in sets, then those that were added, by key."""
        from metes.model.zones import BUILT_IN
        from metes.store.zone_sets import all_zone_sets

        folder = self.shelf.books
        built_in = tuple(
            ZoneSetSummary(b.key, b.name, b.kind.value, zones_in(built_in_file(folder, b.key)), b.source, is_built_in=True)
            for b in BUILT_IN
        )
        with self.store.read() as connection:
            added = all_zone_sets(connection)
        return built_in + tuple(
            ZoneSetSummary(s.key, s.name, s.kind, s.zones, s.source, False, s.created_at, s.created_by) for s in added
        )

    def zone_set_removed(self) -> tuple[ZoneSetSummary, ...]:
        """The set of each key that was removed or replaced last, by key; `zone_set_restore` brings it back."""
        from metes.store.zone_sets import removed_sets

        with self.store.read() as connection:
            gone = removed_sets(connection)
        return tuple(ZoneSetSummary(s.key, s.name, s.kind, s.zones, s.source, False, s.created_at, s.created_by) for s in gone)

    def zone_set(self, key: str) -> ZoneSet:
        """A zone set, kept on the shelf. A built-in one is made when it is first asked for, and kept on disk."""
        from metes.model.zones import BUILT_IN
        from metes.store import zone_sets
        from metes.store.zone_content import zone_set_of

        if any(about.key == key for about in BUILT_IN):
            return self.shelf.zones.sets.get(key, lambda: built_in_set(self.shelf.books, key))
        with self.store.read() as connection:
            stored = zone_sets.find_zone_set(connection, key)
        if stored is None:
            known = [summary.key for summary in self.zone_set_list()]
            remedy = suggestion(key, known) or f"there are {', '.join(known)}"
            raise NotFound(f"there is no zone set '{key[:80]}'; {remedy}")

        def load() -> ZoneSet:
            with self.store.read() as connection:
                return zone_set_of(zone_sets.content(connection, key))

        return self.shelf.zones.sets.get((key, stored.content_hash), load)

    def zone_set_add(
        self,
        key: str,
        source: Path | bytes,
        *,
        id_property: str,
        name: str = "",
        name_property: str = "",
        region_property: str = "",
        measures: Sequence[str] = (),
    ) -> ZoneSetAdded:
        """Add the zones of a GeoJSON file, or of its bytes, plain or compressed by gzip, in the place of the set with its key.

        `measures` are the properties that hold numbers. InputError with all findings where the file has no zones for use.
        """
        from metes.intake.geojson_zones import Columns, geojson_zones

        _require_free(key)
        columns = Columns(id_property, name_property, region_property, tuple(dict.fromkeys(measures)))
        file = source.name if isinstance(source, Path) else ""
        read = geojson_zones(bytes_of(source), columns, key=key, name=name.strip()[:200] or key, file=file)
        if read.zones is None:
            raise _not_added(key, read.findings)
        return self._keep_zones(read.zones, read.findings)

    def zone_set_measure(
        self, key: str, of: str, source: Path, *, id_column: str, measures: Sequence[str], name: str = ""
    ) -> ZoneSetAdded:
        """Add a set that has the zones of another and, beside its measures, those of a table: CSV, Excel, Parquet or JSON, a row a zone.

        Accounts find their zone in it as they do in the other. InputError with all findings where the file cannot be used.
        """
        from metes.intake.files import read_source
        from metes.intake.zone_measures import with_measures

        _require_free(key)
        read = with_measures(self.zone_set(of), read_source(source), id_column, tuple(dict.fromkeys(measures)))
        if read.zones is None:
            raise _not_added(key, read.findings)
        return self._keep_zones(replace(read.zones, key=key, name=name.strip()[:200] or key), read.findings)

    def _keep_zones(self, zones: ZoneSet, findings: tuple[Finding, ...]) -> ZoneSetAdded:
        """Keep a set, in the place of the one with its key."""
        from metes.store.zone_content import content_of
        from metes.store.zone_sets import StoredZoneSet, find_zone_set, put_zone_set

        now = self.clock()
        told = (zones.key, zones.name, zones.kind.value, zones.source, len(zones), zones.digest)
        content = content_of(zones)
        with self.store.write() as connection:
            before = find_zone_set(connection, zones.key)
            put_zone_set(connection, StoredZoneSet(*told, now, self.principal.name), content)
            detail = {"zones": len(zones), "links": len(zones.links), "content": zones.digest}
            audit.add_entry(connection, self.principal, "zone set add", zones.key, detail, now)
        if before is not None and before.content_hash != zones.digest:
            forget_drawn(self.shelf.books, before.content_hash)
        return ZoneSetAdded(zones, findings)

    def zone_set_remove(self, key: str) -> None:
        """Remove a set that was added; `zone_set_restore` brings it back."""
        from metes.store.zone_sets import remove_zone_set

        _require_free(key)
        with self.store.write() as connection:
            digest = remove_zone_set(connection, key)
            audit.add_entry(connection, self.principal, "zone set remove", key, {"content": digest}, self.clock())
        forget_drawn(self.shelf.books, digest)

    def zone_set_restore(self, key: str) -> ZoneSetSummary:
        """Bring back the set of a key that was removed or replaced last; one that has its place now goes, and can be brought back so."""
        from metes.store.zone_sets import find_zone_set, restore_zone_set

        _require_free(key)
        with self.store.write() as connection:
            before = find_zone_set(connection, key)
            back = restore_zone_set(connection, key)
            audit.add_entry(connection, self.principal, "zone set restore", key, {"content": back.content_hash}, self.clock())
        if before is not None:
            forget_drawn(self.shelf.books, before.content_hash)
        told = (back.key, back.name, back.kind, back.zones, back.source)
        return ZoneSetSummary(*told, is_built_in=False, added_at=back.created_at, added_by=back.created_by)

    def zone_set_shapes(self, key: str) -> tuple[str, bytes]:
        """A set's digest, and the set as TopoJSON packed by gzip: one object `zones`, its ids the numbers of the zones."""
        zones = self.zone_set(key)
        return zones.digest, self.shelf.zones.shapes(zones, self.shelf.books)

    def zone_set_tile(self, key: str, zoom: int, x: int, y: int) -> tuple[str, bytes]:
        """A set's digest, and a vector tile of it packed by gzip: one layer `zones`, its ids the numbers of the zones.

        NotFound for a tile that no map has.
        """
        from metes.render.tiles import DEEPEST

        if not (0 <= zoom <= DEEPEST and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
            raise NotFound(f"there is no tile {zoom}/{x}/{y}; zooms are 0 to {DEEPEST}, x and y from 0 to below 2 to the zoom")
        zones = self.zone_set(key)
        return zones.digest, self.shelf.zones.tile(zones, zoom, x, y, self.shelf.books)

    def zone_links(self, zones: ZoneSet) -> tuple[Link, ...]:
        """The links that join a set's islands and broken pieces, the farthest first."""
        from metes.partition.links import links_of

        return links_of(zones)

    def zone_set_export(self, zones: ZoneSet, path: Path) -> None:
        """Write a set to a file as GeoJSON; its ids, measures and shapes can be added again."""
        from metes.render.zone_geojson import geojson_lines

        try:
            with path.open("x", encoding="utf-8") as file:
                file.writelines(geojson_lines(zones))
        except FileExistsError:
            raise Conflict(f"expected a new file, but {path} is there already; name another") from None
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}; name another file") from error

    def zone_of_account(self, zones: ZoneSet) -> Ints:
        """The number of the zone that each account of the Book is in, in the Book's order; -1 for an account in none.

        By county, postal code or country for the built-in sets, else by coordinates. Kept on the shelf.
        """
        from metes.intake.account_zones import COLUMNS, zones_of_accounts

        book = self.book(any_ledger=True)
        key = (zones.key, zones.digest, str(book.path), self.scope)

        def find() -> Ints:
            found = zones_of_accounts(zones, book.details(COLUMNS, self.scope))
            found.setflags(write=False)
            return found

        return self.shelf.zones.answers.get(key, find)


def _not_added(key: str, findings: tuple[Finding, ...]) -> InputError:
    """What to say of a file that gives no set."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
    return InputError(f"'{key}' was not added: {errors[0].message}. {errors[0].remedy}{more}", findings)


def _require_free(key: str) -> None:
    """InputError for a key that is none, or that of a built-in set."""
    from metes.model.zones import BUILT_IN

    if not is_key(key):
        raise InputError(
            f"'{key[:80]}' cannot be a key: keys are 1 to 80 of a-z, 0-9, '_', '.', '-', with a letter or digit at both ends; "
            f"such as '{key_from(key)}'"
        )
    if any(about.key == key for about in BUILT_IN):
        raise InputError(f"'{key}' is a set that comes with Metes and stays as it is; choose another key")


def bytes_of(source: Path | bytes) -> bytes:
    """The bytes of a file; what is wrong with the file itself is an InputError."""
    if isinstance(source, bytes):
        return source
    from metes.intake.geojson_zones import MAX_BYTES

    try:
        if (size := source.stat().st_size) > MAX_BYTES:
            raise InputError(f"{source} has {size:,} bytes, at most {MAX_BYTES:,} are read; simplify its borders")
        return source.read_bytes()
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}; give a GeoJSON file") from error
