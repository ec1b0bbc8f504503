"""Digests of rows, and what an import would change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metes.records import difference as module
from metes.records.difference import difference, row_digests

FIXED = [8890095785490538365, -8533327073503218850]

cells = st.one_of(st.none(), st.text(max_size=6))
rows = st.lists(
    st.tuples(cells, st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), st.one_of(st.none(), st.floats(allow_nan=False))),
    max_size=8,
)


def table_of(values: list[tuple[str | None, int | None, float | None]]) -> pa.Table:
    texts, numbers, floats = zip(*values, strict=True) if values else ((), (), ())
    clean = [None if t is None else t.encode("utf-8", "replace").decode() for t in texts]
    return pa.table({"a": pa.array(clean, pa.string()), "b": pa.array(numbers, pa.int64()), "c": pa.array(floats, pa.float64())})


def test_digests_are_the_same_on_every_machine() -> None:
    table = pa.table({"id": ["A1", "Ö"], "n": pa.array([1, None]), "x": [0.5, -0.0]})
    assert row_digests(table, ["id", "n", "x"]).to_pylist() == row_digests(table, ["x", "id", "n"]).to_pylist()
    assert row_digests(table, ["id", "n", "x"]).to_pylist() == FIXED


@given(rows)
def test_rows_have_one_digest_exactly_if_they_are_equal(values: list[tuple[str | None, int | None, float | None]]) -> None:
    table = table_of(values)
    digests = row_digests(table, ["a", "b", "c"]).to_pylist()
    plain = [tuple(r.values()) for r in table.to_pylist()]
    for i, left in enumerate(plain):
        for j, right in enumerate(plain):
            assert (digests[i] == digests[j]) == (left == right)


@given(rows, st.integers(0, 8))
def test_a_rows_digest_does_not_depend_on_its_neighbours(
    values: list[tuple[str | None, int | None, float | None]], at: int
) -> None:
    table = table_of(values)
    whole = row_digests(table, ["a", "b", "c"])
    assert row_digests(table.slice(at), ["a", "b", "c"]).to_pylist() == whole.slice(at).to_pylist()


def test_a_value_that_moves_to_another_field_changes_the_digest_and_an_empty_field_does_not() -> None:
    left, right = (
        pa.table({"a": ["x"], "b": pa.array([None], pa.string())}),
        pa.table({"a": pa.array([None], pa.string()), "b": ["x"]}),
    )
    assert row_digests(left, ["a", "b"]) != row_digests(right, ["a", "b"])
    assert row_digests(left, ["a", "b"]) == row_digests(left, ["a"])


def test_long_columns_are_hashed_in_blocks_as_in_one(monkeypatch: object) -> None:
    texts = pa.array([f"text {i}" * (i % 7) for i in range(500)])
    whole = module._text_hashes(texts)
    parts = np.concatenate([module._text_hashes(texts.slice(i, 50)) for i in range(0, 500, 50)])
    assert whole.tolist() == parts.tolist()


ids = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(ids, ids, st.data())
def test_the_difference_agrees_with_dictionaries(new: list[str], old: list[str], data: st.DataObject) -> None:
    digest = st.integers(0, 2)
    incoming = dict(zip(new, data.draw(st.lists(digest, min_size=len(new), max_size=len(new))), strict=True))
    stored = dict(zip(old, data.draw(st.lists(digest, min_size=len(old), max_size=len(old))), strict=True))
    found = difference(
        *(
            pa.array(list(x), t)
            for x, t in (
                (incoming, pa.string()),
                (incoming.values(), pa.int64()),
                (stored, pa.string()),
                (stored.values(), pa.int64()),
            )
        )
    )
    assert {new[i] for i in found.created} == incoming.keys() - stored.keys()
    assert {new[i] for i in found.changed} == {k for k in incoming.keys() & stored.keys() if incoming[k] != stored[k]}
    assert {new[i] for i in found.unchanged} == {k for k in incoming.keys() & stored.keys() if incoming[k] == stored[k]}
    assert {old[i] for i in found.missing} == stored.keys() - incoming.keys()
