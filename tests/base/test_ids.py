"""Keys and content hashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.ids import canonical_json, content_hash, is_key, key_from

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_canonical_json_is_json_of_the_same_value(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_change_a_hash(value: dict[str, int]) -> None:
    assert content_hash(value) == content_hash(dict(reversed(value.items())))


def test_a_hash_tells_values_apart() -> None:
    values: list[object] = [1, "1", True, None, [1], [[1]], {"a": 1}, {"a": "1"}, "é", "e\u0301"]
    assert len({content_hash(v) for v in values}) == len(values)
    assert len(content_hash(1)) == 64


@pytest.mark.parametrize("text", ["a", "us-west", "a.b_c-9", "x" * 80, "0"])
def test_plain_keys_are_keys(text: str) -> None:
    assert is_key(text)


@pytest.mark.parametrize("text", ["", "A", "-a", "a-", "a b", "é", "x" * 81, "a\n", "a/b", "."])
def test_anything_else_is_no_key(text: str) -> None:
    assert not is_key(text)


@given(st.text())
def test_every_name_gives_a_key(name: str) -> None:
    assert is_key(key_from(name))


def test_a_key_is_readable() -> None:
    assert key_from("Front Range") == "front-range"
    assert key_from("  São Paulo / Süd ") == "sao-paulo-sud"
    assert key_from("日本") == "x"
