"""The page of the data model names every kind with every field and its type."""

from __future__ import annotations

import re

import pytest

from metes.model.catalogue import DERIVED_ACCOUNT_FIELDS, KINDS
from tests.docs.examples import DOCS

PAGE = (DOCS / "reference" / "data-model.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_kind_has_a_section() -> None:
    assert set(SECTIONS) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_section_tells_fields_types_and_needs(name: str) -> None:
    kind = KINDS[name]
    wanted = [
        (
            field.name,
            field.type.value
            + (f", id of {field.refers_to}" if field.refers_to else "")
            + (", required" if field.is_required else ", expected" if field.is_expected else ""),
        )
        for field in kind.fields
    ]
    assert re.findall(r"^\| `(\w+)` \| ([^|]*) \|", SECTIONS[name], re.MULTILINE) == wanted
    assert (f"`{kind.fallback_id}` is the id" in SECTIONS[name]) == bool(kind.fallback_id)


def test_the_fields_that_metes_works_out_are_named() -> None:
    assert all(f"`{field.name}`" in SECTIONS["accounts"] for field in DERIVED_ACCOUNT_FIELDS)
