"""Values as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON knows it: what tells itself by `as_dict`, dataclasses and mappings as objects, dates as ISO text.

    Decimals and paths become text; sets become lists in the order they have.
    """
    if hasattr(value, "as_dict") and callable(value.as_dict):
        return plain(value.as_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(v) for name, v in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(name): plain(v) for name, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | Path) else value
