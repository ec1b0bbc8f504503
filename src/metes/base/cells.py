"""Text in the cells of a table that leaves Metes: none of it runs in a spreadsheet."""

from __future__ import annotations

from typing import Any

# What begins so is run by one spreadsheet or another, be it in the wide letters of East Asia or behind blanks that an import takes off.
FORMULA_STARTS = ("=", "+", "-", "@", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROLS = ("\t", "\r", "\n", "\0")


def safe_cell(value: Any) -> Any:
    """The value as a spreadsheet may see it: text that would run as a formula gets an apostrophe before it."""
    if isinstance(value, str) and (value.startswith(_CONTROLS) or value.lstrip().startswith(FORMULA_STARTS)):
        return "'" + value
    return value
