"""Sums of number fields, by which an import is reconciled with its file."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

from metes.model.catalogue import FieldType, Kind


def sums_of(kind: Kind, table: pa.Table) -> dict[str, dict[str, Decimal]]:
    """The sum of every number field, per currency for money ('' for plain numbers), exact for money and whole numbers."""
    sums: dict[str, dict[str, Decimal]] = {}
    for field in kind.fields:
        if not field.type.is_number or field.name not in table.column_names or field.name in ("latitude", "longitude"):
            continue
        of_currency = field.type is FieldType.MONEY and "currency" in table.column_names
        labels = table["currency"] if of_currency else pa.array([""]).take(pa.array(np.zeros(table.num_rows, np.int32)))
        exact = field.type is not FieldType.DECIMAL
        values = table[field.name].cast(pa.decimal128(38, 0)) if exact else table[field.name]
        totals = pa.table({"label": labels, "value": values}).group_by("label").aggregate([("value", "sum")])
        sums[field.name] = {r["label"] or "": Decimal(str(r["value_sum"] or 0)) for r in totals.to_pylist()}
    return sums
