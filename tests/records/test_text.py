"""Text as it is stored."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metes.records.text import clean, codes, visible


def test_text_is_composed_trimmed_and_freed_of_control_characters() -> None:
    parsed = clean(pa.array(["  Cafe\u0301  Noir ", "a\0b", "NULL", " \u00a0", "a\u200bb\nc", "\ufeffx", "plain"]))
    assert parsed.values.to_pylist() == ["Café Noir", "ab", None, None, "a b c", "x", "plain"]
    assert [(i.code, i.hits.tolist()) for i in parsed.issues] == [
        ("control-character", [False, True, False, False, False, True, False])
    ]


def test_plain_text_is_left_as_it_is_and_says_nothing() -> None:
    parsed = clean(pa.array(["Acme", "#N/A", "NA", None]))
    assert parsed.values.to_pylist() == ["Acme", None, "NA", None]
    assert parsed.issues == ()


def test_codes_become_upper_case_and_keep_their_zeros() -> None:
    assert codes(pa.array(["00501a"])).values.to_pylist() == ["00501A"]


def test_control_characters_are_made_visible() -> None:
    assert visible(pa.array(["a\0b"])).to_pylist() == ["a\N{REPLACEMENT CHARACTER}b"]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_cleaning_twice_changes_nothing_more(texts: list[str]) -> None:
    once = clean(pa.array([t.encode("utf-8", "replace").decode() for t in texts], pa.string())).values
    twice = clean(once)
    assert twice.values.equals(once)
    assert not twice.issues
    assert all(t is None or (t == t.strip() and t == unicodedata.normalize("NFC", t)) for t in once.to_pylist())
