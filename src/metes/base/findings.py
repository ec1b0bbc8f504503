"""What a check has to say about data or plans: values, never exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """`ERROR`: the row or plan is refused. `WARNING`: it goes in, the doubtful part stays empty. `NOTE`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding points: a file with its physical line (from 1) and column name, or a named thing such as a territory."""

    file: str = ""
    line: int | None = None
    column: str = ""
    subject: str = ""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column:
            parts.append(f"column {self.column}")
        if self.subject:
            parts.append(self.subject)
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found: `code` is stable and documented, `message` is for people, `remedy` says what to do.

    `example` is an account that shows it, as pairs of a field and its value written as in a rule.
    """

    code: str
    severity: Severity
    message: str
    place: Place = Place()
    value: str = ""
    remedy: str = ""
    example: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values for JSON, its place flattened; an example is told where there is one."""
        flat = asdict(self)
        place = flat.pop("place")
        example = dict(flat.pop("example"))
        return {**flat, **place, "severity": self.severity.value, **({"example": example} if example else {})}

    @classmethod
    def of(cls, flat: Mapping[str, Any]) -> Finding:
        """The finding of plain values, as `as_dict` gives them."""
        place = Place(flat["file"], flat["line"], flat["column"], flat["subject"])
        example = tuple(flat.get("example", {}).items())
        return cls(flat["code"], Severity(flat["severity"]), flat["message"], place, flat["value"], flat["remedy"], example)

    def __str__(self) -> str:
        place = f"{self.place}: " if str(self.place) else ""
        value = f" ({self.value!r})" if self.value else ""
        remedy = f"; {self.remedy[0].lower()}{self.remedy[1:].rstrip('.')}" if self.remedy else ""
        example = f", such as one with {' and '.join(f'{name} = {text}' for name, text in self.example)}" if self.example else ""
        return f"{self.severity.value} {self.code}: {place}{self.message.rstrip('.')}{value}{example}{remedy}"
