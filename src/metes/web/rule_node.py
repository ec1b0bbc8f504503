"""The parts of the rule editor's form: groups and rows, and the comparisons that a row offers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

OPERATORS = (
    ("=", "is"), ("!=", "is not"), ("in", "is one of"), ("not in", "is none of"), ("starts", "starts with"),
    ("not starts", "does not start with"), ("contains", "contains"), ("not contains", "does not contain"), ("between", "is between"),
    (">=", "is at least"), ("<=", "is at most"), (">", "is above"), ("<", "is below"), ("in_list", "is on the list"),
    ("not in_list", "is not on the list"), ("missing", "is missing"), ("present", "is there"),
)  # fmt: skip
_BY_KEY = dict(OPERATORS)
# What is asked of a term, by its kind; the first is offered where a row becomes one.
_OF_TERM = {
    "area": ("=", "!="),
    "distance": ("<=", ">=", "<", ">", "between", "missing", "present"),
    "postal": ("from", "not from"),
    "month": ("in", "not in", "=", "!=", "between"),
    "orders": (">=", "<=", "=", "!=", ">", "<", "between", "missing", "present"),
}
_LABELS = {**_BY_KEY, "from": "lies from … to …", "not from": "does not lie from … to …"}
_AREA_LABELS = {"=": "is inside", "!=": "is not inside"}
FAMILY = "family."


class TooComplex(Exception):
    """The condition has more to it than rows and groups can show; its text says why."""


def term_kind(name: str) -> str:
    """The kind of term that a row asks for (`area`, `distance`, `postal`, `month`, `orders`); empty for a plain field."""
    head, _, kind = name.removeprefix(FAMILY).partition(":")
    kind = kind.partition(":")[0]
    return kind if head == "term" and kind in _OF_TERM else ""


def operators_of(name: str) -> tuple[tuple[str, str], ...]:
    """The comparisons that a row offers, with their labels."""
    kind = term_kind(name)
    labels = {**_LABELS, **_AREA_LABELS} if kind == "area" else _LABELS
    return tuple((key, labels[key]) for key in _OF_TERM[kind]) if kind else OPERATORS


@dataclasses.dataclass
class Node:
    """A group (`and`, `or`, `not`: none of its parts holds) or, with the kind `literal`, one row.

    A row's `field` is a field's name, or `term:KIND`, behind `family.` where it is of the family; `more` holds what a term takes
    besides: `point` and `unit`, or `of`, `which` and `months`.
    """

    kind: str
    field: str = ""
    operator: str = "="
    value: str = ""
    high: str = ""
    parts: list[Node] = dataclasses.field(default_factory=list)
    more: dict[str, str] = dataclasses.field(default_factory=dict)

    def as_dict(self, path: str = "0", problems: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The node as components/rules.html takes it; `problems` are findings by path."""
        if self.kind != "literal":
            parts = [part.as_dict(f"{path}-{i}", problems) for i, part in enumerate(self.parts)]
            return {"kind": self.kind, "path": path, "parts": parts}
        values = {"field": self.field, "operator": self.operator, "value": self.value, "high": self.high, "more": self.more}
        row = {"kind": "literal", "path": path, **values, "term": term_kind(self.field), "operators": operators_of(self.field)}
        problem = (problems or {}).get(path)
        return {**row, "finding": problem} if problem else row
