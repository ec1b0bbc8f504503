"""The files of a Book: its DuckDB file, and Arrow beside it, mapped into memory where it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# The column of `columns_file` with the number of the topmost account above each one.
TOP = "top"


def rows_file(path: Path) -> Path:
    """Where a Book keeps its accounts as they are: for taking a page's few rows from a million, and for columns of numbers."""
    return path.with_name(path.name + ".arrow")


def columns_file(path: Path) -> Path:
    """Where a Book keeps the accounts' texts as dictionaries, as rules are run over them, and the tops of families."""
    return path.with_name(path.name + ".columns.arrow")


def orders_file(path: Path) -> Path:
    """Where a Book keeps what rules may ask of orders."""
    return path.with_name(path.name + ".orders.arrow")


COMPANIONS: tuple[Callable[[Path], Path], ...] = (rows_file, columns_file, orders_file)


def write_arrow(table: pa.Table, path: Path) -> None:
    """A table as one uncompressed batch, to be mapped into memory."""
    table = table.combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(table.num_rows, 1))


def read_arrow(source: pa.NativeFile) -> pa.RecordBatch:
    """The one batch of a file that was mapped; its values stay in the file until they are looked at."""
    reader = pa.ipc.open_file(source)
    if reader.num_record_batches:
        return reader.get_batch(0)
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in reader.schema.types], schema=reader.schema)


def rename(partial: Path, path: Path) -> None:
    """Give all files of a Book their names, its DuckDB file last: who finds the Book finds the others."""
    for companion in COMPANIONS:
        companion(partial).rename(companion(path))
    partial.rename(path)


def remove(path: Path) -> None:
    """Remove all files of a Book that are there."""
    for file in (path, *(companion(path) for companion in COMPANIONS)):
        file.unlink(missing_ok=True)


def with_dictionaries(table: pa.Table) -> pa.Table:
    """The text columns of a table of accounts, each as dictionary<int32, string>; the ids, all distinct, are their own dictionary."""
    names = [field.name for field in table.schema if pa.types.is_string(field.type)]
    return pa.table({name: _dictionary(name, table.column(name).combine_chunks()) for name in names})


def _dictionary(name: str, column: pa.Array) -> pa.DictionaryArray:
    if name == "id":
        return pa.DictionaryArray.from_arrays(pa.array(np.arange(len(column), dtype=np.int32)), column)
    return pc.dictionary_encode(column)
