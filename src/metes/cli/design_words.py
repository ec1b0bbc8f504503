"""What commands of designs print: territories against their bands, figures in sentences, amounts and shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from metes.cli.output import Console, money, say

NUMBER = typer.Argument(..., metavar="DESIGN", help="The design's number.")
UNIT_WIDTH = 40


def show(console: Console, shown: Mapping[str, Any]) -> None:
    """Print territories against their bands, then the figures."""
    measures, figures = shown["measures"], shown["figures"]
    above = ["under"] if shown["parents"] else []
    headers = [
        "territory",
        "name",
        *above,
        "person",
        "units",
        *(m["title"].lower() for m in measures),
        "off target",
        "moved",
        "pieces",
    ]
    rows = []
    for t in shown["territories"]:
        off = [load / target - 1 if target else 0.0 for load, target in zip(t["loads"], t["targets"], strict=True)]
        marks = ["!" if over else "" for over in t["over"]]
        loads = [amount(load, m["unit"]) + mark for load, m, mark in zip(t["loads"], measures, marks, strict=True)]
        worst = max(off, key=abs, default=0.0)
        rows.append(
            [
                t["key"],
                t["name"][:UNIT_WIDTH],
                *([t["parent"]] if above else []),
                t["person"][:UNIT_WIDTH],
                t["units"],
                *loads,
                f"{worst:+.1%}",
                t["moved"],
                t["pieces"],
            ]
        )
    console.table(headers, rows)
    for line in sentences(shown["currency"], figures, shown["today"]):
        say(line)


def sentences(currency: str, figures: Mapping[str, Any], today: Mapping[str, Any] | None) -> list[str]:
    """A design's figures, a line each."""
    lines = [
        f"{one['measure']}: worst {share(one['worst_share'])} off its target, {one['over']} beyond their band"
        for one in figures["balance"]
    ]
    lines.append(
        f"{figures['changed_accounts']:,} accounts ({share(figures['changed_share'])}) change territory, "
        f"which is expected to lose {money(round(figures['disruption_minor']), currency)}"
    )
    lines.append(f"travel costs {money(round(figures['travel']), currency)} a year{_against(figures['travel'], today)}")
    if not figures["is_within"]:
        lines.append("not every band is met, so the bound, which is for designs that meet them, says nothing of this one")
    if figures["gap"] is not None:
        lines.append(f"at most {share(figures['gap'])} above the best possible for these centres")
    if figures["broken"]:
        lines.append(f"{figures['broken']:,} territories are not in one piece")
    if figures["unassigned"]:
        lines.append(f"{figures['unassigned']:,} {'unit is' if figures['unassigned'] == 1 else 'units are'} in no territory")
    if figures["accounts_off_map"]:
        lines.append(f"{figures['accounts_off_map']:,} accounts are not on the map")
    return [*lines, *figures["notes"]]


def _against(travel: float, today: Mapping[str, Any] | None) -> str:
    """How travel is against that of today, where territories are those of today."""
    if today is None or today["travel"] <= 0:
        return ""
    return f", {travel / today['travel'] - 1:+.1%} against today"


def amount(value: float, unit: str) -> str:
    """A cost: money where its unit is a currency, else a plain number."""
    return money(round(value), unit) if len(unit) == 3 and unit.isupper() else f"{value:,.0f}"


def ratio(value: float | None) -> str:
    """A number with two decimals, empty where it is not known."""
    return "" if value is None else f"{value:.2f}"


def share(value: float | None) -> str:
    """A share as a percentage, empty where it is not known."""
    return "" if value is None else f"{value:.1%}"
