"""Territories for a table or frame of units, without a workspace: what Python callers ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.progress import SILENT, Progress
from metes.partition.graph import Graph, graph_of_pairs
from metes.partition.links import joining_links
from metes.partition.neighbours import nearest_pairs
from metes.partition.problem import Design, Floats, Ints, Preferences, Problem, equal_limits, on_earth
from metes.partition.solve import solve

DEFAULT_BAND = 0.05
_NEIGHBOURS = 8


def design_frame(
    units: Any,
    territories: int,
    *,
    measures: Mapping[str, float] | Sequence[str],
    today: str | None,
    handover: str | None,
    locked: str | None,
    weight: str | None,
    contiguous: bool,
    neighbours: Any,
    seed: int,
    seconds: float | None,
    progress: Progress = SILENT,
) -> tuple[pa.Table, Design]:
    """The territory of each row of a table or frame, and the design's figures; see `metes.design`."""
    table = units if isinstance(units, pa.Table) else pa.table(units)
    bands = dict(measures) if isinstance(measures, Mapping) else dict.fromkeys(measures, DEFAULT_BAND)
    asked = [*bands, *(name for name in ("latitude", "longitude", today, handover, locked, weight) if name)]
    _refuse_unsound(table, territories, bands, asked)
    latitude, longitude = _numbers(table, "latitude"), _numbers(table, "longitude")
    names, current = _keys(table, today, locked, territories)
    amounts = np.stack([_numbers(table, name) for name in bands], axis=1)
    lowest, highest = equal_limits(amounts, territories, list(bands.values()))
    problem = Problem(
        places=on_earth(latitude, longitude),
        travel=_numbers(table, weight) if weight else np.ones(table.num_rows),
        measures=amounts,
        lowest=lowest,
        highest=highest,
        graph=_graph(latitude, longitude, contiguous, neighbours),
        measure_names=tuple(bands),
    )
    if today is not None:
        problem = replace(problem, current=current, preferences=_savings(current, table, handover))
    if locked is not None:
        problem = replace(problem, locked=_numbers_of(table, locked, names))
    found = solve(problem, seed=seed, seconds=seconds, progress=progress)
    named = pa.array(names).take(pa.array(found.territory_of_unit))
    ids = _plain_texts(table["id"]) if "id" in table.column_names else pa.array(np.arange(table.num_rows))
    return pa.table({"unit": ids, "territory": named}), found


def _refuse_unsound(table: pa.Table, territories: int, bands: Mapping[str, float], asked: Sequence[str]) -> None:
    """InputError with every problem of the table."""
    findings = [
        _finding(
            "design-measure",
            f"column {name}",
            f"the table has no column '{name}'",
            f"Name one of: {', '.join(table.column_names)}.",
        )
        for name in dict.fromkeys(asked)
        if name not in table.column_names
    ]
    if not bands:
        findings.append(_finding("design-measure", "measures", "no measure was named", "Name at least one column to balance."))
    if not table.num_rows:
        findings.append(_finding("design-no-units", "units", "the table has no rows", "Give it a row for each unit."))
    elif not 1 <= territories <= table.num_rows:
        message = f"{territories:,} territories were asked for, and there are {table.num_rows:,} units"
        findings.append(_finding("design-too-many", "territories", message, "Ask for 1 to as many as there are units."))
    for name, band in bands.items():
        if not 0 <= band < np.inf:
            findings.append(_finding("design-limits", f"measure {name}", f"its band is {band}", "Give a share such as 0.05."))
    if findings:
        raise InputError(findings[0].message, findings)


def _keys(table: pa.Table, today: str | None, locked: str | None, territories: int) -> tuple[list[str], Ints]:
    """Names of the territories, today's first, and the number of each unit's, -1 for none."""
    told = [table[name].cast(pa.string()).to_pylist() for name in (today, locked) if name]
    known = sorted({key for column in told for key in column if key})
    if len(known) > territories:
        message = f"the columns name {len(known):,} territories, and {territories:,} were asked for"
        raise InputError(message, [_finding("design-territories", "territories", message, "Ask for as many, or leave some empty.")])
    new = (f"new-{number}" for number in range(1, territories + len(known) + 1))
    names = known + [key for key in new if key not in known][: territories - len(known)]
    return names, _numbers_of(table, today, names) if today else np.full(table.num_rows, -1, np.int32)


def _numbers_of(table: pa.Table, name: str, names: Sequence[str]) -> Ints:
    found = pc.index_in(table[name].cast(pa.string()), pa.array(names, pa.string())).fill_null(-1)
    return np.array(found.to_numpy(), np.int32)


def _savings(current: Ints, table: pa.Table, handover: str | None) -> Preferences | None:
    """What each unit saves where it stays with today's territory."""
    if handover is None:
        return None
    held = current >= 0
    indptr = np.zeros(len(current) + 1, np.int64)
    np.cumsum(held, out=indptr[1:])
    return Preferences(indptr, current[held], _numbers(table, handover)[held])


def _plain_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as it is, but for the texts of frames, whose kinds differ."""
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type) else column


def _graph(latitude: Floats, longitude: Floats, contiguous: bool, neighbours: Any) -> Graph | None:
    """Who is next to whom: as given, or the nearest of each, with links where that leaves pieces."""
    if neighbours is not None:
        pairs = np.asarray(neighbours, np.int64).reshape(-1, 2)
        try:
            return graph_of_pairs(len(latitude), pairs[:, 0], pairs[:, 1])
        except ValueError as error:
            raise InputError(str(error)) from None
    if not contiguous or len(latitude) < 2:
        return None
    near = nearest_pairs(latitude, longitude, _NEIGHBOURS)
    pairs = np.concatenate([near, joining_links(latitude, longitude, near).reshape(-1, 2)])
    return graph_of_pairs(len(latitude), pairs[:, 0], pairs[:, 1])


def _numbers(table: pa.Table, name: str) -> Floats:
    """A column of numbers; what is missing is no number and is refused by the search, with its row."""
    try:
        values = table[name].cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        message = f"column '{name}' has no numbers"
        raise InputError(message, [_finding("design-not-a-number", f"column {name}", message, "Give it numbers.")]) from None
    return np.array(values.fill_null(np.nan).to_numpy(), np.float64)


def _finding(code: str, where: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=where), remedy=remedy)
