"""Money: minor units, rounding, currencies."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.money import Money, exponent, from_minor, minor_factors, to_minor

CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "XXX": 2}


@pytest.mark.parametrize(("currency", "decimals"), CURRENCIES.items())
def test_a_currency_has_the_decimals_of_its_minor_unit(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.005", "USD", 0),
        ("0.015", "USD", 2),
        ("-0.025", "USD", -2),
        ("12.5", "JPY", 12),
        ("13.5", "JPY", 14),
        ("1.0005", "KWD", 1000),
    ],
)
def test_halves_are_rounded_to_even(amount: str, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "-inf"])
def test_what_is_no_finite_number_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        to_minor(text, "USD")


@given(st.integers(-(10**18), 10**18), st.sampled_from(sorted(CURRENCIES)))
def test_minor_units_survive_the_way_to_decimals_and_back(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)
    assert to_minor(amount, currency) == minor
    assert Money(minor, currency).amount == amount


@given(st.decimals(-(10**12), 10**12, places=5), st.sampled_from(sorted(CURRENCIES)))
def test_rounding_is_that_of_the_decimal_module(amount: Decimal, currency: str) -> None:
    step = Decimal(1).scaleb(-exponent(currency))
    assert from_minor(to_minor(amount, currency), currency) == amount.quantize(step, ROUND_HALF_EVEN)


def test_a_minor_unit_of_each_currency_is_told_in_those_of_the_reporting_one() -> None:
    rates = {"EUR": Decimal("1.1"), "JPY": Decimal("0.0067"), "KWD": Decimal("3.25")}
    factors = {"USD": Decimal(1), "EUR": Decimal("1.1"), "JPY": Decimal("0.67"), "KWD": Decimal("0.325")}
    assert minor_factors("USD", rates) == factors


def test_money_of_one_currency_adds_up_and_that_of_two_is_refused() -> None:
    assert Money(150, "USD") + Money(-50, "USD") == Money(100, "USD")
    with pytest.raises(ValueError, match="expected money in USD, got EUR"):
        Money(1, "USD") + Money(1, "EUR")
