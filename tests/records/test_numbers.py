"""Numbers in either notation; what could be read two ways is asked."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.money import to_minor
from metes.records.numbers import decimals, integers, minor_units


def read(*texts: str, **options: object) -> list[Decimal | None]:
    parsed = decimals(pa.array(texts, pa.string()), **options)  # type: ignore[arg-type]
    assert parsed.question is None
    return [None if v is None else v.normalize() for v in parsed.values.to_pylist()]


def number(text: str) -> Decimal:
    return Decimal(text).normalize()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,234", "2,5"], ["1.234", "2.5"]),
        (["1.234,56", "3"], ["1234.56", "3"]),
        (["$1,234.50", "(12)", "USD 5", "-€3.20"], ["1234.5", "-12", "5", "-3.2"]),
        ([".0000", "1e3"], ["0", "1000"]),
        (["0.123"], ["0.123"]),
        (["1.234", "1,23"], ["1234", "1.23"]),
        (["1,234,567"], ["1234567"]),
        (["1 234,5", "1'234,5"], ["1234.5", "1234.5"]),
        (["12,34,567"], ["1234567"]),
        (["5-", "−7"], ["-5", "-7"]),
        (["12", "100"], ["12", "100"]),
    ],
)
def test_the_mark_is_decided_by_values_that_read_one_way(texts: list[str], expected: list[str]) -> None:
    assert read(*texts) == [number(e) for e in expected]


@pytest.mark.parametrize("texts", [["1,234"], ["1.234", "5"], ["1.234", "1,234"], ["1,5", "1.5"], ["2,500", "999"]])
def test_a_mark_that_nothing_decides_is_asked(texts: list[str]) -> None:
    question = decimals(pa.array(texts)).question
    assert question is not None
    assert question.code == "number-ambiguous"
    assert "decimal_mark" in question.remedy


def test_the_answer_settles_the_question() -> None:
    assert read("1,234", mark=",") == [number("1.234")]
    assert read("1,234", mark=".") == [number("1234")]


def test_a_bound_decides_against_the_reading_that_breaks_it() -> None:
    assert read("47.123", low=-90.0, high=90.0) == [number("47.123")]


def test_a_column_of_whole_numbers_decides_for_thousands() -> None:
    assert integers(pa.array(["1.234", "12"])).values.to_pylist() == [1234, 12]


def test_what_is_no_number_is_a_warning_and_missing() -> None:
    parsed = decimals(pa.array(["abc", "N/A", "1,23,4", "1.5", "9" * 40]))
    assert [i.code for i in parsed.issues] == ["not-a-number", "number-too-long"]
    assert parsed.issues[0].hits.tolist() == [True, False, True, False, False]
    assert parsed.issues[1].hits.tolist() == [False, False, False, False, True]
    assert [v is None for v in parsed.values.to_pylist()] == [True, True, True, False, True]


def test_a_fraction_is_no_whole_number() -> None:
    parsed = integers(pa.array(["1.5", "9223372036854775808", "9223372036854775807"]))
    assert parsed.values.to_pylist() == [None, None, 2**63 - 1]
    assert [i.code for i in parsed.issues] == ["not-whole"]


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
@given(amounts=st.lists(st.decimals(-(10**12), 10**12, places=5), max_size=8))
def test_minor_units_agree_with_money_one_by_one(currency: str, amounts: list[Decimal]) -> None:
    fast = minor_units(pa.array(amounts, pa.decimal128(38, 10)), currency).to_pylist()
    assert fast == [to_minor(a, currency) for a in amounts]


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=8), st.sampled_from([",", "."]))
def test_numbers_written_with_thousands_and_decimals_are_read_back(values: list[int], mark: str) -> None:
    other = "," if mark == "." else "."
    texts = [f"{v:,}.25".replace(",", "_").replace(".", mark).replace("_", other) for v in values]
    expected = [number(f"{v}.25") for v in values]
    assert read(*texts) == expected
