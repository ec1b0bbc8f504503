"""The rule editor's form: rows of field, operator and value in groups, read from and written to the condition's one tree.

A form becomes text, one comparison a line, and the text is parsed as everywhere; so a finding's line names its row.
"""

from __future__ import annotations

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
from metes.web.rule_node import Node, TooComplex, operators_of
from metes.web.rule_terms import completed, postal_row, quoted, subject_text, term_row, type_of, unit_of, whole_text

MAX_FORM_DEPTH = 4
MAX_FORM_ROWS = 60
MAX_FORM_VALUES = 100
_KINDS = ("and", "or", "not")
_NUMBER = re.compile(r"[+-]?\d[\d_]*(\.\d+)?")
_VALUE = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"\s*(?=,|\Z)|(?P<bare>[^,]+))(?:,|\Z)')
_PATH = re.compile(r"\d{1,4}(-\d{1,4}){0,12}")


# --- from a condition ----------------------------------------------------------------------------------------------------


def node_of(condition: Condition, unit: str = "km") -> Node:
    """The form of a condition, distances in `unit` where they read well in it; TooComplex where rows and groups cannot show it."""
    if depth(condition) > MAX_FORM_DEPTH:
        raise TooComplex(f"It nests {depth(condition)} levels; the form shows {MAX_FORM_DEPTH}.")
    if sum(1 for _ in literals(condition)) > MAX_FORM_ROWS:
        raise TooComplex(f"It has more than {MAX_FORM_ROWS} comparisons.")
    node = _node(condition, unit)
    return node if node.kind in ("and", "or") else Node("and", parts=[node])


def _node(condition: Condition, unit: str) -> Node:
    match condition:
        case Everything():
            return Node("and")
        case And(parts):
            return Node("and", parts=[_node(part, unit) for part in parts])
        case Or(parts):
            return Node("or", parts=[_node(part, unit) for part in parts])
        case Not(Or(parts)):
            return Node("not", parts=[_node(part, unit) for part in parts])
        case Not(Range() as part):
            return postal_row(part, is_negated=True) or Node("not", parts=[_node(part, unit)])
        case Not(Everything() | And() | Not()):
            return Node("not", parts=[_node(condition.part, unit)])
        case Range():
            return postal_row(condition, is_negated=False) or term_row(_row(condition, is_negated=False), unit)
        case Not(literal):
            return term_row(_row(literal, is_negated=True), unit)  # type: ignore[arg-type]
        case _:
            return term_row(_row(condition, is_negated=False), unit)


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
    field, value, high = (str(form.get(f"{name}:{path}", "")) for name in ("field", "value", "high"))
    known = any(key == operator for key, _ in operators_of(field))
    row = Node("literal", field, operator if known else operators_of(field)[0][0], value.strip(), high.strip())
    return completed(row, form, path)


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
    whole = whole_text(node)
    if whole is not None:
        return whole
    subject = subject_text(node) or '"' + node.field.replace('"', '""') + '"'
    return f"{subject} {_comparison_text(node, type_of(node) or _type_of_field(node.field, fields), unit_of(node))}"


def _type_of_field(name: str, fields: Mapping[str, Field]) -> FieldType:
    field = fields.get(name)
    return field.type if field is not None else FieldType.TEXT


def _comparison_text(node: Node, kind: FieldType, unit: str) -> str:
    """The operator of a row and its values, their unit behind them."""
    negation, operator = ("not ", node.operator[4:]) if node.operator.startswith("not ") else ("", node.operator)
    match operator:
        case "in":
            return f"{negation}in ({', '.join(_value_text(v, kind) for v in values_of(node.value)) or quoted('')})"
        case "in_list":
            return f"{negation}in list {quoted(node.value)}"
        case "starts":
            return f"{negation}starts with {quoted(node.value)}"
        case "contains":
            return f"{negation}contains {quoted(node.value)}"
        case "between":
            return f"between {_value_text(node.value, kind, unit)} and {_value_text(node.high, kind, unit)}"
        case "missing":
            return "is missing"
        case "present":
            return "is not missing"
        case _:
            return f"{operator} {_value_text(node.value, kind, unit)}"


def values_of(text: str) -> list[str]:
    """The values between commas; one in double quotes is taken as it stands, commas and all."""
    values: list[str] = []
    for match in _VALUE.finditer(text):
        if match["quoted"] is not None:
            values.append(match["quoted"].replace('""', '"'))
        elif match["bare"].strip():
            values.append(match["bare"].strip())
    return values


def _value_text(text: str, kind: FieldType, unit: str = "") -> str:
    """A typed value as rule text: numbers and truth values bare, all else in quotes, so that no value is read as an operator."""
    if kind.is_number and _NUMBER.fullmatch(text):
        return text + unit
    if kind is FieldType.BOOLEAN and text.lower() in {"true", "false"}:
        return text.lower()
    return quoted(text)


def lay_out(condition: Condition, to_text: Callable[[Condition], str]) -> str:
    """A condition as text with a line for each of its outermost parts."""
    match condition:
        case And(parts) if len(parts) > 1:
            return "\nand ".join(f"({to_text(p)})" if isinstance(p, And | Or) and len(p.parts) > 1 else to_text(p) for p in parts)
        case Or(parts) if len(parts) > 1:
            return "\nor ".join(f"({to_text(p)})" if isinstance(p, Or) and len(p.parts) > 1 else to_text(p) for p in parts)
        case _:
            return to_text(condition)
