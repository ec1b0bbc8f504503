"""A zone set as bytes: one Arrow table, compressed, the same for a file on disk and for the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metes.base.private import private_folder
from metes.model.zones import Ints, ZoneKind, ZoneSet

FORMAT = 1
_MEASURE = "measure:"


def content_of(zones: ZoneSet) -> bytes:
    """The set as Arrow IPC, compressed: a row per zone, in order; `neighbours` and `linked` hold the higher numbers of its pairs."""
    columns: dict[str, Any] = {
        "id": pa.array(zones.ids, pa.string()),
        "name": pa.array(zones.names, pa.string()),
        "region": pa.array(zones.regions, pa.string()),
        "latitude": pa.array(zones.latitude),
        "longitude": pa.array(zones.longitude),
        **{_MEASURE + name: pa.array(values) for name, values in zones.measures.items()},
        "neighbours": _lists(zones.pairs, len(zones)),
        "linked": _lists(zones.links, len(zones)),
        "shape": pa.array(zones.shapes, pa.large_binary()),
    }
    about = {"format": str(FORMAT), "key": zones.key, "name": zones.name, "kind": zones.kind.value, "source": zones.source}
    about["codes"] = zones.codes
    table = pa.table(columns).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table, max_chunksize=max(len(zones), 1))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def zone_set_of(content: bytes) -> ZoneSet:
    """The set of such bytes; ValueError where they are none or of another format."""
    try:
        with pa.ipc.open_stream(content) as reader:
            table = reader.read_all().combine_chunks()
        about = {name.decode(): value.decode() for name, value in (table.schema.metadata or {}).items()}
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"expected the content of a zone set: {error}") from None
    if about.get("format") != str(FORMAT):
        raise ValueError(f"expected a zone set of format {FORMAT}, got {about.get('format')}")
    return ZoneSet(
        key=about["key"],
        name=about["name"],
        kind=ZoneKind(about["kind"]),
        ids=tuple(table["id"].to_pylist()),
        names=tuple(table["name"].to_pylist()),
        regions=tuple(table["region"].to_pylist()),
        latitude=table["latitude"].to_numpy(),
        longitude=table["longitude"].to_numpy(),
        measures={n.removeprefix(_MEASURE): table[n].to_numpy() for n in table.column_names if n.startswith(_MEASURE)},
        pairs=_pairs(table["neighbours"]),
        links=_pairs(table["linked"]),
        shapes=tuple(table["shape"].to_pylist()),
        source=about["source"],
        codes=about.get("codes", ""),
    )


def write_file(zones: ZoneSet, path: Path) -> None:
    """Write a set to a file: aside first, then renamed, so that a reader finds all of it or nothing."""
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.{id(zones):x}")
    partial.write_bytes(content_of(zones))
    partial.replace(path)


def read_file(path: Path) -> ZoneSet | None:
    """The set of a file; None where it is not there or cannot be read."""
    try:
        return zone_set_of(path.read_bytes())
    except (OSError, ValueError):
        return None


def _lists(pairs: Ints, n: int) -> pa.ListArray:
    """For each zone the second numbers of the pairs it is the first of."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    starts = np.searchsorted(pairs[order, 0], np.arange(n + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(pairs[order, 1]))


def _pairs(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    lists = column.combine_chunks()
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    counts = np.diff(lists.offsets.to_numpy())
    first = np.repeat(np.arange(len(lists), dtype=np.int32), counts)
    return np.stack([first, lists.flatten().to_numpy().astype(np.int32)], axis=1)
