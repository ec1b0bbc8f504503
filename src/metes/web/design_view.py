"""A design as its workbench shows it: figures, rows and units written out for the reader, so that scripts only put texts in their places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metes.web.drawing import band
from metes.web.formatting import MISSING, Reader

ROWS_OF_UNITS = 50
NO_BAND = 0.1


@dataclass(frozen=True, slots=True)
class Bands:
    """How the measures of a design are written: keys, titles, units, and the band of each as a share."""

    measures: Sequence[Mapping[str, Any]]

    def cell(self, reader: Reader, row: Mapping[str, Any], m: int) -> dict[str, Any]:
        """A territory's load of a measure against its band: the glyph's places, and the deviation in words."""
        target, load = float(row["targets"][m]), float(row["loads"][m])
        tolerance = self.tolerance(row, m)
        deviation = load / target - 1 if target > 0 else 0.0
        drawn = band(deviation, tolerance)
        return {
            "deviation": deviation,
            "text": reader.change(deviation) if target > 0 else MISSING,
            "dot": drawn.dot,
            "low": drawn.low,
            "high": drawn.high,
            "outside": row["over"][m] > 0,
            "load": self.amount(reader, m, load),
            "target": self.amount(reader, m, target),
            "tolerance": reader.share(tolerance, 1),
        }

    def tolerance(self, row: Mapping[str, Any], m: int) -> float:
        """How far a territory may be from its target, as a share of it; a plain tenth to draw with where there is no band."""
        asked, target, highest = self.measures[m]["band"], float(row["targets"][m]), row["highest"][m]
        if asked:
            return float(asked)
        if target > 0 and highest is not None and math.isfinite(highest) and highest > target:
            return float(highest) / target - 1
        return NO_BAND

    def amount(self, reader: Reader, m: int, value: float) -> str:
        """An amount of a measure in its unit."""
        unit = self.measures[m]["unit"]
        if len(unit) == 3 and unit.isupper():
            return reader.money_compact(round(value), unit)
        return f"{reader.compact(value)} h" if unit == "hours" else reader.compact(value)


def row_of(reader: Reader, bands: Bands, row: Mapping[str, Any]) -> dict[str, Any]:
    """A territory's row: its name, who sits there, a cell for each measure, and what moved."""
    cells = [bands.cell(reader, row, m) for m in range(len(bands.measures))]
    badness = max((abs(cell["deviation"]) / bands.tolerance(row, m) for m, cell in enumerate(cells)), default=0.0)
    return {
        "index": row["index"],
        "key": row["key"],
        "name": row["name"],
        "colour": row["colour"],
        "person": row["person"] or (row["seat"] and "vacant seat") or "",
        "base": row["base"],
        "units": row["units"],
        "units_text": reader.number(row["units"]),
        "accounts": row["accounts"],
        "moved": row["moved"],
        "moved_text": reader.number(row["moved"]),
        "pieces": row["pieces"],
        "cells": cells,
        "badness": badness,
    }


def rows_of(reader: Reader, bands: Bands, rows: Iterable[Mapping[str, Any]], sort: str = "") -> list[dict[str, Any]]:
    """Rows in an order: `name`, `moved`, `units` or a measure's key, with a minus in front the other way; the worst first without one."""
    made = [row_of(reader, bands, row) for row in rows]
    made.sort(key=lambda row: str(row["name"]).lower())
    key = sort.removeprefix("-")
    position = next((m for m, measure in enumerate(bands.measures) if measure["key"] == key), None)
    if position is not None:
        made.sort(key=lambda row: abs(row["cells"][position]["deviation"]), reverse=sort.startswith("-"))
    elif key in {"name", "moved", "units"}:
        made.sort(key=lambda row: str(row["name"]).lower() if key == "name" else row[key], reverse=sort.startswith("-"))
    else:
        made.sort(key=lambda row: row["badness"], reverse=True)
    return made


def strip_of(reader: Reader, bands: Bands, figures: Mapping[str, Any], today: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The figures above the map: each with what it is measured against."""
    before = {one["measure"]: one["worst_share"] for one in (today or {}).get("balance", ())}
    # What breaks its limits can cost less than the bound for those that keep them: then the two cannot be compared.
    gap = figures["gap"] if figures["gap"] is not None and figures["gap"] >= 0 else None
    strip = [_figure("gap", reader.share(gap, 1), "above the bound")]
    for measure, found in zip(bands.measures, figures["balance"], strict=True):
        now, was = found["worst_share"], before.get(measure["key"])
        better = was is not None and now is not None and now < was
        strip.append(
            {
                "key": f"balance-{measure['key']}",
                "value": f"±{reader.share(now, 1)}",
                "label": str(measure["title"]).lower(),
                "from": "" if was is None else f"from ±{reader.share(was)}",
                "tone": "good" if better else "warn" if found["over"] else "",
            }
        )
    strip.append(_figure("changed", reader.share(figures["changed_share"], 1), "change hands"))
    strip.append(_figure("disruption", reader.money_compact(round(figures["disruption_minor"])), "disruption"))
    strip.append(_travel(reader, figures, today))
    return strip


def _travel(reader: Reader, figures: Mapping[str, Any], today: Mapping[str, Any] | None) -> dict[str, Any]:
    """Travel against today's, or as it is where today has none to compare with."""
    was = (today or {}).get("travel") or 0.0
    if not was:
        return _figure("travel", reader.money_compact(round(figures["travel"])), "travel")
    change = figures["travel"] / was - 1
    return {**_figure("travel", reader.change(change, 0), "travel"), "tone": "good" if change < 0 else ""}


def _figure(key: str, value: str, label: str) -> dict[str, Any]:
    return {"key": key, "value": value, "label": label, "from": "", "tone": ""}


def advice_lines(reader: Reader, advice: Iterable[Mapping[str, Any]], noun: tuple[str, str]) -> list[dict[str, Any]]:
    """What there is to say, as sentences with what can be done: `show` a territory, `free` its locks, `widen` a band, `pick` units."""
    return [_line(reader, one, noun) for one in advice]


def _line(reader: Reader, one: Mapping[str, Any], noun: tuple[str, str]) -> dict[str, Any]:
    count, territory = int(one.get("count", 0)), one["territory"]
    show = [{"do": "show", "label": "Show it", "territory": territory}] if territory is not None else []
    match one["kind"]:
        case "more":
            subject = "1 more territory is" if count == 1 else f"{reader.number(count)} more territories are"
            return {"lead": f"{subject} beyond a band.", "text": "", "actions": []}
        case "pieces":
            return {"lead": f"{one['name']} is in {count} pieces.", "text": "It was asked to be in one.", "actions": show}
        case "nobody":
            subject = f"1 {noun[0]} is" if count == 1 else f"{reader.number(count)} {noun[1]} are"
            pick = [{"do": "pick", "label": "Choose them" if count > 1 else "Choose it", "territory": -1}]
            return {"lead": f"{subject} in no territory.", "text": "", "actions": pick}
        case _:
            return _beyond(reader, one, noun, show)


def _beyond(reader: Reader, one: Mapping[str, Any], noun: tuple[str, str], show: list[dict[str, Any]]) -> dict[str, Any]:
    points = reader.number(one["beyond_share"] * 100, 1)
    words = str(one["measure"]).replace("_", " ")
    text, actions = "", show
    whale, locked = one.get("whale"), int(one["locked"])
    if whale:
        times = reader.number(whale["share"], 1)
        text = f"{whale['name']} alone is {times} times the target; no design can do better while it is one {noun[0]}."
    elif locked:
        text = f"{reader.count(locked, *noun)} of it {'is' if locked == 1 else 'are'} locked."
    if locked:
        actions = [*actions, {"do": "free", "label": "Unlock", "territory": one["territory"]}]
    wider = one["wider_share"]
    if wider is not None:
        label = f"Widen to {reader.share(wider)}"
        actions = [*actions, {"do": "widen", "label": label, "measure": one["measure"], "share": wider}]
    side = "over" if one["kind"] == "above" else "under"
    return {"lead": f"{one['name']} is {points} points {side} its band of {words}.", "text": text, "actions": actions}
