"""The field catalogue."""

from __future__ import annotations

from metes.model.catalogue import ACCOUNTS, KINDS, Field, FieldType, rule_fields


def test_every_kind_has_an_id_or_none_at_all_and_its_references_exist() -> None:
    for kind in KINDS.values():
        assert not kind.id or kind.id in kind.by_name
        assert not kind.fallback_id or kind.fallback_id in kind.by_name
        assert all(not f.refers_to or f.refers_to in KINDS for f in kind.fields)


def test_no_header_belongs_to_two_fields_of_a_kind() -> None:
    for kind in KINDS.values():
        headers = [h for f in kind.fields for h in {f.name, *f.synonyms}]
        assert len(headers) == len(set(headers)), kind.name


def test_custom_fields_stand_behind_the_own_ones() -> None:
    custom = Field("tier_2", FieldType.INTEGER, is_custom=True)
    assert ACCOUNTS.with_custom((custom,)).fields[-1] is custom
    assert rule_fields((custom,))["tier_2"] is custom
    assert "phone" not in rule_fields()
    assert rule_fields()["revenue_12m"].type is FieldType.MONEY


def test_a_field_has_a_title_for_people() -> None:
    assert Field("annual_revenue").title == "Annual revenue"
    assert Field("x", label="Revenue").title == "Revenue"
