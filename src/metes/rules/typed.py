"""Columns of any file as the evaluator takes them: text as dictionaries, money in minor units, days, whole numbers, truth values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.money import exponent
from metes.model.catalogue import Field, FieldType

_TEXT = pa.dictionary(pa.int32(), pa.string())


def custom_fields_of(schema: pa.Schema, known: Mapping[str, Field]) -> tuple[Field, ...]:
    """A custom field for each single-valued column that is no field of accounts, typed as the column is."""
    return tuple(
        Field(name, type, is_custom=True)
        for name, column in zip(schema.names, schema.types, strict=True)
        if name not in known and (type := _field_type(column)) is not None
    )


def _field_type(column: pa.DataType) -> FieldType | None:
    """The type of field that a column of Arrow makes; None for lists, structs and bytes."""
    if pa.types.is_dictionary(column):
        column = column.value_type
    if pa.types.is_string(column) or pa.types.is_large_string(column) or pa.types.is_string_view(column):
        return FieldType.TEXT
    if pa.types.is_integer(column):
        return FieldType.INTEGER
    if pa.types.is_floating(column) or pa.types.is_decimal(column):
        return FieldType.DECIMAL
    if pa.types.is_date(column) or pa.types.is_timestamp(column):
        return FieldType.DATE
    return FieldType.BOOLEAN if pa.types.is_boolean(column) else None


def typed_columns(table: pa.Table, names: Iterable[str], fields: Mapping[str, Field], currency: str) -> dict[str, pa.ChunkedArray]:
    """The named columns of a table, each as the evaluator takes a field of its type. O(rows x columns).

    Text is trimmed, codes become upper-case, empty text is a missing value; amounts are decimals of `currency` and become minor
    units, rounded half to even; NaN is missing.

    Raises
    ------
    InputError
        Where a column is not there, or holds what its field cannot; every such column is named.
    """
    out: dict[str, pa.ChunkedArray] = {}
    findings: list[Finding] = []
    for name in names:
        if name not in table.column_names:
            findings.append(lacks(name))
            continue
        try:
            out[name] = _typed(table[name], fields[name].type, currency)
        except (pa.ArrowException, ValueError) as error:
            message = f"the column cannot be read as {fields[name].type.value}: {error}"
            remedy = f"Write it as {_WANTED[fields[name].type]}."
            findings.append(Finding("accounts-column", Severity.ERROR, message[:300], Place(column=name), "", remedy))
    if findings:
        raise InputError(f"{len(findings)} columns of the accounts cannot be used, the first: {findings[0]}", findings)
    return out


def lacks(name: str) -> Finding:
    """The finding of a column that is not there."""
    message, remedy = "the accounts lack this column, which rules ask for", "Add it, empty where it is not known."
    return Finding("accounts-column", Severity.ERROR, message, Place(column=name), "", remedy)


_WANTED = {
    FieldType.TEXT: "text",
    FieldType.CODE: "text",
    FieldType.INTEGER: "whole numbers",
    FieldType.DECIMAL: "numbers",
    FieldType.MONEY: "amounts in the currency of the run",
    FieldType.DATE: "days such as 2026-03-14",
    FieldType.BOOLEAN: "true or false",
}


def _typed(column: pa.ChunkedArray, type: FieldType, currency: str) -> pa.ChunkedArray:
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if type.is_text:
        return _text(column, is_code=type is FieldType.CODE)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    match type:
        case FieldType.INTEGER:
            return column.cast(pa.int64())
        case FieldType.MONEY:
            return _minor(column, exponent(currency))
        case FieldType.DATE:
            return column.cast(pa.date32())
        case FieldType.BOOLEAN:
            return column.cast(pa.bool_())
        case _:
            return _without_nan(column.cast(pa.float64()))


def _text(column: pa.ChunkedArray, *, is_code: bool) -> pa.ChunkedArray:
    """Text as a dictionary; what is done to a value is done once per distinct value."""
    encoded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    one = pc.cast(encoded, _TEXT).unify_dictionaries()
    chunks = []
    for chunk in one.chunks:
        values = pc.utf8_trim_whitespace(chunk.dictionary)
        values = pc.utf8_upper(values) if is_code else values
        values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        # Values that became alike, or empty, are encoded again, so that a dictionary holds each text once and no null.
        chunks.append(values.take(chunk.indices).dictionary_encode().cast(_TEXT))
    return pa.chunked_array(chunks, _TEXT)


def _minor(column: pa.ChunkedArray, digits: int) -> pa.ChunkedArray:
    """Decimal amounts in minor units."""
    if pa.types.is_integer(column.type):
        return pc.multiply_checked(column.cast(pa.int64()), 10**digits)
    if pa.types.is_string(column.type):
        column = column.cast(pa.decimal128(38, 9))
    if pa.types.is_decimal(column.type):
        scaled = pc.round(
            pc.multiply(column.cast(pa.decimal128(28, 9)), pa.scalar(10**digits, pa.decimal128(5, 0))), 0, "half_to_even"
        )
        return scaled.cast(pa.int64())
    scaled = pc.round(pc.multiply(_without_nan(column.cast(pa.float64())), float(10**digits)), 0, "half_to_even")
    return scaled.cast(pa.int64())


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
