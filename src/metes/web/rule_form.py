"""The rule editor's form: rows of field, operator and value in groups, read from and written to the condition's one tree.

A form becomes text, one comparison a line, and the text is parsed as everywhere; so a finding's line names its row.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from metes.model.catalogue import Field, FieldType
from metes.model.condition import (
    And,
    Condition,
    Contains,
    Equals,
    Everything,
    In,
    InList,
    Literal,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
    Value,
    depth,
    literals,
)

MAX_FORM_DEPTH = 4
MAX_FORM_ROWS = 60
MAX_FORM_VALUES = 100
OPERATORS = (
    ("=", "is"), ("!=", "is not"), ("in", "is one of"), ("not in", "is none of"), ("starts", "starts with"),
    ("not starts", "does not start with"), ("contains", "contains"), ("not contains", "does not contain"), ("between", "is between"),
    (">=", "is at least"), ("<=", "is at most"), (">", "is above"), ("<", "is below"), ("in_list", "is on the list"),
    ("not in_list", "is not on the list"), ("missing", "is missing"), ("present", "is there"),
)  # fmt: skip
_KINDS = ("and", "or", "not")
_NUMBER = re.compile(r"[+-]?\d[\d_]*(\.\d+)?")
_VALUE = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"\s*(?=,|\Z)|(?P<bare>[^,]+))(?:,|\Z)')
_PATH = re.compile(r"\d{1,4}(-\d{1,4}){0,12}")


class TooComplex(Exception):
    """The condition has more to it than rows and groups can show; its text says why."""


@dataclasses.dataclass
class Node:
    """A group (`and`, `or`, `not`: none of its parts holds) or, with the kind `literal`, one row."""

    kind: str
    field: str = ""
    operator: str = "="
    value: str = ""
    high: str = ""
    parts: list[Node] = dataclasses.field(default_factory=list)

    def as_dict(self, path: str = "0", problems: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The node as components/rules.html takes it; `problems` are findings by path."""
        if self.kind == "literal":
            values = {"field": self.field, "operator": self.operator, "value": self.value, "high": self.high}
            problem = (problems or {}).get(path)
            return {"kind": "literal", "path": path, **values, **({"finding": problem} if problem else {})}
        parts = [part.as_dict(f"{path}-{i}", problems) for i, part in enumerate(self.parts)]
        return {"kind": self.kind, "path": path, "parts": parts}


# --- from a condition ----------------------------------------------------------------------------------------------------


def node_of(condition: Condition) -> Node:
    """The form of a condition; TooComplex where rows and groups cannot show it."""
    if depth(condition) > MAX_FORM_DEPTH:
        raise TooComplex(f"It nests {depth(condition)} levels; the form shows {MAX_FORM_DEPTH}.")
    if sum(1 for _ in literals(condition)) > MAX_FORM_ROWS:
        raise TooComplex(f"It has more than {MAX_FORM_ROWS} comparisons.")
    node = _node(condition)
    return node if node.kind in ("and", "or") else Node("and", parts=[node])


def _node(condition: Condition) -> Node:
    match condition:
        case Everything():
            return Node("and")
        case And(parts):
            return Node("and", parts=[_node(part) for part in parts])
        case Or(parts):
            return Node("or", parts=[_node(part) for part in parts])
        case Not(Or(parts)):
            return Node("not", parts=[_node(part) for part in parts])
        case Not(Everything() | And() | Not() | Range()):
            return Node("not", parts=[_node(condition.part)])
        case Not(literal):
            return _row(literal, is_negated=True)  # type: ignore[arg-type]
        case _:
            return _row(condition, is_negated=False)


def _row(literal: Literal, *, is_negated: bool) -> Node:
    negation = "not " if is_negated else ""
    match literal:
        case Equals(name, value):
            return Node("literal", name, "!=" if is_negated else "=", _typed(value))
        case In(name, values):
            if len(values) > MAX_FORM_VALUES:
                raise TooComplex(f"It compares {name} with {len(values):,} values; a named list holds so many better.")
            return Node("literal", name, f"{negation}in", ", ".join(_listed(_typed(v)) for v in values))
        case InList(name, key):
            return Node("literal", name, f"{negation}in_list", key)
        case Prefix(name, text):
            return Node("literal", name, f"{negation}starts", text)
        case Contains(name, text):
            return Node("literal", name, f"{negation}contains", text)
        case Missing(name):
            return Node("literal", name, "present" if is_negated else "missing")
        case Range(name, low, high, includes_low, includes_high):
            return _range_row(name, low, high, includes_low, includes_high)


def _range_row(name: str, low: Value | None, high: Value | None, includes_low: bool, includes_high: bool) -> Node:
    if low is None:
        return Node("literal", name, "<=" if includes_high else "<", _typed(high))
    if high is None:
        return Node("literal", name, ">=" if includes_low else ">", _typed(low))
    if not (includes_low and includes_high):
        raise TooComplex(f"It has a range of {name} without one of its ends.")
    return Node("literal", name, "between", _typed(low), _typed(high))


def _typed(value: Value | None) -> str:
    """A value as one types it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _listed(text: str) -> str:
    """A value among others between commas, in quotes where it holds a comma or a quote."""
    needs_quotes = not text or "," in text or '"' in text or text != text.strip()
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


# --- from a form ---------------------------------------------------------------------------------------------------------


def read_form(form: Mapping[str, Any]) -> Node:
    """The nodes that a form's `kind:PATH`, `field:PATH`, … describe; paths that hang in the air are left out."""
    paths = {key.partition(":")[2] for key in form if key.startswith(("kind:", "operator:"))}
    ordered = sorted((tuple(map(int, p.split("-"))) for p in paths if _PATH.fullmatch(p)), key=lambda p: (len(p), p))
    root = Node("and")
    made: dict[tuple[int, ...], Node] = {}
    for path in ordered[:2000]:
        text = "-".join(map(str, path))
        node = _from_form(form, text)
        if path == (0,):
            root = node
        elif path[:-1] in made and made[path[:-1]].kind != "literal":
            made[path[:-1]].parts.append(node)
        else:
            continue
        made[path] = node
    return root


def _from_form(form: Mapping[str, Any], path: str) -> Node:
    kind = str(form.get(f"kind:{path}", ""))
    if f"kind:{path}" in form:
        return Node(kind if kind in _KINDS else "and")
    operator = str(form.get(f"operator:{path}", "="))
    known = {key for key, _ in OPERATORS}
    values = [str(form.get(f"{name}:{path}", "")) for name in ("field", "value", "high")]
    return Node("literal", values[0], operator if operator in known else "=", values[1].strip(), values[2].strip())


def edited(root: Node, edit: str, first_field: str) -> Node:
    """The form after one of its buttons: `add:PATH`, `group:PATH` or `remove:PATH`."""
    act, _, path = edit.partition(":")
    if act not in {"add", "group", "remove"} or not _PATH.fullmatch(path):
        return root
    steps = [int(step) for step in path.split("-")][1:]
    row = Node("literal", first_field)
    if act == "remove":
        parent = _at(root, steps[:-1])
        if steps and parent is not None and steps[-1] < len(parent.parts):
            del parent.parts[steps[-1]]
        return root
    group = _at(root, steps)
    if group is not None and group.kind != "literal":
        group.parts.append(row if act == "add" else Node("or" if group.kind == "and" else "and", parts=[row]))
    return root


def _at(node: Node, steps: list[int]) -> Node | None:
    for step in steps:
        if step >= len(node.parts):
            return None
        node = node.parts[step]
    return node


# --- to text -------------------------------------------------------------------------------------------------------------


def form_text(root: Node, fields: Mapping[str, Field]) -> tuple[str, dict[int, str]]:
    """The form as rule text with one comparison a line, and the path of the row on each line (from 1)."""
    lines: list[str] = []
    path_of_line: dict[int, str] = {}
    for text, path in _lines(root, "0", fields):
        lines.append(text)
        if path:
            path_of_line[len(lines)] = path
    return "\n".join(lines) or "everything", path_of_line


def _lines(node: Node, path: str, fields: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """Lines of text with the path of their row; a group stands in parentheses on lines of their own."""
    if node.kind == "literal":
        yield _literal_text(node, fields), path
        return
    word = "and" if node.kind == "and" else "or"
    parts = [list(_lines(part, f"{path}-{i}", fields)) for i, part in enumerate(node.parts)]
    parts = [part for part in parts if part]
    if not parts:
        return
    is_root = path == "0"
    if node.kind == "not" or not is_root:
        yield ("not (" if node.kind == "not" else "("), ""
    for number, part in enumerate(parts):
        first, *rest = part
        yield (f"{word} {first[0]}" if number else first[0]), first[1]
        yield from rest
    if node.kind == "not" or not is_root:
        yield ")", ""


def _literal_text(node: Node, fields: Mapping[str, Field]) -> str:
    name = '"' + node.field.replace('"', '""') + '"'
    kind = fields[node.field].type if node.field in fields else FieldType.TEXT
    negation, operator = ("not ", node.operator[4:]) if node.operator.startswith("not ") else ("", node.operator)
    match operator:
        case "in":
            values = values_of(node.value)
            return f"{name} {negation}in ({', '.join(_value_text(v, kind) for v in values) or _quoted('')})"
        case "in_list":
            return f"{name} {negation}in list {_quoted(node.value)}"
        case "starts":
            return f"{name} {negation}starts with {_quoted(node.value)}"
        case "contains":
            return f"{name} {negation}contains {_quoted(node.value)}"
        case "between":
            return f"{name} between {_value_text(node.value, kind)} and {_value_text(node.high, kind)}"
        case "missing":
            return f"{name} is missing"
        case "present":
            return f"{name} is not missing"
        case _:
            return f"{name} {operator} {_value_text(node.value, kind)}"


def values_of(text: str) -> list[str]:
    """The values between commas; one in double quotes is taken as it stands, commas and all."""
    values: list[str] = []
    for match in _VALUE.finditer(text):
        if match["quoted"] is not None:
            values.append(match["quoted"].replace('""', '"'))
        elif match["bare"].strip():
            values.append(match["bare"].strip())
    return values


def _value_text(text: str, kind: FieldType) -> str:
    """A typed value as rule text: numbers and truth values bare, all else in quotes, so that no value is read as an operator."""
    if kind.is_number and _NUMBER.fullmatch(text):
        return text
    if kind is FieldType.BOOLEAN and text.lower() in {"true", "false"}:
        return text.lower()
    return _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def lay_out(condition: Condition, to_text: Callable[[Condition], str]) -> str:
    """A condition as text with a line for each of its outermost parts."""
    match condition:
        case And(parts) if len(parts) > 1:
            return "\nand ".join(f"({to_text(p)})" if isinstance(p, And | Or) and len(p.parts) > 1 else to_text(p) for p in parts)
        case Or(parts) if len(parts) > 1:
            return "\nor ".join(f"({to_text(p)})" if isinstance(p, Or) and len(p.parts) > 1 else to_text(p) for p in parts)
        case _:
            return to_text(condition)
