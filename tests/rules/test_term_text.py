"""Terms in the text of a rule: read, printed, and what is said about mistakes in them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType, rule_fields
from metes.model.condition import And, Condition, Contains, Equals, In, Missing, Not, Prefix, Range
from metes.model.postal import ALL_BELOW, postal_order
from metes.model.terms import Distance, InArea, OfFamily, Orders, OrdersMeasure
from metes.rules.printer import describe
from metes.rules.syntax import parse, to_text
from tests.model.test_postal import CODES
from tests.model.test_terms import TERMS
from tests.rules.strategies import FIELDS, conditions

ACCOUNT = rule_fields((Field("tier_count", FieldType.INTEGER, is_custom=True), Field("orders", is_custom=True)))
POINT = "distance:39.75,-104.99"


def postal(low: str, high: str, name: str = "postal_order") -> Range:
    return Range(name, postal_order(low), f"{postal_order(high)}{ALL_BELOW}", includes_high=False)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("in area 'rockies'", Equals("area:rockies", True)),
        ("not in area 'O''Hare'", Not(Equals("area:O'Hare", True))),
        ("in area 'rockies' = false", Equals("area:rockies", False)),
        ("in area 'rockies' is missing", Missing("area:rockies")),
        ("family in area 'rockies'", Equals("family.area:rockies", True)),
        ("family not in area 'rockies'", Not(Equals("family.area:rockies", True))),
        ("family.family not in area 'rockies'", Not(Equals("family.family.area:rockies", True))),
        ("distance to (39.75, -104.99) <= 50 km", Range(POINT, high=50)),
        ("distance to (39.75, -104.99) > 0.5", Range(POINT, low=Decimal("0.5"), includes_low=False)),
        ("Distance To (39.75,-104.99) < 30 mi", Range(POINT, high=Decimal("48.28032"), includes_high=False)),
        ("distance to (39.75, -104.99) <= 30mi", Range(POINT, high=Decimal("48.28032"))),
        ("distance to (39.75, -104.99) between 10 km and 50 km", Range(POINT, 10, 50)),
        ("distance to (39.75, -104.99) between 10 and 50 mi", Range(POINT, Decimal("16.09344"), Decimal("80.4672"))),
        ("distance to (39.75, -104.99) not between above 10 km and below 50 mi", Not(Range(POINT, 10, Decimal("80.4672"), False, False))),
        ("distance to (39.75, -104.99) is not missing", Not(Missing(POINT))),
        ("family.distance to (39.75, -104.99) <= 50 km", Range(f"family.{POINT}", high=50)),
        ("postal_code from '801' to '816'", postal("801", "816")),
        ("postal_code not from 'sw1' to 'SW19'", Not(postal("SW1", "SW19"))),
        ("family.postal_code from 'B' to 'B'", postal("B", "B", "family.postal_order")),
        ("month = 3", Equals("month", 3)),
        ("month in (11, 12, 1)", In("month", (11, 12, 1))),
        ("month between 3 and 5", Range("month", 3, 5)),
        ("orders count >= 3", Range("orders:count::", low=3)),
        ("orders sum in last 12 months >= 10_000", Range("orders:sum:12:", low=10_000)),
        ("orders count of 'gtx-pro' in last 6 months = 0", Equals("orders:count:6:product=GTX-PRO", 0)),
        ("orders count in last 2 years of 'GTX-PRO' in (1, 2)", In("orders:count:24:product=GTX-PRO", (1, 2))),
        ("orders days since last of family 'GTX' <= 90", Range("orders:recency::family=GTX", high=90)),
        ("Orders Days Since Last in last 1 month is missing", Missing("orders:recency:1:")),
        ("family.orders sum > 0", Range("family.orders:sum::", low=0, includes_low=False)),
        ("family.country = 'us'", Equals("family.country", "US")),
        ("family.tier_count > 3", Range("family.tier_count", low=3, includes_low=False)),
        ("orders = 'few'", Equals("orders", "few")),
        (
            "in area 'rockies' and distance to (1, 2) < 5 km and month = 1",
            And((Equals("area:rockies", True), Range("distance:1.0,2.0", high=5, includes_high=False), Equals("month", 1))),
        ),
    ],
)  # fmt: skip
def test_each_term_is_read_as_its_literal(text: str, condition: Condition) -> None:
    assert parse(text, ACCOUNT) == condition
    assert parse(to_text(condition), ACCOUNT) == condition


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Equals("area:O'Hare", True), "in area 'O''Hare'"),
        (Not(Equals("area:x", True)), "not in area 'x'"),
        (Not(Equals("area:x", False)), "in area 'x' != false"),
        (Not(Equals("family.area:in area 'x'", True)), "family not in area 'in area ''x'''"),
        (Not(Missing("area:x")), "in area 'x' is not missing"),
        (Range(POINT, high=Decimal("48.28032")), "distance to (39.75, -104.99) <= 48.28032 km"),
        (Not(Range(POINT, 1, 2)), "distance to (39.75, -104.99) not between 1 km and 2 km"),
        (Equals(Distance(1e-7, -0.0).name, 5), "distance to (0.0000001, -0) = 5 km"),
        (postal("80100", "81699"), "postal_code from '80100' to '81699'"),
        (Not(postal("sw1a1aa", "B2")), "postal_code not from 'SW1A 1AA' to 'B2'"),
        (Range("postal_order", "801", "816"), "postal_order between '801' and '816'"),
        (Missing("postal_order"), "postal_order is missing"),
        (Not(In("month", (1, 12))), "month not in (1, 12)"),
        (Range(Orders(OrdersMeasure.SUM, 1, family="O'X").name, low=5), "orders sum of family 'O''X' in last 1 month >= 5"),
        (Not(Equals("orders:count::product=A:B=C", 0)), "orders count of 'A:B=C' != 0"),
        (Equals(OfFamily("Key account").name, "x"), "\"family.Key account\" = 'x'"),
        (Equals("distance:39.750,1", 5), '"distance:39.750,1" = 5'),
    ],
)
def test_each_term_is_printed_as_one_writes_it(condition: Condition, text: str) -> None:
    assert to_text(condition) == text


TERM_NAMES = [
    "area:rockies", "family.area:x", POINT, "distance:-0.0,180.0", f"family.{POINT}", "postal_order", "family.postal_order", "month",
    "orders:count::", "orders:sum:12:product=GTX", "orders:recency:1:family=it's", "family.orders:count::", "family.employees",
]  # fmt: skip
TERM_FIELDS = {name: rule_fields()[name] for name in TERM_NAMES}
ENDS = st.sampled_from([key for code in CODES if (key := postal_order(code))])


@given(conditions(max_leaves=12, fields={**FIELDS, **{name: field for name, field in TERM_FIELDS.items() if name != "month"}}))
def test_printing_and_reading_terms_gives_the_same_tree(condition: Condition) -> None:
    fields = {**FIELDS, **TERM_FIELDS}
    text = to_text(condition)
    assert parse(text, fields) == condition
    assert to_text(parse(text, fields)) == text


@given(ENDS, ENDS, st.sampled_from(["postal_order", "family.postal_order"]))
def test_a_range_of_postal_codes_prints_and_reads_the_same(low: str, high: str, name: str) -> None:
    condition = Range(name, low, high + ALL_BELOW, includes_high=False)
    assert " from '" in to_text(condition)
    assert parse(to_text(condition), ACCOUNT) == condition


@given(TERMS.filter(lambda term: "product=" not in term.name))
def test_any_term_prints_and_reads_the_same(term: InArea) -> None:
    name = term.name
    if name in ACCOUNT:
        assert parse(to_text(Missing(name)), ACCOUNT) == Missing(name)


def test_a_term_is_described_in_the_words_of_a_rule() -> None:
    assert describe("area:rockies") == "in area 'rockies'"
    assert describe("family.orders:count:6:product=X") == "family.orders count of 'X' in last 6 months"
    assert [describe(name) for name in ("month", "family.country", "country", "in", "Key account")] == [
        "month", "family.country", "country", '"in"', '"Key account"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("in area rockies", "expected text in single quotes, got rockies", "Put it in single quotes."),
        ("distance to 39.75 <= 5 km", "expected '(' after 'distance to', got 39.75", "Write: distance to (39.75, -104.99) <= 50 km."),
        ("distance to (39.75) <= 5", "expected ',' after the latitude, got )", "Write: distance to (39.75, -104.99) <= 50 km."),
        ("distance to (x, 1) <= 5", "expected a coordinate in degrees, got x", "Write: distance to (39.75, -104.99) <= 50 km."),
        (
            "distance to (104.99, 39.75) <= 5",
            "a point lies from -90 to 90 and -180 to 180 degrees, got (104.99, 39.75)",
            "Give the latitude first, then the longitude, in degrees.",
        ),
        ("distance <= 50 km", "there is no field 'distance'", "Write: distance to (39.75, -104.99) <= 50 km."),
        ("postal_code from 801 to 816", "expected a postal code, got 801", "A code stands in single quotes: '801'."),
        ("postal_code from '801'", "expected 'to' after the first postal code, got the end of the rule", "Write: postal_code from '801' to '816'."),
        ("postal_code from '-' to '8'", "expected a postal code or its beginning, got '-'", "Write: postal_code from '801' to '816'."),
        ("orders count in last 6 >= 3", "expected 'months' or 'years' after 6, got >=", "Write: orders count of 'GTX-PRO' in last 6 months >= 3."),
        ("orders count in last 601 months >= 3", "a period has 1 to 600 months, got 601", "Leave the period out to ask of all orders."),
        ("orders days >= 3", "expected 'since' after 'days', got >=", "Write: orders days since last <= 90."),
        ("orders count of GTX >= 3", "expected text in single quotes, got GTX", "Put it in single quotes."),
        ("month = 13", "month is compared with a month from 1 to 12, got 13",
         "month holds integer values: compare it with a month from 1 to 12."),
        ("distance to (1, 2) <= '5'", "distance to (1, 2) is compared with a number of km or mi, got '5'",
         "distance to (1, 2) holds decimal values: compare it with a number of km or mi."),
        ("orders count = 1.5", "orders count is compared with a whole number, got 1.5",
         "orders count holds integer values: compare it with a whole number."),
        ("family.contry = 'US'", "there is no field 'family.contry'", "Did you mean 'family.country'?"),
        ("monht = 3", "there is no field 'monht'", "Did you mean 'month'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_term_says_what_to_write(text: str, message: str, remedy: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text, rule_fields())
    found = error.value.findings[0]
    assert (found.message, found.remedy) == (message, remedy)
    assert found.place.line
    assert found.place.column


@given(st.text(alphabet="inarea 'distceo()18,.-kmporsuftlcy_\n", max_size=60))
def test_any_text_with_words_of_terms_is_read_or_refused_with_findings(text: str) -> None:
    try:
        condition = parse(text, ACCOUNT)
    except InputError as error:
        assert error.findings  # noqa: PT017
    else:
        assert parse(to_text(condition), ACCOUNT) == condition


def test_words_of_terms_are_no_keywords() -> None:
    words = ["area", "distance", "orders", "last", "of", "since", "count", "to", "from", "km", "mi", "months", "year"]
    fields = {word: Field(word) for word in words}
    for word in words:
        assert parse(f"{word} contains 'x' and {word} in ('y')", fields) == And((Contains(word, "x"), In(word, ("y",))))
        assert parse(to_text(Prefix(word, "x")), fields) == Prefix(word, "x")
