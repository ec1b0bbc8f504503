"""Measures of zones from a table of any format: a row for each zone, by its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from metes.base.findings import Finding, Place, Severity
from metes.intake.geojson_zones import ZonesRead
from metes.intake.source import SourceFile
from metes.model.zones import Floats, ZoneSet
from metes.plan.conform import suggestion

_SHOWN = 5


def with_measures(zones: ZoneSet, file: SourceFile, id_column: str, measures: Sequence[str]) -> ZonesRead:
    """The set with the measures of a file's columns beside its own, and what was doubtful; none where a column is missing.

    Rows of one id are added. Where all ids are digits of one length, those that a spreadsheet robbed of their leading zeros are found too.
    A zone without a row, or with a value that is missing, negative or no number, counts as 0. Linear in the rows.
    """
    place = Place(file.name)
    missing = [name for name in (id_column, *measures) if name not in file.headers]
    if missing:
        remedies = [suggestion(name, file.headers) or f"It has {', '.join(file.headers[:20])}." for name in missing]
        texts = [f"the file has no column '{name}'" for name in missing]
        found = [Finding("zone-property", Severity.ERROR, t, place, remedy=r) for t, r in zip(texts, remedies, strict=True)]
        return ZonesRead(None, tuple(found))
    width = _width(zones.ids)
    codes = [_code(text, width) for text in file.table[id_column].to_pylist()]
    zone_of_row = np.array([zones.index_of_id.get(code, -1) for code in codes], np.int64)
    findings = _of_rows(zones, codes, zone_of_row, place)
    added: dict[str, Floats] = {}
    for name in measures:
        values, wrong = _numbers(file.table[name].to_pylist())
        at = np.flatnonzero(zone_of_row >= 0)
        added[name] = np.asarray(np.bincount(zone_of_row[at], values[at], len(zones)), np.float64)
        findings += _of_values(name, [codes[row] for row in at.tolist() if wrong[row]], place)
    merged: Mapping[str, Floats] = {**zones.measures, **added}
    return ZonesRead(replace(zones, measures=merged, source=f"{zones.source}; {file.name}"), tuple(findings))


def _width(ids: Sequence[str]) -> int:
    """How long all ids are where they are digits alone; 0 where they are not."""
    lengths = {len(one) for one in ids}
    return lengths.pop() if len(lengths) == 1 and all(one.isdecimal() for one in ids) else 0


def _code(text: str | None, width: int) -> str:
    code = (text or "").strip()
    return code.zfill(width) if code.isdecimal() else code


def _numbers(texts: Sequence[str | None]) -> tuple[Floats, list[bool]]:
    """The values of a column, and which are none and count as 0."""
    values = np.zeros(len(texts))
    for row, text in enumerate(texts):
        try:
            values[row] = float(text) if text else np.nan
        except ValueError:
            values[row] = np.nan
    is_wrong = ~(np.isfinite(values) & (values >= 0))
    values[is_wrong] = 0.0
    return values, is_wrong.tolist()


def _of_rows(zones: ZoneSet, codes: Sequence[str], zone_of_row: np.ndarray, place: Place) -> list[Finding]:
    """What there is to say of the ids: unknown ones, repeated ones, zones without a row."""
    counts = np.bincount(zone_of_row[zone_of_row >= 0], minlength=len(zones))
    unknown = [code for code, zone in zip(codes, zone_of_row.tolist(), strict=True) if zone < 0]
    repeated = [zones.ids[at] for at in np.flatnonzero(counts > 1).tolist()]
    lacking = [zones.ids[at] for at in np.flatnonzero(counts == 0).tolist()]
    told = (
        ("zone-unknown", unknown, "rows name no zone of the set and are left out", "Look whether the codes are those of the set."),
        (
            "zone-duplicate",
            repeated,
            "rows of the same id are added",
            "Leave one row for each zone where they are not parts of it.",
        ),
        ("zone-measure", lacking, "zones without a row count as 0", "Add a row for each."),
    )
    return [
        Finding(code, Severity.WARNING, f"{text}: {_listed(ids)}", place, remedy=remedy) for code, ids, text, remedy in told if ids
    ]


def _of_values(name: str, wrong: Sequence[str], place: Place) -> list[Finding]:
    if not wrong:
        return []
    message = f"'{name}' counts as 0 where it is missing, negative or no number: {_listed(wrong)}"
    return [Finding("zone-measure", Severity.WARNING, message, place, remedy="Fill it with numbers of 0 and more.")]


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(one[:40] for one in ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else "")
