"""The list of accounts as an address asks for it: search, condition, simple filters, sort, columns and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metes.app.workspace import Workspace
from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.money import exponent
from metes.model.catalogue import Field, FieldType
from metes.model.condition import EVERYTHING, And, Condition, Equals, Missing, Range
from metes.model.plan import Plan
from metes.model.query import PAGE_ROWS, AccountQuery, Cursor
from metes.web.addresses import Address
from metes.web.api.accounts import read_cursor, write_cursor
from metes.web.marks import Marks
from metes.web.tables import Cell, Choice, Column, Filter, Row

NOBODY = "none"
VALUE_FILTERS = ("region", "industry", "segment", "zone")
SIZES = {
    "1-9": (1, 9),
    "10-49": (10, 49),
    "50-249": (50, 249),
    "250-999": (250, 999),
    "1000-": (1000, None),
    "unknown": (None, None),
}
DEFAULT_COLUMNS = ("name", "territory", "industry", "employees", "potential", "revenue_12m", "pipeline")
MORE_COLUMNS = ("territory", "via", "pipeline", "open_opportunities")
_TITLES = {
    "territory": "Territory",
    "via": "Held by",
    "pipeline": "Pipeline",
    "open_opportunities": "Open opportunities",
    "revenue_12m": "Revenue, 12 months",
    "id": "Id",
    "annual_revenue": "Annual revenue",
}
_TERRITORIES_LISTED = 400
_ON_PHONE = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """What an address asks for; `findings` are what is wrong with its condition, which is then left out."""

    address: Address
    query: AccountQuery
    columns: tuple[str, ...]
    first: int = 1
    findings: tuple[Finding, ...] = field(default=())

    @property
    def where(self) -> str:
        """The condition as typed."""
        return self.address.get("where")


def read_ask(address: Address, workspace: Workspace) -> Ask:
    """Read an address; a condition that cannot be read gives findings, anything else that is wrong an error."""
    fields = workspace.fields()
    findings: tuple[Finding, ...] = ()
    parts: list[Condition] = [Equals(name, address.get(name)) for name in VALUE_FILTERS if address.get(name)]
    if address.get("size") in SIZES:
        parts.append(_size(address.get("size")))
    if address.get("where").strip():
        try:
            parts.append(workspace.rule_parse(address.get("where")))
        except InputError as error:
            findings = error.findings or (Finding("filter", Severity.ERROR, str(error), Place(subject="filter")),)
    known = (*fields, *MORE_COLUMNS)
    columns = tuple(dict.fromkeys(c for c in address.values("column") if c in known)) or DEFAULT_COLUMNS
    columns = ("name", *(c for c in columns if c != "name"))
    sort = address.get("sort", "name")
    first, cursor = _read_place(address)
    query = AccountQuery(
        condition=EVERYTHING if not parts else parts[0] if len(parts) == 1 else And(tuple(parts)),
        search=address.get("q"),
        territories=_territories(address.get("territory"), workspace),
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
        columns=tuple(dict.fromkeys(("id", "city", "region", *columns))),
        after=cursor,
        rows=PAGE_ROWS,
    )
    return Ask(address, query, columns, first, findings)


def place_of(first: int, cursor: Cursor | None) -> str:
    """A cursor with the position of its page's first row, as the address carries it: `51~…`."""
    text = write_cursor(cursor)
    return f"{max(1, first)}~{text}" if text else ""


def columns_of(fields: Mapping[str, Field], shown: Sequence[str]) -> list[Column]:
    """All columns that can be chosen, those shown first and in their order."""
    rest = [name for name in (*DEFAULT_COLUMNS, *MORE_COLUMNS, *fields) if name not in shown]
    out = []
    for number, name in enumerate(dict.fromkeys([*shown, *rest])):
        cell = _cell(name, fields.get(name))
        second = "place" if name == "name" else ""
        out.append(Column(name, title_of(name, fields), cell, is_shown=name in shown, on_phone=number <= _ON_PHONE, second=second))
    return out


def title_of(name: str, fields: Mapping[str, Field]) -> str:
    """A column's title."""
    return _TITLES.get(name) or (fields[name].title if name in fields else name)


def rows_of(found: Sequence[Mapping[str, Any]], ask: Ask, columns: Sequence[Column], marks: Marks, currency: str) -> list[Row]:
    """The rows of a page of accounts; a row's key is the account's. Money is rounded to whole units: a list is for comparing."""
    unit = 10 ** exponent(currency)
    money = {column.key for column in columns if column.cell is Cell.MONEY}
    out = []
    for row in found:
        cells = {name: _whole(row[name], unit) if name in money else _value(row[name]) for name in ask.columns}
        cells["place"] = ", ".join(part for part in (row["city"], (row["region"] or "").partition("-")[2]) if part)
        if "territory" in cells:
            cells["territory"] = marks.of(row["territory"])
        out.append(Row(row["id"], cells, href=f"/accounts/{row['account']}"))
    return out


def filters_of(ask: Ask, fields: Mapping[str, Field], marks: Marks) -> list[Filter]:
    """The filters in force as sentences."""
    address = ask.address
    out = []
    if address.get("territory"):
        key = address.get("territory")
        out.append(Filter("held by no territory" if key == NOBODY else f"in {marks.name(key)}", "territory"))
    out += [Filter(f"{title_of(n, fields)} is {address.get(n)}", n) for n in VALUE_FILTERS if address.get(n)]
    if address.get("size") in SIZES:
        out.append(Filter(size_text(address.get("size")), "size"))
    if ask.where.strip():
        text = ask.where if len(ask.where) <= 80 else ask.where[:79] + "…"
        out.append(Filter(text, "where"))
    return out


def choices_of(workspace: Workspace, plan: Plan | None, address: Address) -> list[Choice]:
    """The simple filters that can be set."""
    out = [_territory_choice(plan)]
    for name, label in (("region", "Region"), ("industry", "Industry"), ("segment", "Segment")):
        values = [str(value) for value, _ in workspace.values_of(name)]
        if address.get(name) and address.get(name) not in values:
            values.append(address.get(name))
        if values:
            out.append(Choice(name, label, [(v, v) for v in sorted(values)]))
    out.append(Choice("size", "Employees", [(key, size_text(key)) for key in SIZES]))
    return out


def size_text(key: str) -> str:
    """A class of sizes in words."""
    low, high = SIZES[key]
    if low is None:
        return "size not known"
    return f"{low:,} employees and more" if high is None else f"{low}–{high} employees"


def _size(key: str) -> Condition:
    low, high = SIZES[key]
    return Missing("employees") if low is None else Range("employees", low, high)


def _territories(key: str, workspace: Workspace) -> frozenset[str] | None:
    if not key:
        return None
    return frozenset({""}) if key == NOBODY else workspace.keys_below(key)


def _territory_choice(plan: Plan | None) -> Choice:
    nobody = (NOBODY, "held by no territory")
    if plan is None:
        return Choice("territory", "Territory", [nobody])
    if len(plan.preorder) > _TERRITORIES_LISTED:
        return Choice("territory", "Territory's key")
    depth: dict[str | None, int] = {None: -1}
    options = [nobody]
    for territory in plan.preorder:
        depth[territory.key] = depth[territory.parent] + 1
        options.append((territory.key, "\u2003" * depth[territory.key] + territory.label))
    return Choice("territory", "Territory", options)


def _read_place(address: Address) -> tuple[int, Cursor | None]:
    first, _, cursor = (address.get("after") or address.get("before")).partition("~")
    return (int(first), read_cursor(cursor)) if first.isdecimal() and len(first) < 12 else (1, None)


def _cell(name: str, kind: Field | None) -> Cell:
    if name == "name":
        return Cell.LINK
    if name == "territory":
        return Cell.TERRITORY
    if name == "pipeline" or (kind and kind.type is FieldType.MONEY):
        return Cell.MONEY
    if name == "open_opportunities" or (kind and kind.type in (FieldType.INTEGER, FieldType.DECIMAL)):
        return Cell.NUMBER
    if kind and kind.type is FieldType.DATE:
        return Cell.DATE
    return Cell.CODE if name == "id" else Cell.TEXT


def _whole(minor: int | None, unit: int) -> int | None:
    return None if minor is None else round(minor / unit) * unit


def _value(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
