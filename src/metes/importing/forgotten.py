"""Rows of people who were erased: an import leaves them out, and its findings do not name them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import Connection

from metes.base.findings import Severity
from metes.importing.loading import FILE, Loaded, about_rows, leave_out
from metes.intake.source import LINE
from metes.records import findings as found
from metes.store import erased
from metes.store.engine import Store


def without_erased(store: Store, loaded: Loaded, source_id: int | None) -> Loaded:
    """The rows without those of people who were erased, whom their source still delivers; a note says where, and not who."""
    kind = erased.KIND_OF_RECORDS.get(loaded.kind.name)
    if kind is None or source_id is None or not loaded.table.num_rows:
        return loaded
    with store.read() as connection:
        if not erased.is_any(connection, kind):
            return loaded
        positions = erased.erased_among(connection, kind, source_id, loaded.table[loaded.kind.id].to_pylist())
    rows = np.array(positions, np.int64)
    if not len(rows):
        return loaded
    notes = about_rows(
        loaded,
        rows,
        "erased-person",
        Severity.NOTE,
        loaded.kind.id,
        "the row is of somebody whose personal data were erased; it was left out",
        "take them out of the source as well",
        None,
    )
    told = found.together([_about_others(loaded, rows), notes])
    return leave_out(loaded, rows, told)


def without_names(connection: Connection, source_id: int, findings: pa.Table) -> pa.Table:
    """The findings, with nothing in place of a value that is the id of somebody who was erased."""
    values = None
    for kind in erased.KIND_OF_RECORDS.values():
        if erased.is_any(connection, kind):
            values = findings["value"].to_pylist() if values is None else values
            for at in erased.erased_among(connection, kind, source_id, values):
                values[at] = None
    if values is None:
        return findings
    number = findings.column_names.index("value")
    return findings.set_column(number, "value", pa.array(values, pa.string()))


def _about_others(loaded: Loaded, rows: np.ndarray) -> pa.Table:
    """The findings that are about other rows than these."""
    findings = loaded.findings
    keep = np.ones(findings.num_rows, bool)
    names = findings["file"].cast(pa.string())
    file_of_row, lines = loaded.table[FILE].to_numpy()[rows], loaded.table[LINE].to_numpy()[rows]
    for number, file in enumerate(loaded.files):
        mine = pa.array(lines[file_of_row == number], pa.int64())
        of_file = pc.equal(names, file.name).fill_null(False)
        here = pc.and_(of_file, pc.is_in(findings["line"], mine))
        keep &= ~np.asarray(here.to_numpy(zero_copy_only=False), dtype=bool)
    return findings.filter(pa.array(keep))
