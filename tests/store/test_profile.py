"""What the database knows of one account and of people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from metes.base.errors import NotFound
from metes.model.scope import Scope
from metes.store import profile
from metes.store.engine import Store
from metes.store.tables import account_sources, accounts, contacts, opportunities, orders, people, sources
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")


@pytest.fixture
def family(store: Store) -> Store:
    """Account 1 with the children 2 and 3, of which 3 is closed; facts hang on 1, some of them closed."""
    with store.write() as connection:
        for number, parent, closed in ((1, None, None), (2, 1, None), (3, 1, date(2026, 1, 1)), (4, None, None)):
            row = row_of(
                accounts, number, key=f"K{number}", name=f"A{number}", parent_id=parent, closed_on=closed, custom='{"é": 1}'
            )
            connection.execute(sa.insert(accounts).values(**row))
        connection.execute(sa.insert(sources).values(id=1, name="crm"))
        connection.execute(sa.insert(account_sources).values(source_id=1, external_id="X1", account_id=1))
        for table, more in ((contacts, {}), (orders, {}), (opportunities, {"status": "open"})):
            for number in (1, 2, 3):
                closed = date(2026, 1, 1) if number == 3 else None
                given = {"account_id": 1, "closed_on": closed, **more}
                if table is orders:
                    given |= {"ordered_on": date(2026, number, 5), "amount_minor": 100 * number, "currency": None}
                elif table is opportunities:
                    given |= {"amount_minor": 100 * number, "person_id": 1}
                connection.execute(sa.insert(table).values(**row_of(table, number, **given)))
        for number, name in ((1, "Ann 100%"), (2, "Bob_x"), (3, "Cy")):
            row = row_of(
                people,
                number,
                name=name,
                role="rep",
                office=None,
                manager_id=1 if number > 1 else None,
                closed_on=None,
                external_id=f"E{number}",
            )
            connection.execute(sa.insert(people).values(**row))
    return store


def test_an_account_comes_with_everything_that_hangs_on_it_and_is_not_closed(family: Store) -> None:
    with family.read() as connection:
        facts = profile.account_facts(connection, 1, ALL, months_from=date(2026, 1, 1), currency="USD", rates={})
    assert (facts.record["key"], facts.custom, facts.parent) == ("K1", {"é": 1}, None)
    assert [(s["name"], s["external_id"]) for s in facts.sources] == [("crm", "X1")]
    assert [a["key"] for a in facts.family] == ["K2"]
    assert [len(rows) for rows in (facts.contacts, facts.orders, facts.opportunities, facts.activities)] == [2, 2, 2, 0]
    assert [o["amount_minor"] for o in facts.orders] == [200, 100]
    assert list(facts.months) == [("2026-01", 100), ("2026-02", 200)]


def test_orders_by_month_are_in_one_currency_and_those_without_a_rate_are_left_out(family: Store) -> None:
    with family.write() as connection:
        for number, minor, currency in ((11, 1000, "EUR"), (12, 200, "JPY"), (13, 7, "XTS"), (14, 3, "USD"), (15, 5, None)):
            given = {
                "account_id": 1,
                "ordered_on": date(2026, 2, 6),
                "amount_minor": minor,
                "currency": currency,
                "closed_on": None,
            }
            connection.execute(sa.insert(orders).values(**row_of(orders, number, **given)))
    rates = {"EUR": Decimal("1.1"), "JPY": Decimal("0.0067")}
    with family.read() as connection:
        facts = profile.account_facts(connection, 1, ALL, months_from=date(2026, 1, 1), currency="USD", rates=rates)
    assert list(facts.months) == [("2026-01", 100), ("2026-02", 200 + 1100 + 134 + 3 + 5)]


def test_a_child_knows_its_parent(family: Store) -> None:
    with family.read() as connection:
        facts = profile.account_facts(connection, 2, ALL, months_from=date(2026, 1, 1), currency="USD", rates={})
        assert facts.parent is not None
        assert facts.parent["key"] == "K1"
        with pytest.raises(NotFound, match="number 99"):
            profile.account_facts(connection, 99, ALL, months_from=date(2026, 1, 1), currency="USD", rates={})


def test_open_opportunities_come_the_largest_first(family: Store) -> None:
    with family.read() as connection:
        found = profile.opportunities_of(connection, [1, 2], ALL)
    assert [(o["amount_minor"], o["account"], o["person"]) for o in found] == [(200, "A1", "Ann 100%"), (100, "A1", "Ann 100%")]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", ["Ann 100%", "Bob_x", "Cy"]),
        ("ann", ["Ann 100%"]),
        ("%", ["Ann 100%"]),
        ("_", ["Bob_x"]),
        ("b e2", ["Bob_x"]),
        ("\\", []),
    ],
)
def test_people_are_found_by_any_word_and_signs_mean_themselves(family: Store, search: str, names: list[str]) -> None:
    with family.read() as connection:
        rows, total = profile.all_people(connection, ALL, search=search)
    assert [row["name"] for row in rows] == names
    assert total == len(names)


def test_people_come_page_by_page_with_their_managers(family: Store) -> None:
    with family.read() as connection:
        rows, total = profile.all_people(connection, ALL, limit=1, offset=1)
        assert ([(r["name"], r["manager"]) for r in rows], total) == ([("Bob_x", "Ann 100%")], 3)
        assert profile.person(connection, 2, ALL)["manager"] == "Ann 100%"
        assert [r["name"] for r in profile.reports_of(connection, 1, ALL)] == ["Bob_x", "Cy"]
        assert profile.people_by_key(connection, "e2") == (2,)
        with pytest.raises(NotFound, match="number 99"):
            profile.person(connection, 99, ALL)
