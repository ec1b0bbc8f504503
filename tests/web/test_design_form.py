"""The form of what a design is asked for, and the spec it stands for."""

from __future__ import annotations

import pytest

from metes.base.findings import Finding, Place, Severity
from metes.model.plan import Plan, Role, Seat, Territory, TerritoryType
from metes.web.design_form import owning_seats, spec_of, typed_of_form, typed_of_spec, with_findings

# world -> west (two owning seats, one helping) and house, whose type is no primary one
PLAN = Plan(
    key="p",
    name="P",
    types=(TerritoryType("geo", "Geo"), TerritoryType("help", "Help", role=Role.OVERLAY)),
    territories=(
        Territory("world", "geo", "World"),
        Territory("west", "geo", "West", "world"),
        Territory("aid", "help", "Aid", "world"),
    ),
    seats=(
        Seat("w1", "west"),
        Seat("w2", "west"),
        Seat("w3", "west", owns=False),
        Seat("a1", "aid"),
        Seat("top", "world"),
    ),
)
SPEC = {
    "name": "West",
    "units": "us-zips",
    "within": "west",
    "regions": ["US-CA", "US-OR"],
    "territories": "capacity",
    "seats": ["w1", "w2"],
    "measures": [{"measure": "potential", "band": 0.075, "weight": 2.0}, {"measure": "workload", "band": None, "weight": 1.0}],
    "targets": "capacity",
    "contiguous": False,
    "bases": True,
    "walls": "region",
    "parents": 4,
    "locks": {"94103": "west"},
    "together": [["94103", "94104"], ["94105", "94107", "94108"]],
    "forbidden": [["94103", "w1"], ["94103", "w2"]],
    "licences": {"US-CA": "spirits"},
    "families": True,
    "start": "design:3",
    "rates": {
        "travel_per_km": 0.4,
        "visits_per_year": 6.0,
        "visit_hours": 1.5,
        "travel_hours": 0.25,
        "handover_share": 0.13,
        "likeness_share": 0.5,
    },
    "seed": 7,
    "seconds": 12.5,
}


def fields(spec: dict[str, object]) -> dict[str, str]:
    """What a browser would send of the form of a spec."""
    typed = typed_of_spec(spec)
    sent = {**typed.texts, **dict.fromkeys(typed.flags, "1")}
    for at, row in enumerate(typed.measures):
        sent |= {f"measure:{at}": row.name, f"band:{at}": row.band, f"weight:{at}": row.weight}
    return sent


def test_a_spec_comes_back_from_its_form_as_it_was() -> None:
    spec, typed = spec_of(typed_of_form(fields(SPEC)), PLAN)
    assert typed.errors == {}
    assert spec == SPEC


def test_what_the_form_does_not_show_stays_from_the_spec_before() -> None:
    base = {**SPEC, "rates": {"revenue": "arr"}, "measures": [{"measure": "potential", "band": 0.1, "lowest": 5.0}]}
    spec, _ = spec_of(typed_of_form(fields(SPEC)), PLAN, base)
    assert spec["rates"] == {"revenue": "arr", **SPEC["rates"]}  # type: ignore[dict-item]
    assert spec["measures"][0] == {"measure": "potential", "band": 0.075, "weight": 2.0, "lowest": 5.0}


@pytest.mark.parametrize(("text", "share"), [("5", 0.05), ("5 %", 0.05), ("7,5", 0.075), ("", None)])
def test_bands_are_percentages_as_people_write_them(text: str, share: float | None) -> None:
    spec, typed = spec_of(typed_of_form({**fields(SPEC), "band:0": text}), PLAN)
    assert typed.errors == {}
    assert spec["measures"][0]["band"] == share


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("forbidden", "94103 = w1\n94104", "Line 2: write a unit and a seat"),
        ("licences", "= spirits", "Line 1: write a region and a licence"),
        ("together", "a, b\n\nc,", "Line 3: write two units or more"),
    ],
)
def test_lines_that_cannot_be_read_are_said_by_number(name: str, text: str, says: str) -> None:
    _, typed = spec_of(typed_of_form({**fields(SPEC), name: text}), PLAN)
    assert typed.errors[name].startswith(says)


def test_lines_are_read_as_people_write_them() -> None:
    sent = {"together": " a ,b\n c; d ", "forbidden": "x=w1\n\nx = w2", "licences": "us-ca = Spirits"}
    spec, typed = spec_of(typed_of_form({**fields(SPEC), **sent}), PLAN)
    assert typed.errors == {}
    assert spec["together"] == [["a", "b"], ["c", "d"]]
    assert spec["forbidden"] == [["x", "w1"], ["x", "w2"]]
    assert spec["licences"] == {"US-CA": "Spirits"}


@pytest.mark.parametrize("text", ["nan", "inf", "wide", "1e999", "5;6"])
def test_what_is_no_finite_number_is_said(text: str) -> None:
    _, typed = spec_of(typed_of_form({**fields(SPEC), "band:0": text, "travel_per_km": text}), PLAN)
    assert set(typed.errors) == {"measure:0", "travel_per_km"}
    assert typed.measures[0].error


def test_all_seats_are_those_that_own_primary_territories_of_the_part() -> None:
    assert owning_seats(PLAN) == ["w1", "w2", "top"]
    assert owning_seats(PLAN, "west") == ["w1", "w2"]
    assert owning_seats(None) == []


def test_findings_stand_beside_their_fields_and_the_rest_apart() -> None:
    def finding(subject: str, severity: Severity = Severity.ERROR) -> Finding:
        return Finding("x", severity, f"wrong {subject}", Place(subject=subject))

    subjects = (
        "design measures 2 band",
        "measure potential",
        "design lock of 1",
        "design together 2",
        "design licences US-CA",
        "design rates travel_per_km",
        "design walls",
        "accounts",
    )
    typed, rest = with_findings(typed_of_spec(SPEC), [*map(finding, subjects), finding("design seed", Severity.WARNING)])
    assert set(typed.errors) == {"measure:1", "measure:0", "locks", "together", "licences", "travel_per_km", "walls"}
    assert [f.place.subject for f in rest] == ["accounts", "design seed"]
