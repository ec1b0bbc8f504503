"""People: the list and one person."""

from __future__ import annotations

import re
from collections import Counter

import sqlalchemy as sa

from metes.store.tables import opportunities
from tests.web.pages.conftest import Visitor


def test_the_list_pages_through_everybody(visitor: Visitor) -> None:
    _, total = visitor.workspace.people()
    address, seen = "/people", []
    while address:
        page = visitor.get(address)
        seen += re.findall(r'data-href="/people/(\d+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == total


def test_a_search_finds_by_name_and_role(visitor: Visitor) -> None:
    rows, total = visitor.workspace.people("specialist")
    page = visitor.get("/people?q=specialist")
    assert 0 < total < 50
    assert re.findall(r'data-href="/people/(\d+)"', page) == [str(row["id"]) for row in rows]


def test_a_person_shows_every_seat_with_its_days_and_what_is_open(visitor: Visitor) -> None:
    sitting = visitor.workspace.sitting_now([row["id"] for row in visitor.workspace.people(limit=500)[0]])[0]
    profile = visitor.workspace.person(sitting.person_id)
    page = visitor.get(f"/people/{sitting.person_id}")
    territory = next(s.territory for s in visitor.workspace.require_active()[1].seats if s.key == sitting.seat)
    assert f'href="/territories/{territory}"' in page
    assert page.count('<th scope="row">') == len(profile.sat)
    assert "open opportunities" in page


def test_somebody_who_does_not_exist_is_not_found(visitor: Visitor) -> None:
    assert visitor.client.get("/people/999999").status_code == 404
    assert visitor.client.get("/people/99999999999999999999").status_code == 404


def test_nobody_yet_says_what_to_import(newcomer: Visitor) -> None:
    assert "Nobody yet" in newcomer.get("/people")


def test_opportunities_are_counted_by_status_as_they_are_stored(visitor: Visitor) -> None:
    sellers: Counter[tuple[int, str]] = Counter()
    amounts: Counter[tuple[int, str]] = Counter()
    with visitor.workspace.store.read() as connection:
        query = sa.select(opportunities).where(opportunities.c.closed_on.is_(None), opportunities.c.person_id.is_not(None))
        for row in connection.execute(query):
            sellers[row.person_id, row.status] += 1
            amounts[row.person_id, row.status] += row.amount_minor or 0
    assert sellers
    for (person, status), count in sellers.items():
        assert visitor.workspace.person(person).opportunities[status] == (count, amounts[person, status])
