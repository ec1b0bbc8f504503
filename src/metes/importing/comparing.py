"""From valid rows to what would change: ids, references, completed rows, and the difference with what is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.errors import Conflict
from metes.base.findings import Finding, Place, Severity
from metes.base.progress import Progress
from metes.importing.loading import Loaded
from metes.importing.references import resolve
from metes.importing.shaping import complete, digests, fragments_of, shape
from metes.importing.stored import Stored, content_columns, has_given_places, read_columns, read_stored, taken_keys
from metes.records import findings as found
from metes.records.difference import difference
from metes.store.engine import Store

_PLACE = frozenset({"country", "region", "city", "postal_code", "latitude", "longitude"})
_NAMED_PLACE = frozenset({"country", "region", "city", "postal_code"})
# What `locate` finds again, unless a file once gave it.
_FOUND = ("latitude", "longitude", "place_precision", "zone")
_DERIVED = frozenset({"status"})


@dataclass(frozen=True, slots=True)
class Change:
    """What an import would write, and the state of the data that it was compared with."""

    loaded: Loaded
    stored: Stored
    new: pa.Table
    changed: pa.Table
    closing: pa.Array
    unchanged: int
    reopened: int
    ids: np.ndarray

    def settled(self) -> Change:
        """The same once it is staged: the counts without the rows, which are large."""
        loaded = replace(self.loaded, table=self.loaded.table.select([]))
        return replace(self, loaded=loaded, new=self.new.select([]), changed=self.changed.select([]))


def compare(
    store: Store,
    loaded: Loaded,
    source: str,
    allocate: Callable[[int], int],
    *,
    is_full: bool,
    progress: Progress,
) -> Change:
    """The difference between valid rows and the records of their source; `allocate` gives the first of so many new ids."""
    kind = loaded.kind.name
    progress.report("comparing")
    stored = read_stored(store, kind, source)
    external = loaded.table[loaded.kind.id].combine_chunks()
    at = pc.index_in(external, stored.table["external_id"].combine_chunks())
    ids = _ids(at, stored, allocate)
    loaded, references = resolve(store, loaded, stored.source_id, (external, pa.array(ids)))
    kept = loaded.table[loaded.kind.id].combine_chunks()
    if len(kept) < len(external):
        ids = ids[np.asarray(pc.is_in(external, kept).to_numpy(zero_copy_only=False))]
    shaped = shape(loaded, references)
    progress.report("locating" if kind == "accounts" else "comparing")
    has_place = bool(_PLACE & set(shaped.column_names))
    content = complete(kind, _with_stored(store, kind, loaded, shaped, stored, ids), has_place)
    digest = digests(kind, content)
    content = content.append_column("digest", digest.cast(pa.string()))
    diff = difference(
        kept, digest, stored.table["external_id"].combine_chunks(), stored.table["digest"].combine_chunks().cast(pa.int64())
    )
    is_closed = stored.table["is_closed"].to_numpy() == 1
    was_closed = np.zeros(len(ids), bool)
    known = diff.stored_of_incoming >= 0
    was_closed[known] = is_closed[diff.stored_of_incoming[known]]
    changed = np.union1d(diff.changed, np.flatnonzero(was_closed))
    closing = _closing(loaded, stored, diff.missing, is_closed) if is_full else pa.array([], pa.int64())
    new, loaded = _new_rows(store, source, loaded, content, kept, ids, diff.created)
    rows = pa.array(changed)
    return Change(
        loaded,
        stored,
        new,
        content.take(rows).add_column(0, "id", pa.array(ids[changed])),
        closing,
        len(ids) - len(diff.created) - len(changed),
        int(was_closed.sum()),
        ids,
    )


def _ids(at: pa.Array, stored: Stored, allocate: Callable[[int], int]) -> np.ndarray:
    """The store's id of each row: that of its record, else a new one."""
    position = at.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known = position >= 0
    ids = np.zeros(len(position), np.int64)
    ids[known] = stored.table["id"].to_numpy()[position[known]]
    count = int((~known).sum())
    if count:
        first = allocate(count)
        ids[~known] = np.arange(first, first + count)
    return ids


def _with_stored(store: Store, kind: str, loaded: Loaded, shaped: pa.Table, stored: Stored, ids: np.ndarray) -> pa.Table:
    """The rows with the columns that the file does not bring, as they are stored: a file that lacks a column says nothing about it."""
    if stored.source_id is None or not stored.table.num_rows:
        return shaped
    lacking = [n for n in content_columns(kind) if n not in shaped.column_names and n != "custom" and n not in _DERIVED]
    if kind == "accounts" and _NAMED_PLACE & set(shaped.column_names):
        found_anew = _FOUND if not has_given_places(store, stored.source_id) else ("zone",)
        lacking = [n for n in lacking if n not in found_anew]
    custom = [f.name for f in loaded.custom if f"custom:{f.name}" not in shaped.column_names]
    present = read_columns(store, kind, [*lacking, *(["custom"] if custom and kind == "accounts" else [])], stored.source_id)
    if not present.num_rows:
        return shaped
    at = pc.index_in(pa.array(ids), present["id"].combine_chunks())
    for name in present.column_names[1:]:
        column = present[name].combine_chunks().take(at)
        if name == "custom":
            for custom_name, raw in fragments_of(pa.chunked_array([column]), custom).items():
                shaped = shaped.append_column(f"custom:{custom_name}", raw)
        else:
            shaped = shaped.append_column(name, column)
    return shaped


def _closing(loaded: Loaded, stored: Stored, missing: np.ndarray, is_closed: np.ndarray) -> pa.Array:
    """Open records that the file lacks; rows that were refused are not lacking, and rows without a readable id forbid to tell."""
    if loaded.unreadable:
        raise Conflict(
            f"{loaded.unreadable} rows could not be read, so nobody can tell which {loaded.kind.name} the file lacks; "
            "correct those rows, or import without --full"
        )
    open_missing = missing[~is_closed[missing]]
    refused = pc.is_in(stored.table["external_id"].take(pa.array(open_missing)), loaded.refused_ids.combine_chunks())
    kept = open_missing[~np.asarray(refused.to_numpy(), dtype=bool)]
    return stored.table["id"].take(pa.array(kept)).combine_chunks()


def _new_rows(
    store: Store,
    source: str,
    loaded: Loaded,
    content: pa.Table,
    external: pa.Array,
    ids: np.ndarray,
    created: np.ndarray,
) -> tuple[pa.Table, Loaded]:
    """The rows to insert; an account's key is its id, with the source's name before it where another account has that key."""
    rows = pa.array(created)
    own = external.take(rows)
    new = content.take(rows).add_column(0, "id", pa.array(ids[created])).add_column(1, "external_id", own)
    if loaded.kind.name != "accounts" or not len(created):
        return new, loaded
    taken = taken_keys(store, own)
    if not taken.any():
        return new.add_column(2, "key", own), loaded
    keys = pc.if_else(pa.array(taken), pc.binary_join_element_wise(f"{source}:", own, ""), own)
    note = Finding(
        "key-taken",
        Severity.NOTE,
        f"{int(taken.sum()):,} accounts have ids that accounts of another source have as their key",
        Place(subject="accounts"),
        str(own[int(np.flatnonzero(taken)[0])].as_py()),
        f"their keys begin with {source}:",
    )
    return new.add_column(2, "key", keys), replace(loaded, findings=found.together([loaded.findings, found.from_findings([note])]))
