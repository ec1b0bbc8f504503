"""Terms and their canonical names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.terms import (
    Distance,
    InArea,
    Month,
    OfFamily,
    Orders,
    OrdersMeasure,
    PostalOrder,
    Term,
    depends_on_day,
    term_of,
    terms_of,
)

WORDS = st.text(max_size=12)
DEGREES = st.floats(-90, 90, allow_nan=False)
PERIODS = st.none() | st.integers(1, 600)
ORDERS = st.one_of(
    st.builds(Orders, st.sampled_from(OrdersMeasure), PERIODS),
    st.builds(Orders, st.sampled_from(OrdersMeasure), PERIODS, product=WORDS),
    st.builds(Orders, st.sampled_from(OrdersMeasure), PERIODS, family=WORDS),
)
PLAIN = st.one_of(
    st.builds(InArea, st.text(min_size=1, max_size=12)),
    st.builds(Distance, DEGREES, DEGREES),
    st.just(PostalOrder()),
    st.just(Month()),
    ORDERS,
)
TERMS = st.recursive(
    st.one_of(PLAIN, st.just(OfFamily("country"))), lambda inner: inner.map(lambda term: OfFamily(term.name)), max_leaves=3
)


@given(TERMS)
def test_a_term_is_found_by_its_canonical_name(term: Term) -> None:
    assert term_of(term.name) == term


@pytest.mark.parametrize(
    "name",
    ["country", "", "area:", "family.", "family", "months", "distance:1", "distance:91.0,0.0", "distance:39.750,-104.99", "distance:nan,0.0",
     "orders:count", "orders:count:012:", "orders:count:601:", "orders:mean::", "orders:count::maker=X"],
)  # fmt: skip
def test_a_name_in_another_form_is_no_term(name: str) -> None:
    assert term_of(name) is None


def test_terms_among_names_are_given_once_in_their_order() -> None:
    assert terms_of(["country", "month", "area:x", "month"]) == (Month(), InArea("x"))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Month(), True),
        (Orders(OrdersMeasure.COUNT), True),
        (OfFamily("month"), True),
        (OfFamily("country"), False),
        (InArea("x"), False),
    ],
)
def test_some_terms_change_with_the_day_asked(term: Term, expected: bool) -> None:
    assert depends_on_day(term) is expected
