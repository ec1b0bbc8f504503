"""The fairness certificate of a design: what each seat gets, how it stands to the mean, and how uneven it is, in words and indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.downloads import csv_download, csv_lines
from metes.web.pages.design_compare import amount
from metes.web.pages.designs import words_of
from metes.web.visits import SignedIn

router = APIRouter()
FIRST = ("potential", "workload", "travel")
HIDDEN = frozenset({"disruption", "units"})
EVEN_GINI = 0.05
SHOWN = 1_000


@router.get("/designs/{number:int}/fairness")
def show(number: int, visit: SignedIn) -> Response:
    """The certificate."""
    found = visit.workspace.design_fairness(number)
    row = visit.workspace.design_find(number)
    reader = visit.environment.filters
    names = _ordered(found["measures"])
    seats = sorted(found["seats"], key=lambda seat: -abs((seat["to_mean"][names[0]] or 1) - 1)) if names else []
    return visit.page(
        "design-fairness.html",
        design=row,
        measures=[_measure(reader, name, found["measures"][name]) for name in names],
        sentences=[text for name in names if (text := _sentence(reader, name, found["measures"][name], found["seats"]))],
        seats=[_seat(reader, seat, names) for seat in seats[:SHOWN]],
        seats_total=len(seats),
        today=visit.workspace.today(),
    )


@router.get("/designs/{number:int}/fairness.csv")
def export(number: int, visit: SignedIn) -> Response:
    """The certificate as CSV: a line for each seat, money in minor units."""
    found = visit.workspace.design_fairness(number)
    names = _ordered(found["measures"])

    def rows() -> Iterator[list[object]]:
        yield ["territory", "name", "seat", "person", *(column for n in names for column in (n, f"{n}_to_mean")), "quota"]
        for seat in found["seats"]:
            figures = (figure for n in names for figure in (seat[n], seat["to_mean"][n]))
            yield [seat["key"], seat["name"], seat["seat"], seat["person"], *figures, seat["quota"]]

    return csv_download(csv_lines(rows()), f"design-{number}-fairness.csv")


def _ordered(measures: Mapping[str, Any]) -> list[str]:
    """The names of the measures, those that a certificate must have first."""
    known = [name for name in measures if name not in HIDDEN]
    return [*(n for n in FIRST if n in known), *(n for n in known if n not in FIRST)]


def _measure(reader: Mapping[str, Any], name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """A measure with its range and indices in words."""
    return {
        "title": _title(name),
        "lowest": amount(reader, name, found["lowest"]),
        "mean": amount(reader, name, found["mean"]),
        "highest": amount(reader, name, found["highest"]),
        "gini": reader["number"](found["gini"], 3),
        "jain": reader["number"](found["jain"], 3),
        "max_min": reader["number"](found["max_min"], 2),
        "widest": reader["share"](found["widest_share"], 1),
    }


def _seat(reader: Mapping[str, Any], seat: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {
        "name": seat["name"],
        "who": seat["person"] or ("vacant seat" if seat["seat"] else ""),
        "cells": [
            {
                "title": _title(n),
                "text": amount(reader, n, seat[n]),
                "off": None if seat["to_mean"][n] is None else seat["to_mean"][n] - 1,
            }
            for n in names
        ],
    }


def _sentence(reader: Mapping[str, Any], name: str, found: Mapping[str, Any], seats: list[Mapping[str, Any]]) -> str:
    """How even a measure is, and who has most and least of it."""
    known = [seat for seat in seats if seat["to_mean"][name] is not None]
    if len(known) < 2:
        return ""
    most, least = max(known, key=lambda s: s["to_mean"][name]), min(known, key=lambda s: s["to_mean"][name])
    title, times = _title(name), reader["number"]
    if found["gini"] < EVEN_GINI:
        return f"{title} is shared out evenly: from {times(least['to_mean'][name], 2)} to {times(most['to_mean'][name], 2)} times the mean."
    return (
        f"{title} is uneven: {most['name']} has {times(most['to_mean'][name], 2)} times the mean, "
        f"{least['name']} {times(least['to_mean'][name], 2)} times."
    )


def _title(name: str) -> str:
    words = words_of(name)
    return words[:1].upper() + words[1:]
