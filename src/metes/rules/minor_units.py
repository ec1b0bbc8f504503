"""Brings the money of a condition into minor units of the reporting currency, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from metes.base.money import exponent
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Equals, In, Not, Or, Range


def in_minor_units(condition: Condition, fields: Mapping[str, Field], currency: str) -> Condition:
    """The condition with each amount of a money field in minor units.

    An amount finer than the minor unit stays a decimal, so that `> 10.005` is not rounded to another answer.
    """
    return scaled(condition, fields, exponent(currency))


def scaled(condition: Condition, fields: Mapping[str, Field], decimals: int) -> Condition:
    """The condition with each amount of a money field counted in units of so many decimals."""
    match condition:
        case And(parts):
            return And(tuple(scaled(part, fields, decimals) for part in parts))
        case Or(parts):
            return Or(tuple(scaled(part, fields, decimals) for part in parts))
        case Not(part):
            return Not(scaled(part, fields, decimals))
        case Equals(field, value) if _is_money(field, fields):
            return Equals(field, _minor(value, decimals))
        case In(field, values) if _is_money(field, fields):
            return In(field, tuple(_minor(value, decimals) for value in values))
        case Range(field, low, high) if _is_money(field, fields):
            return replace(condition, low=_minor(low, decimals), high=_minor(high, decimals))
        case _:
            return condition


def _is_money(field: str, fields: Mapping[str, Field]) -> bool:
    return field in fields and fields[field].type is FieldType.MONEY


def _minor(amount: Any, decimals: int) -> Any:
    if amount is None:
        return None
    minor = Decimal(amount).scaleb(decimals)
    return int(minor) if minor == int(minor) else minor
