"""How findings and steps name a part of a plan: the kind, a blank, and the key."""

from __future__ import annotations

from metes.model.plan import Pin


def of_type(key: str) -> str:
    """The subject of a type."""
    return f"type {key}"


def of_territory(key: str) -> str:
    """The subject of a territory."""
    return f"territory {key}"


def of_rule(territory: str, key: str) -> str:
    """The subject of a rule; its key is unique within its territory only."""
    return f"rule {territory}/{key}"


def of_seat(key: str) -> str:
    """The subject of a seat."""
    return f"seat {key}"


def of_list(key: str) -> str:
    """The subject of a named list."""
    return f"list {key}"


def of_area(key: str) -> str:
    """The subject of an area."""
    return f"area {key}"


def of_pin(pin: Pin) -> str:
    """The subject of a pin or exclusion."""
    return f"{'exclusion' if pin.is_exclusion else 'pin'} {pin.account} -> {pin.territory}"
