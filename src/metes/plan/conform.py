"""Holds the nodes of a file against their shape: values by name, and a finding for whatever does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

from metes.base.ids import is_key, key_from
from metes.plan.reading import Document, Mapping, Node, Scalar, Sequence
from metes.plan.shapes import Form, Property, Shape

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFUSED: Final = object()


def values_of(document: Document, node: Node | None, shape: Shape) -> dict[str, Any] | None:
    """The values of a mapping by name; None where the node is no mapping.

    Texts, keys, numbers, truth values and days come as Python values, the text of a rule as its Scalar, a list of mappings and
    a geometry as Mapping nodes. What does not fit is reported in the document and left out.
    """
    if not isinstance(node, Mapping):
        if node is not None:
            _expected(document, node, f"a mapping for the {shape.title}", "Write its lines as 'name: value'.")
        return None
    values: dict[str, Any] = {}
    by_name = shape.by_name
    for name, (key, child) in node.items.items():
        wanted = by_name.get(name)
        if wanted is None:
            _report_unknown(document, key, shape)
        elif child is not None:
            value = _value_of(document, child, wanted)
            if value is not _REFUSED:
                values[name] = value
    for name in shape.required:
        if name not in node.items:
            document.report(
                "plan-missing-line",
                f"the {shape.title} lacks '{name}'",
                node.line,
                node.column,
                remedy=f"Add a line '{name}: ...'. {by_name[name].description}",
            )
    return values


def suggestion(word: str, known: Iterable[str]) -> str:
    """'Did you mean ...?' with the closest known word; empty where none is close."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else ""


def _report_unknown(document: Document, key: Scalar, shape: Shape) -> None:
    meant = shape.by_synonym.get(key.value.lower())
    remedy = f"Did you mean '{meant}'?" if meant else suggestion(key.value, shape.by_name)
    if shape.name == "territory" and key.value == "parent":
        remedy = "Nest the territory in the 'children' of its parent instead."
    document.report(
        "plan-unknown-line",
        f"a {shape.title} has no '{key.value[:80]}'",
        key.line,
        key.column,
        remedy=remedy or f"It may have {', '.join(shape.by_name)}.",
    )


def _expected(document: Document, node: Node, what: str, remedy: str = "") -> object:
    """Report that something else was expected; the mark of a refused value."""
    if isinstance(node, Scalar):
        got = "nothing" if node.is_null else f"'{node.value[:40]}'"
        value = "" if node.is_null else node.value
    else:
        got, value = ("a mapping" if isinstance(node, Mapping) else "a list"), ""
    document.report("plan-value", f"expected {what}, got {got}", node.line, node.column, value=value, remedy=remedy)
    return _REFUSED


def _value_of(document: Document, node: Node, wanted: Property) -> Any:
    """One value in the form that its property wants."""
    if wanted.form is Form.ITEMS:
        return _items(document, node, wanted)
    if wanted.form is Form.TEXTS:
        return _texts(document, node, wanted)
    if wanted.form is Form.GEOMETRY:
        return node if isinstance(node, Mapping) else _expected(document, node, f"{wanted.form.value} for '{wanted.name}'")
    if not isinstance(node, Scalar) or node.is_null:
        return _expected(document, node, f"{wanted.form.value} for '{wanted.name}'", "Write it, or leave the line out.")
    return _scalar(document, node, wanted)


def _scalar(document: Document, node: Scalar, wanted: Property) -> Any:
    match wanted.form:
        case Form.TEXT:
            return _text(document, node, wanted)
        case Form.KEY:
            return _key(document, node)
        case Form.RULE:
            return node
        case Form.BOOLEAN:
            if node.is_plain and node.value in ("true", "false"):
                return node.value == "true"
        case Form.INTEGER:
            if node.is_plain and _INTEGER.fullmatch(node.value):
                return _within(document, node, wanted, int(node.value))
        case Form.NUMBER:
            if node.is_plain and _NUMBER.fullmatch(node.value):
                return _within(document, node, wanted, float(node.value))
        case Form.DAY:
            if _DAY.fullmatch(node.value):
                try:
                    return date.fromisoformat(node.value)
                except ValueError:
                    return _expected(document, node, "a day that exists", "Check month and day; write YYYY-MM-DD.")
    quotes = "Take the quotes away." if not node.is_plain and wanted.form is not Form.DAY else ""
    return _expected(document, node, f"{wanted.form.value} for '{wanted.name}'", quotes)


def _within(document: Document, node: Scalar, wanted: Property, value: float) -> Any:
    if (wanted.low is not None and value < wanted.low) or (wanted.high is not None and value > wanted.high):
        ends = f"from {wanted.low:g}" + (f" to {wanted.high:g}" if wanted.high is not None else " up")
        return _expected(document, node, f"{wanted.form.value} {ends} for '{wanted.name}'")
    return value


def _text(document: Document, node: Scalar, wanted: Property) -> Any:
    if wanted.choices and node.value not in wanted.choices:
        choices = " or ".join(f"'{choice}'" for choice in wanted.choices)
        return _expected(document, node, f"{choices} for '{wanted.name}'", suggestion(node.value, wanted.choices))
    if wanted.is_required and not node.value.strip():
        return _expected(document, node, f"a text for '{wanted.name}' that is not blank")
    return node.value


def _key(document: Document, node: Scalar) -> Any:
    if is_key(node.value):
        return node.value
    document.report(
        "plan-key",
        f"'{node.value[:80]}' cannot be a key",
        node.line,
        node.column,
        value=node.value,
        remedy=f"Keys are 1 to 80 of a-z, 0-9, '_', '.', '-', with a letter or digit at both ends; such as '{key_from(node.value)}'.",
    )
    return _REFUSED


def _items(document: Document, node: Node, wanted: Property) -> Any:
    if not isinstance(node, Sequence):
        return _expected(document, node, f"a list for '{wanted.name}'", "Begin each item with '- ', or leave the line out.")
    return [item for item in node.items if item is not None]


def _texts(document: Document, node: Node, wanted: Property) -> Any:
    if not isinstance(node, Sequence):
        return _expected(document, node, f"a list for '{wanted.name}'", "Begin each value with '- '.")
    texts = []
    for item in node.items:
        if isinstance(item, Scalar) and not item.is_null:
            texts.append(item.value)
        elif item is not None:
            _expected(document, item, f"a text in '{wanted.name}'", "Write one value a line.")
    return texts
