"""Reads the terms of a rule: what one asks beyond an account's own fields."""

from __future__ import annotations

import re
from typing import Final

from metes.model.catalogue import PRODUCTS, FieldType
from metes.model.condition import Range
from metes.model.postal import ALL_BELOW, postal_order
from metes.model.terms import Distance, InArea, Orders, OrdersMeasure, PostalOrder
from metes.rules.cursor import Cursor
from metes.rules.term_text import MEASURE_WORDS

MAX_MONTHS: Final = 600

_OF_FAMILY = re.compile(r"(?:family\.)*")
_DEGREES = re.compile(r"[+-]?\d+(?:\.\d+)?")
_WRITE_POINT = "Write: distance to (39.75, -104.99) <= 50 km."
_WRITE_ORDERS = "Write: orders count of 'GTX-PRO' in last 6 months >= 3."
_WRITE_RANGE = "Write: postal_code from '801' to '816'."
_MEASURES = {words.split()[0]: measure for measure, words in MEASURE_WORDS.items()}


def read_term(cursor: Cursor) -> str | None:
    """The canonical name of the term that begins here, stepped over; None, and nothing stepped over, where none does."""
    token = cursor.peek()
    if token.kind != "word":
        return None
    match cursor.word(), cursor.word(1):
        case "in", "area":
            cursor.position += 2
            return InArea(cursor.text()).name
        case _, "in" if cursor.word(2) == "area" and is_family(token.value):
            cursor.position += 3
            return f"{token.value}.{InArea(cursor.text()).name}"
        case _, "to" | "count" | "sum" | "days":
            family = _of_family(token.value)
            match token.value.removeprefix(family).lower(), cursor.word(1):
                case "distance", "to":
                    return family + _read_distance(cursor)
                case "orders", "count" | "sum" | "days":
                    return family + _read_orders(cursor)
    return None


def is_before_family_area(cursor: Cursor, name: str) -> bool:
    """Whether the name just read is a family, and `not in area` follows."""
    return is_family(name) and (cursor.word(), cursor.word(1), cursor.word(2)) == ("not", "in", "area")


def read_family_area(cursor: Cursor, name: str) -> str | None:
    """The area behind `family not in`; None, and nothing stepped over, where none follows or the field is no family."""
    if cursor.word() != "area" or not is_family(name):
        return None
    cursor.position += 1
    return f"{name}.{InArea(cursor.text()).name}"


def is_family(name: str) -> bool:
    """Whether a name is `family`, or `family.family` and so on."""
    return _of_family(f"{name}.") == f"{name}."


def _of_family(text: str) -> str:
    """All `family.` that a name begins with."""
    found = _OF_FAMILY.match(text)
    return found[0] if found else ""


def _read_distance(cursor: Cursor) -> str:
    cursor.position += 2
    cursor.expect("(", "'distance to'", _WRITE_POINT)
    start = cursor.position
    latitude = _read_degrees(cursor)
    cursor.expect(",", "the latitude", _WRITE_POINT)
    longitude = _read_degrees(cursor)
    cursor.expect(")", "the longitude", _WRITE_POINT)
    try:
        return Distance(latitude, longitude).name
    except ValueError as error:
        cursor.position = start
        raise cursor.stuck(str(error), "Give the latitude first, then the longitude, in degrees.") from None


def _read_degrees(cursor: Cursor) -> float:
    token = cursor.peek()
    if token.kind != "number" or _DEGREES.fullmatch(token.value) is None:
        raise cursor.stuck(f"expected a coordinate in degrees, got {token}", _WRITE_POINT)
    cursor.position += 1
    return float(token.value)


def _read_orders(cursor: Cursor) -> str:
    """What follows `orders`: a measure, then a product or family and a period, in either order."""
    cursor.position += 1
    measure = _MEASURES[cursor.word()]
    cursor.position += 1
    if measure is OrdersMeasure.RECENCY:
        cursor.expect("since", "'days'", "Write: orders days since last <= 90.")
        cursor.expect("last", "'days since'", "Write: orders days since last <= 90.")
    product = family = months = None
    while True:
        if product is None and family is None and cursor.accept("of"):
            if cursor.accept("family"):
                family = cursor.text()
            else:
                product = _product(cursor.text())
        elif months is None and cursor.word() == "in" and cursor.word(1) == "last":
            cursor.position += 2
            months = _read_months(cursor)
        else:
            return Orders(measure, months, product, family).name


def _product(text: str) -> str:
    """A product's id as the catalogue keeps it."""
    return text.upper() if PRODUCTS.by_name["id"].type is FieldType.CODE else text


def _read_months(cursor: Cursor) -> int:
    """A period in months."""
    start = cursor.position
    token = cursor.peek()
    if token.kind != "number" or not (token.value.isdecimal() and len(token.value) <= len(str(MAX_MONTHS))):
        raise cursor.stuck(f"expected a number of months, got {token}", _WRITE_ORDERS)
    cursor.position += 1
    if cursor.accept("year") or cursor.accept("years"):
        months = int(token.value) * 12
    elif cursor.accept("month") or cursor.accept("months"):
        months = int(token.value)
    else:
        raise cursor.stuck(f"expected 'months' or 'years' after {token}, got {cursor.peek()}", _WRITE_ORDERS)
    if not 1 <= months <= MAX_MONTHS:
        cursor.position = start
        raise cursor.stuck(f"a period has 1 to {MAX_MONTHS} months, got {months}", "Leave the period out to ask of all orders.")
    return months


def read_postal_range(cursor: Cursor, name: str) -> Range:
    """What follows `postal_code from`, that word stepped over: two codes or beginnings of codes."""
    low = _postal_end(cursor)
    cursor.expect("to", "the first postal code", _WRITE_RANGE)
    high = _postal_end(cursor)
    family = name.removesuffix("postal_code")
    return Range(family + PostalOrder().name, low, high + ALL_BELOW, includes_high=False)


def _postal_end(cursor: Cursor) -> str:
    token = cursor.peek()
    if token.kind == "number":
        raise cursor.stuck(f"expected a postal code, got {token}", f"A code stands in single quotes: '{token.value}'.")
    key = postal_order(cursor.text())
    if key is None:
        cursor.position -= 1
        raise cursor.stuck(f"expected a postal code or its beginning, got {token}", _WRITE_RANGE)
    return key
