"""What the entries of the audit trail name by number: the chain holds no names, so they are looked up when somebody reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from metes.model.audit import AuditEntry

KINDS = (
    "user", "group", "token", "right", "person", "contact", "lead", "account", "territory", "revision", "publication", "design",
    "import", "run", "job", "correction",
)  # fmt: skip
_SUBJECT = re.compile(rf"({'|'.join(KINDS)}) ([1-9]\d{{0,17}})")
# The numbers that fields hold, by field; those that mean something else in an action stand under both.
_BY_FIELD: Mapping[str, str] = MappingProxyType(
    {
        "user": "user",
        "person": "person",
        "person_id": "person",
        "account_id": "account",
        "territory_id": "territory",
        "revision": "revision",
        "publication": "publication",
        "job": "job",
        "correction": "correction",
    }
)
_BY_ACTION: Mapping[tuple[str, str], str] = MappingProxyType(
    {("plan branch", "from"): "revision", ("design save-as", "from"): "design"}
)
# These fields hold subjects as the trail calls them.
_SUBJECTS = frozenset({"together"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that an entry names by its kind and number."""

    kind: str
    number: int

    def __str__(self) -> str:
        """How the audit trail calls it: 'user 12'."""
        return f"{self.kind} {self.number}"


def reference_called(text: str) -> Reference | None:
    """What a text such as 'user 12' names; None where it names nothing by number."""
    found = _SUBJECT.fullmatch(text)
    return Reference(found[1], int(found[2])) if found else None


def reference_of(action: str, field: str, value: Any) -> Reference | None:
    """What a value of an entry's field names; None where it is only a value."""
    if isinstance(value, str):
        return reference_called(value) if field in _SUBJECTS else None
    kind = _BY_ACTION.get((action, field)) or _BY_FIELD.get(field)
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    return Reference(kind, value) if kind and is_number else None


def means_of(via: str) -> tuple[str, Reference | None]:
    """By what means something was done: 'token', 'view as' or another word, and the token or user that is meant."""
    if via.startswith("view as "):
        return "view as", reference_called(f"user {via.removeprefix('view as ')}")
    found = reference_called(via)
    return (found.kind if found else via), found


def references(entry: AuditEntry) -> Iterator[Reference]:
    """Everything that an entry names by number: who, by what means, to what, and in its values."""
    found = [reference_called(entry.who), reference_called(entry.subject), means_of(entry.via)[1]]
    for values in (entry.detail, entry.before, entry.after):
        for field, value in values.items():
            several = value if isinstance(value, list) else [value]
            found += [reference_of(entry.action, field, one) for one in several]
    return (one for one in found if one is not None)
