"""What is asked of a design: read from text and back, with every problem told at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.designing.reading import spec_from, spec_from_text, spec_to_text
from metes.designing.spec import DesignSpec, MeasureAsked, Rates

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
SPECS = st.builds(
    DesignSpec,
    name=NAMES,
    units=st.sampled_from(["accounts", "us-counties"]),
    measures=st.lists(
        st.builds(
            MeasureAsked,
            NAMES,
            st.none() | st.floats(0, 1),
            st.floats(0, 9),
            st.none() | st.floats(0, 5),
            st.none() | st.floats(6, 9),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda measure: measure.name,
    ).map(tuple),
    territories=st.none() | st.integers(1, 300),
    seats=st.lists(NAMES, max_size=3, unique=True).map(tuple),
    targets=st.sampled_from(["equal", "capacity"]),
    is_contiguous=st.booleans(),
    locks=st.dictionaries(NAMES, NAMES, max_size=3).map(lambda locks: tuple(sorted(locks.items()))),
    together=st.lists(st.lists(NAMES, max_size=3, unique=True).map(tuple), max_size=2).map(tuple),
    forbidden=st.lists(st.tuples(NAMES, NAMES), max_size=3).map(tuple),
    start=st.sampled_from(["today", "scratch", "design:7"]),
    rates=st.builds(Rates, travel_per_km=st.floats(0.01, 9), handover_share=st.floats(0, 1)),
    seed=st.integers(0, 9),
    seconds=st.none() | st.floats(1, 9),
)


@given(SPECS)
def test_what_is_asked_comes_back_from_its_text(spec: DesignSpec) -> None:
    text = spec_to_text(spec)
    assert spec_from_text(text) == spec
    assert spec_to_text(spec_from_text(text)) == text
    assert spec_from(spec.as_dict()) == spec


def test_what_is_left_out_has_its_default() -> None:
    assert spec_from({"name": "x"}) == DesignSpec("x")
    assert spec_from_text("name: x\nterritories: capacity\nmeasures: [accounts]") == DesignSpec(
        "x", territories=None, measures=(MeasureAsked("accounts"),)
    )


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"k": 3}, "k"),
        ({"territories": 0}, "territories"),
        ({"territories": True}, "territories"),
        ({"measures": []}, "measures"),
        ({"measures": [{"band": 1}]}, "measures 1"),
        ({"measures": [{"measure": "a", "band": "wide"}]}, "measures 1 band"),
        ({"measures": [{"measure": "a", "weight": float("nan")}]}, "measures 1 weight"),
        ({"measures": [{"measure": "a", "width": 1}]}, "measures 1 width"),
        ({"measures": [{"measure": "a", "lowest": 5, "highest": 1}]}, "measures 1"),
        ({"measures": ["a", "a"]}, "measures"),
        ({"targets": "fair"}, "targets"),
        ({"contiguous": "yes"}, "contiguous"),
        ({"locks": ["a"]}, "locks"),
        ({"together": ["ab"]}, "together"),
        ({"forbidden": [["a"]]}, "forbidden"),
        ({"regions": "US-CO"}, "regions"),
        ({"start": "design:x"}, "start"),
        ({"rates": {"handover_share": 2}}, "rates handover_share"),
        ({"rates": {"speed": 2}}, "rates speed"),
        ({"rates": 5}, "rates"),
        ({"rates": {"revenue": 5}}, "rates revenue"),
        ({"seconds": 0}, "seconds"),
        ({"name": 5}, "name"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_place(asked: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        spec_from(asked)
    assert [finding.place.subject for finding in caught.value.findings] == [f"design {where}"]


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InputError, match=r"\(and 2 more\)") as caught:
        spec_from({"territories": -1, "measures": [{"measure": "a", "band": -1}], "seed": 0.5})
    assert {finding.code for finding in caught.value.findings} == {"design-spec"}


@pytest.mark.parametrize("text", ["{", "- a", "a: [", "name", ""])
def test_text_that_asks_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected a design"):
        spec_from_text(text)
