"""What the data table shows, as values: columns, rows, filters, views and paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from metes.web.addresses import Address


class Cell(StrEnum):
    """How a cell is written. LINK takes text, TERRITORY `{name, colour, href}`, STATUS `{text, tone}`, MONEY minor units or Money."""

    TEXT = "text"
    CODE = "code"
    LINK = "link"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    CHANGE = "change"
    DATE = "date"
    TERRITORY = "territory"
    STATUS = "status"
    BAND = "band"

    @property
    def is_figure(self) -> bool:
        """Whether the cell is set to the right in tabular figures."""
        return self in (Cell.NUMBER, Cell.MONEY, Cell.SHARE, Cell.CHANGE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. On a phone, `on_phone` False hides it; `second` names the field written small under the value."""

    key: str
    title: str
    cell: Cell = Cell.TEXT
    is_sortable: bool = True
    is_shown: bool = True
    on_phone: bool = True
    second: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its key, what its cells hold by column, and the page it leads to."""

    key: str
    cells: Mapping[str, Any]
    href: str = ""
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter in force, written as a sentence, with the parameter and value that take it out."""

    text: str
    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter that can be set: a parameter with its options (value, text), or free text when there are none."""

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: a name and the address it stands for."""

    name: str
    href: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with the selected rows: a form is sent to `href`, whose page previews the consequence."""

    label: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and all around it. `first`, `last` are the positions shown; `before`, `after` the keys of paging, empty at an end."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    address: Address
    total: int = 0
    noun: tuple[str, str] = ("row", "rows")
    first: int = 1
    before: str = ""
    after: str = ""
    sort: str = ""
    filters: Sequence[Filter] = ()
    choices: Sequence[Choice] = ()
    views: Sequence[View] = ()
    actions: Sequence[Action] = ()
    export: str = ""
    save_view: str = ""
    has_search: bool = True
    error: str = ""
    too_many: str = ""
    empty_title: str = ""
    empty_text: str = ""
    key: str = "table"

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are shown."""
        return tuple(column for column in self.columns if column.is_shown)

    @property
    def last(self) -> int:
        """The position of the last row shown, from 1."""
        return self.first + len(self.rows) - 1

    def direction(self, column: Column) -> str:
        """`ascending`, `descending` or `none`, for `aria-sort`."""
        if self.sort.removeprefix("-") != column.key:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"

    def sort_href(self, column: Column) -> str:
        """The address that sorts by the column: figures from the largest, text from the first, then the other way round."""
        down = f"-{column.key}"
        order = {"none": down if column.cell.is_figure else column.key, "ascending": down, "descending": column.key}
        return str(self._turned(sort=order[self.direction(column)]))

    def without(self, item: Filter) -> str:
        """The address without one filter."""
        return str(self._turned().drop(item.name, item.value))

    def cleared(self) -> str:
        """The address without filters and search."""
        address = self._turned(q=None)
        for item in self.filters:
            address = address.drop(item.name, item.value)
        return str(address)

    def page_href(self, **place: str) -> str:
        """The address of another page: `after=` or `before=` a key."""
        return str(self._turned(**place))

    def _turned(self, **changes: object) -> Address:
        return self.address.put(**{"after": None, "before": None, **changes})
