"""Figures as readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from metes.base.money import Money
from metes.web.formatting import MISSING, Reader

AMERICAN = Reader()
GERMAN = Reader("de-DE", "EUR", "Europe/Berlin")


def test_months_are_named_in_the_reader_s_language() -> None:
    assert AMERICAN.months[:3] == ["Jan", "Feb", "Mar"]
    assert GERMAN.months[11] == "Dez"
    assert len(GERMAN.months) == 12


def plain(text: str) -> str:
    """Narrow and no-break spaces as ordinary ones."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (0, "$0"),
        (8_600, "$86"),
        (41_200_000, "$412 k"),
        (110_000_000, "$1.1 M"),
        (-184_000_000, "−$1.84 M"),
        (99_999_900, "$1 M"),
        (123_456_789_012_300, "$1,235 bn"),
    ],
)
def test_compact_money_has_three_figures_and_a_unit(minor: int, text: str) -> None:
    assert plain(AMERICAN.money_compact(minor)) == text


def test_exact_money_shows_cents_only_where_there_are_some() -> None:
    assert AMERICAN.money(8_600_000) == "$86,000"
    assert AMERICAN.money(123_450) == "$1,234.50"
    assert AMERICAN.money(-5) == "−$0.05"
    assert AMERICAN.money(Money(500, "JPY")) == "¥500"
    assert plain(AMERICAN.money(5, "CHF")) == "CHF 0.05"
    assert plain(GERMAN.money(8_600_050)) == "86.000,50 €"
    assert plain(GERMAN.money_compact(41_200_000)) == "412 k €"


def test_shares_are_written_as_percent_with_a_narrow_space() -> None:
    assert AMERICAN.share(0.62) == "62\u202f%"
    assert plain(AMERICAN.share(Decimal("0.3333"), 1)) == "33.3 %"
    assert plain(AMERICAN.change(0.048)) == "+4.8 %"
    assert plain(AMERICAN.change(-0.046)) == "−4.6 %"


def test_a_place_is_written_with_its_sides_to_four_decimals() -> None:
    assert Reader("en_US").place((39.73923, -104.99)) == "39.7392°\u00a0N, 104.99°\u00a0W"
    assert Reader("de_DE").place((-33.8688, 151.2)) == "33,8688°\u00a0S, 151,2°\u00a0E"
    assert Reader().place((0.0, -0.00001)) == "0°\u00a0N, 0°\u00a0W"
    assert Reader().place(None) == "–"


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert plain(AMERICAN.change(0.0001)) == "0.0 %"
    assert plain(AMERICAN.change(-0.0001)) == "0.0 %"
    assert AMERICAN.signed(0) == "0"
    assert AMERICAN.signed(14) == "+14"


def test_days_and_instants_follow_locale_and_time_zone() -> None:
    assert AMERICAN.day(date(2027, 3, 14)) == "Mar 14, 2027"
    assert GERMAN.day("2027-03-14") == "14.03.2027"
    assert AMERICAN.month("2027-03-01") == "Mar 2027"
    assert plain(GERMAN.moment(datetime(2027, 3, 14, 23, 30, 5, tzinfo=UTC))) == "15.03.2027, 00:30"


def test_counted_nouns_agree_with_their_number() -> None:
    assert plain(AMERICAN.count(1, "account", "accounts")) == "1 account"
    assert plain(AMERICAN.count(3107, "account", "accounts")) == "3,107 accounts"


def test_what_is_missing_is_a_dash_everywhere() -> None:
    written = [
        AMERICAN.number,
        AMERICAN.compact,
        AMERICAN.share,
        AMERICAN.change,
        AMERICAN.signed,
        AMERICAN.money,
        AMERICAN.money_compact,
    ]
    assert {write(None) for write in written} == {MISSING}
    assert {AMERICAN.day(None), AMERICAN.month(""), AMERICAN.moment(None)} == {MISSING}


def test_an_unknown_locale_reads_as_american_english() -> None:
    assert Reader("xx-YY").number(3107) == "3,107"
    assert Reader("de_DE").language == "de-DE"
