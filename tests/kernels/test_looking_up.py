"""Looking up many values at once gives what looking up each gives."""

import math
from bisect import bisect_right

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.kernels.looking_up import find_true, rank_texts
from metes.rules.automaton import automaton_of, buffers, utf8
from metes.rules.coding import _Bits, _Ranks

LETTERS = st.text(alphabet="ab\0é日\U0001f600\U0010ffff", max_size=6)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20) | st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1])
FLOATS = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, math.inf, -math.inf, 5e-324, -5e-324])


@settings(max_examples=200, deadline=None)
@given(st.lists(LETTERS, max_size=20), st.sets(LETTERS, max_size=12))
def test_texts_are_ranked_by_code_point(texts: list[str], ends: set[str]) -> None:
    ordered = sorted(ends)
    encoded = [utf8(end) for end in ordered]
    out = np.empty(len(texts), np.int32)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    rank_texts(*buffers(pa.array(texts, pa.string())), np.cumsum([0, *map(len, encoded)], dtype=np.int64), data, out)
    assert out.tolist() == [bisect_right(ordered, text) for text in texts]


@settings(max_examples=200, deadline=None)
@given(st.lists(LETTERS | st.none(), max_size=30), st.sets(LETTERS.filter(bool), min_size=1, max_size=12), st.integers(0, 3))
def test_every_text_that_a_value_contains_is_found_once(values: list[str | None], texts: set[str], skipped: int) -> None:
    wanted = sorted(texts)
    array = pa.array([None, "ab", "é", *values], pa.string()).slice(skipped)
    first, held = automaton_of(wanted).held(array)
    for i, value in enumerate(array.to_pylist()):
        expected = [number for number, text in enumerate(wanted) if value is not None and text in value]
        assert sorted(held[first[i] : first[i + 1]].tolist()) == expected


def test_more_texts_than_were_expected_are_all_found() -> None:
    wanted = ["a" * (i + 1) for i in range(60)]
    first, held = automaton_of(wanted).held(pa.array(["a" * 100] * 50))
    assert len(held) == 60 * 50
    assert sorted(held[first[49] : first[50]].tolist()) == list(range(60))


@settings(max_examples=300, deadline=None)
@given(st.lists(WHOLE, max_size=30), st.sets(WHOLE, max_size=40))
def test_whole_numbers_are_ranked(values: list[int], known: set[int]) -> None:
    ordered, out = sorted(known), np.empty(len(values), np.int32)
    ranks = _Ranks(ordered)
    ranks.write(np.array(values, np.int64), out)
    assert out.tolist() == [bisect_right(ordered, value) for value in values]


@settings(max_examples=300, deadline=None)
@given(st.lists(FLOATS, max_size=30), st.sets(FLOATS.filter(math.isfinite), min_size=1, max_size=40))
def test_floats_are_ranked(values: list[float], known: set[float]) -> None:
    ordered, out = sorted(known), np.empty(len(values), np.int32)
    ranks = _Ranks(ordered)
    ranks.write(np.array(values, np.float64), out)
    assert out.tolist() == [bisect_right(ordered, value) for value in values]


def test_whole_numbers_that_no_column_can_hold_lie_outside_all_that_it_can() -> None:
    ranks, out = _Ranks([-(10**19), 0, 10**19]), np.empty(3, np.int32)
    ranks.write(np.array([-(2**63), 0, 2**63 - 1]), out)
    assert out.tolist() == [1, 2, 2]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([None, True, *[False] * 40]), max_size=400), st.integers(0, 90), st.integers(0, 90))
def test_rows_of_set_bits_are_found_from_any_bit_on(values: list[bool | None], skipped: int, cut: int) -> None:
    piece = pa.array(values, pa.bool_()).slice(skipped, max(0, len(values) - skipped - cut))
    _, count, bits, words, present, offset = _Bits.of(0, piece)
    rows, codes = np.empty(400, np.int32), np.empty(400, np.int32)
    found = find_true(bits, words, present, offset, count, 5, 7, 2, rows, codes)
    assert rows[2:found].tolist() == [5 + i for i, value in enumerate(piece.to_pylist()) if value]
    assert codes[2:found].tolist() == [7] * (found - 2)
