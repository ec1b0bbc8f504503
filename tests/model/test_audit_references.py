"""What entries of the audit trail name by number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from metes.model.audit import AuditEntry
from metes.model.audit_references import Reference, means_of, reference_called, reference_of, references

ENTRY = AuditEntry(
    id=1,
    at=datetime(2026, 3, 14, tzinfo=UTC),
    who="user 1",
    principal="ann",
    via="token 3",
    address="",
    request="",
    action="user add",
    subject="user 5",
    detail={"rows": 7, "together": ["person 2", "somebody"]},
    before={},
    after={"person": 65, "roles": ["rep"], "territory": "west", "days": None},
    hash="",
    previous_hash="",
)


def test_an_entry_names_who_by_what_means_to_what_and_what_stands_in_its_values() -> None:
    assert [str(one) for one in references(ENTRY)] == ["user 1", "user 5", "token 3", "person 2", "person 65"]


@pytest.mark.parametrize("text", ["user", "user 0", "user x", "User 5", "company", "user 5 ", f"user {10**20}", "schedule nightly"])
def test_what_has_no_number_is_named_by_none(text: str) -> None:
    assert reference_called(text) is None


def test_the_same_field_means_different_things_in_different_actions() -> None:
    assert reference_of("plan branch", "from", 3) == Reference("revision", 3)
    assert reference_of("design save-as", "from", 3) == Reference("design", 3)
    assert reference_of("user link", "from", "2026-01-01") is None
    assert reference_of("role grant", "user", True) is None


def test_the_means_are_a_token_or_the_user_who_looks() -> None:
    assert means_of("token 3") == ("token", Reference("token", 3))
    assert means_of("view as 5") == ("view as", Reference("user", 5))
    assert means_of("") == ("", None)
