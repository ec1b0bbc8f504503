"""References to other records: external ids, else names, become the store's own ids; what is not known is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity
from metes.importing.loading import Loaded, about_rows, refuse
from metes.importing.stored import read_names
from metes.model.catalogue import Field
from metes.records import findings as found
from metes.records.distinct import encode
from metes.store.engine import Store

# Suggestions cost: they are looked for where few values are unknown and not too many known.
_MAX_UNKNOWN_COMPARED = 100
_MAX_KNOWN_COMPARED = 20_000


def resolve(
    store: Store, loaded: Loaded, source_id: int | None, own: tuple[pa.Array, pa.Array] | None
) -> tuple[Loaded, MappingOf[str, pa.Array]]:
    """The rows that may go in, and per reference field the store's id of what each row refers to.

    `own` are the external ids and the store's ids of the file's own rows, for references within the kind. A value that no record has
    as id is looked for among names. An unknown value leaves its field empty with a warning, or refuses its row where the field is
    required.
    """
    resolved: dict[str, pa.Array] = {}
    for ref in loaded.kind.fields:
        if not ref.refers_to or ref.name not in loaded.table.column_names or ref.refers_to == "territories":
            continue
        known = _Known(store, ref.refers_to, source_id, own if ref.refers_to == loaded.kind.name else None)
        loaded, resolved = _one(loaded, ref, known, resolved)
    return loaded, resolved


@dataclass(slots=True)
class _Known:
    """The texts that stand for one record of a kind, in layers, each looked at only for what the ones before it left open.

    First the file's own rows, then ids of the same source, then those of others, then names; texts that stand for several records
    within a layer stand for none.
    """

    store: Store
    kind: str
    source_id: int | None
    own: tuple[pa.Array, pa.Array] | None
    texts: list[pa.Array] = field(default_factory=list)

    def find(self, wanted: pa.Array) -> pa.Array:
        """The id of the record that each text stands for; missing where none does."""
        found = pa.nulls(len(wanted), pa.int64())
        for texts, ids in self._layers():
            self.texts.append(texts)
            found = pc.coalesce(found, ids.take(pc.index_in(wanted, texts)))
            if found.null_count == wanted.null_count:
                break
        return found

    def _layers(self) -> Iterator[tuple[pa.Array, pa.Array]]:
        if self.own:
            yield self.own
        names = read_names(self.store, self.kind)
        same = pc.equal(names["source_id"], -1 if self.source_id is None else self.source_id)
        mine, others = names.filter(same), names.filter(pc.invert(same))
        yield mine["external_id"].combine_chunks(), mine["id"].combine_chunks()
        yield _single(others["external_id"].combine_chunks(), others["id"].combine_chunks())
        yield _single(pc.utf8_upper(names["name"]).combine_chunks(), names["id"].combine_chunks())


def _single(texts: pa.Array, ids: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Those texts that stand for one record alone: a name that two people share points at neither."""
    if not len(texts):
        return texts, ids
    pairs = pa.table({"text": texts, "id": ids}).group_by("text").aggregate([("id", "min"), ("id", "max")])
    single = pairs.filter(pc.equal(pairs["id_min"], pairs["id_max"]))
    return single["text"].combine_chunks(), single["id_min"].combine_chunks()


def _one(loaded: Loaded, field: Field, known: _Known, resolved: dict[str, pa.Array]) -> tuple[Loaded, dict[str, pa.Array]]:
    encoded = encode(loaded.table[field.name])
    found_ids = known.find(encoded.texts)
    values = encoded.spread(found_ids)
    itself = _refers_to_itself(loaded, field)
    values = pc.if_else(pa.array(itself), pa.scalar(None, pa.int64()), values) if itself.any() else values
    missing = found_ids.is_null().to_numpy(zero_copy_only=False)
    unknown = encoded.rows_where(missing)
    resolved = {**resolved, field.name: values}
    if itself.any():
        rows = np.flatnonzero(itself)
        said = (f"the row is its own {field.name}", f"leave {field.name} empty, or name another")
        warned = about_rows(loaded, rows, "self-reference", Severity.WARNING, field.name, *said, _texts(loaded, field, rows))
        loaded = replace(loaded, findings=found.together([loaded.findings, warned]))
    if not len(unknown):
        return loaded, resolved
    remedies = _remedies(field, encoded.texts, missing, known.texts)
    remedy = [remedies[code] for code in encoded.codes[unknown].tolist()]
    code, message = f"unknown-{field.name}", f"no {field.refers_to} of this id or name are known"
    if field.is_required:
        keep = np.ones(len(values), bool)
        keep[unknown] = False
        loaded = refuse(loaded, unknown, code, field.name, message, remedy)
        return loaded, {name: column.filter(pa.array(keep)) for name, column in resolved.items()}
    warned = about_rows(loaded, unknown, code, Severity.WARNING, field.name, message, remedy, _texts(loaded, field, unknown))
    return replace(loaded, findings=found.together([loaded.findings, warned])), resolved


def _refers_to_itself(loaded: Loaded, field: Field) -> np.ndarray:
    if field.refers_to != loaded.kind.name or not loaded.kind.id:
        return np.zeros(loaded.table.num_rows, bool)
    same = pc.equal(loaded.table[field.name], loaded.table[loaded.kind.id])
    return np.asarray(same.fill_null(False).to_numpy(), dtype=bool)


def _texts(loaded: Loaded, field: Field, rows: np.ndarray) -> pa.Array:
    return loaded.table[field.name].take(pa.array(rows)).combine_chunks()


def _remedies(field: Field, texts: pa.Array, missing: np.ndarray, known: Sequence[pa.Array]) -> list[str]:
    """Per distinct text what to do: import the record first, or write it like a known one."""
    plain = f"import the {field.refers_to} first, or correct the value"
    remedies = [plain] * len(texts)
    unknown = np.flatnonzero(missing)
    if len(unknown) > _MAX_UNKNOWN_COMPARED or sum(map(len, known)) > _MAX_KNOWN_COMPARED:
        return remedies
    candidates = list(dict.fromkeys(text for texts in known for text in texts.to_pylist() if text))
    for at in unknown:
        near = get_close_matches(str(texts[int(at)].as_py()), candidates, 1, 0.8)
        remedies[at] = f"did you mean {near[0]!r}? Else {plain}" if near else plain
    return remedies
