"""An erasure leaves nothing that identifies somebody anywhere in the database, and all else as it was."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from metes.base.errors import Conflict, NotFound
from metes.base.ids import content_hash
from metes.model.privacy import Somebody
from metes.model.scope import Principal
from metes.plan.nodes import nodes_of, plan_of
from metes.store import audit, audit_verifying, erased, erasing, plans, somebody
from metes.store.audit_tables import audit_values
from metes.store.engine import Store
from metes.store.identity_tables import person_links
from metes.store.notice_tables import notices
from metes.store.personal import NOT_PERSONAL, REGISTER, Way, columns
from metes.store.tables import (
    activities,
    contacts,
    import_changes,
    imports,
    leads,
    metadata,
    people,
    plan_revisions,
    sessions,
    sources,
    users,
)
from metes.store.tables import audit as trail
from metes.store.words import Words, replaced
from tests.conftest import NOW
from tests.store.rows import row_of
from tests.store.test_audit_verifying import add_first_version

LOCAL = Principal("local", address="203.0.113.9")
# A name beyond ASCII, as JSON and addresses write it in other letters.
NAME, EMAIL, PHONE, ID, LOGIN = "Zoë Quixano", "zoe@quixano.example", "+49 30 5550100", "PX-4711", "zquix"
MARKS = ("quixano", "zoë", "zo\\u00eb", "zo%c3%ab", "5550100", "px-4711", "zquix")


def texts(store: Store) -> dict[str, str]:
    """Every text of every table, by place."""
    found: dict[str, str] = {}
    with store.read() as connection:
        for table in metadata.sorted_tables:
            for number, row in enumerate(connection.execute(sa.select(table)).mappings()):
                found |= {f"{table.name}.{name} {number}": value for name, value in row.items() if isinstance(value, str)}
    return found


def left(store: Store) -> dict[str, str]:
    """The texts that still identify somebody."""
    return {place: text for place, text in texts(store).items() if any(mark in text.lower() for mark in MARKS)}


def named(one: dict[str, Any]) -> dict[str, Any]:
    """The columns that a record of a person has, with what identifies them."""
    return {"source_id": 1, "external_id": ID, "name": NAME, "email": EMAIL, **one}


def is_empty(connection: Connection, table: sa.Table) -> bool:
    """Whether a table has no row."""
    return connection.execute(sa.select(table).limit(1)).first() is None


@pytest.fixture
def filled(store: Store) -> Store:
    """Somebody who is a person, a user, a contact and a lead, and is named in every place of the register."""
    sentence = f"as {NAME.upper()} ({EMAIL}) said"
    structured = json.dumps({"told": sentence, "link": "/accounts?q=Zo%C3%AB+Quixano"})
    with store.write() as connection:
        connection.execute(sa.insert(sources).values(id=1, name="crm"))
        connection.execute(sa.insert(users).values(row_of(users, 1, name=LOGIN, email=EMAIL, preferences="{}", disabled_at=None)))
        connection.execute(sa.insert(people).values(row_of(people, 1, **named({}))))
        connection.execute(sa.insert(contacts).values(row_of(contacts, 1, **named({"phone": PHONE, "title": NAME}))))
        connection.execute(sa.insert(leads).values(row_of(leads, 1, **named({"phone": PHONE, "company": NAME, "city": "Ulm"}))))
        link = {"user_id": 1, "person_id": 1, "linked_by": LOGIN}
        connection.execute(sa.insert(person_links).values(row_of(person_links, 1, **link)))
        for held in REGISTER:
            table = metadata.tables[held.table]
            if held.way in (Way.NAME, Way.MENTION) and table not in (import_changes, person_links):
                value = LOGIN if held.way is Way.NAME else structured if held.column in ("payload", "spec") else sentence
                number = 100 + [h.column for h in REGISTER if h.table == held.table].index(held.column)
                given = {held.column: value, "user_id": 77, "person_id": 77}
                fits = {name: one for name, one in given.items() if name in table.c}
                keys = {k.name: number for k in table.primary_key.columns if isinstance(k.type, sa.Integer)}
                connection.execute(sa.insert(table).values(row_of(table, number) | fits | keys))
            elif held.way is Way.GOES and "user_id" in table.c and is_empty(connection, table):
                connection.execute(sa.insert(table).values(row_of(table, 1, user_id=1, **{held.column: NAME})))
        connection.execute(sa.insert(notices).values(row_of(notices, 1, person_id=1, user_id=None, text=sentence)))
        before = json.dumps({"name": NAME, "email": EMAIL, "title": f"head of {NAME}", "digest": "1"})
        for number, kind in enumerate(("people", "contacts", "leads", "opportunities"), 900):
            connection.execute(sa.insert(imports).values(row_of(imports, number, kind=kind)))
            connection.execute(sa.insert(import_changes).values(import_id=number, record_id=1, before=before))
        add_first_version(connection, 1, LOGIN)
        user = Principal(LOGIN, 1, address="198.51.100.7")
        told = audit.change({"email": EMAIL}, {"email": None}, ("email",))
        audit.add_entry(connection, user, "user change", "user 1", {}, NOW, **told)
        audit.add_entry(connection, Principal(NAME), "look", "account 1", {}, NOW, personal={"note": sentence})
    return store


def everybody(store: Store) -> tuple[Somebody, ...]:
    """All that the somebody is."""
    with store.read() as connection:
        person = somebody.named(connection, "person", ID)
        others = [somebody.named(connection, kind, ID) for kind in ("contact", "lead")]
        return (*somebody.together(connection, person), *others)


def erase(store: Store) -> dict[str, int]:
    """Erase the somebody; rows by place."""
    found = everybody(store)
    with store.write() as connection:
        if store.is_sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        places, _ = erasing.erase(connection, found, LOCAL, NOW)
    erasing.scrub(store)
    return {f"{place.table}.{place.column}": place.rows for place in places}


def test_every_text_column_is_in_the_register_or_known_to_name_nobody() -> None:
    text_columns = {(t.name, c.name) for t in metadata.sorted_tables for c in t.columns if isinstance(c.type, sa.String)}
    register = {(held.table, held.column) for held in REGISTER}
    assert register | set(NOT_PERSONAL) == text_columns
    assert not register & set(NOT_PERSONAL)
    assert all(held.purpose and held.kept for held in REGISTER)


def test_nothing_that_identifies_somebody_is_left_in_any_table(filled: Store) -> None:
    assert len(left(filled)) > 60
    places = erase(filled)
    assert left(filled) == {}
    for table, column in (*columns(Way.NAME), *columns(Way.MENTION)):
        assert places.get(f"{table}.{column}", 0) > 0, (table, column)


def test_nothing_is_left_in_the_file_of_the_database_either(filled: Store) -> None:
    erase(filled)
    if filled.path is None:
        return
    filled.dispose()
    raw = b"".join(p.read_bytes() for p in filled.path.parent.glob(filled.path.name + "*")).lower()
    assert not [mark for mark in ("quixano", "px-4711", "zquix") if mark.encode() in raw]


def test_the_chain_is_whole_afterwards_and_says_who_erased_whom(filled: Store) -> None:
    erase(filled)
    assert audit_verifying.verify(filled).faults == ()
    with filled.read() as connection:
        first, *_, last = connection.execute(sa.select(trail).order_by(trail.c.id)).mappings()
        assert connection.execute(sa.select(sa.func.count()).select_from(audit_values)).scalar() == 0
    assert first["principal"] == "user 1"
    assert (last["principal"], last["action"], last["subject"]) == ("local", "privacy erase", "person 1")


def test_numbers_days_and_decisions_stay(filled: Store) -> None:
    def kept() -> dict[str, Any]:
        plain = (sa.Integer, sa.Float, sa.Date, sa.Boolean)
        # Rows of the somebody alone go; of those that stay nothing but texts may change.
        gone = {table for table, _ in columns(Way.GOES)} | {"notices", "mails", "group_members", "saved_views", "counters", "audit"}
        found = {}
        with filled.read() as connection:
            for table in metadata.sorted_tables:
                names = [
                    c
                    for c in table.columns
                    if isinstance(c.type, plain) and c.name not in ("disabled_at", "closed_on", "revoked_at")
                ]
                if names and table.name not in gone | {"erased_records", "notice_choices"}:
                    found[table.name] = sorted(map(repr, connection.execute(sa.select(*names))))
        return found

    before = kept()
    erase(filled)
    assert kept() == before


def test_tables_that_only_grow_only_grow_again(filled: Store) -> None:
    erase(filled)
    for table in ("audit", "ledger_pins", "plan_changes"):
        with pytest.raises(DBAPIError, match="only grows"), filled.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_an_erasure_that_fails_leaves_all_as_it_was(filled: Store) -> None:
    before = texts(filled)
    found = everybody(filled)

    def fail() -> None:
        with filled.write() as connection:
            erasing.erase(connection, found, LOCAL, NOW)
            raise KeyError("something went wrong")

    with pytest.raises(KeyError):
        fail()
    assert texts(filled) == before
    test_tables_that_only_grow_only_grow_again(filled)


def test_other_people_stay_who_they_are(filled: Store) -> None:
    with filled.write() as connection:
        other = {"source_id": 1, "external_id": "PX-47", "name": "Zoë Quixanova", "email": "other@x.example"}
        connection.execute(sa.insert(people).values(row_of(people, 2, **other)))
        note = row_of(activities, 7, source_id=1, external_id="A7", subject="zquixotic meeting with Zoë Quixanova")
        connection.execute(sa.insert(activities).values(note))
    erase(filled)
    with filled.read() as connection:
        assert somebody.of_number(connection, "person", 2).name == "Zoë Quixanova"
        kept = connection.execute(sa.select(activities.c.subject).where(activities.c.external_id == "A7")).scalar_one()
        assert kept == "zquixotic meeting with Zoë Quixanova"
        assert connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar() == 0


def test_two_erasures_of_names_in_the_first_entries_hold_together(filled: Store) -> None:
    with filled.write() as connection:
        connection.execute(sa.insert(users).values(row_of(users, 2, name="second.one", email=None, preferences="{}")))
    with filled.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit_values")
        if not filled.is_sqlite:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        else:
            for name in ("audit_keeps", "audit_stays"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(sa.delete(trail))
        for number, name in ((1, LOGIN), (2, "second.one"), (3, LOGIN)):
            add_first_version(connection, number, name)
    for number in (1, 2):
        with filled.write() as connection:
            erasing.erase(connection, [somebody.of_number(connection, "user", number)], LOCAL, NOW)
        assert audit_verifying.verify(filled).faults == ()
    with filled.read() as connection:
        who = connection.execute(sa.select(trail.c.principal).order_by(trail.c.id).limit(3)).scalars().all()
    assert who == ["user 1", "user 2", "user 1"]


def test_a_name_is_taken_out_of_plans_and_every_revision_still_reads(store: Store) -> None:
    from metes.model.plan import Pin, Plan, Territory, TerritoryType

    pins = (Pin("A1", "zquix", f"{NAME} knows them", LOGIN), Pin("A2", "zquix", "because", "bob"))
    plan = Plan("p", types=(TerritoryType("geo"),), territories=(Territory("zquix", "geo", name="North"),), pins=pins)
    other = Plan("p", types=(TerritoryType("geo"),), territories=(Territory("zquix", "geo", comment=f"ask {NAME}"),))
    with store.write() as connection:
        connection.execute(sa.insert(users).values(row_of(users, 1, name=LOGIN, email=EMAIL, preferences="{}")))
        connection.execute(sa.insert(sources).values(id=1, name="crm"))
        connection.execute(sa.insert(people).values(row_of(people, 1, **named({}))))
        connection.execute(sa.insert(person_links).values(row_of(person_links, 1, user_id=1, person_id=1, linked_by="local")))
        for number, one in enumerate((plan, other), 1):
            root, nodes = nodes_of(one)
            plans.put_nodes(connection, nodes)
            given = {"root_hash": root, "base_root": root, "author": LOGIN}
            connection.execute(sa.insert(plan_revisions).values(row_of(plan_revisions, number, **given)))
        erasing.erase(connection, somebody.together(connection, somebody.of_number(connection, "person", 1)), LOCAL, NOW)
    with store.read() as connection:
        read = plans.node_reader(connection)
        first, second = (
            plan_of(root, read)
            for root in connection.execute(sa.select(plan_revisions.c.root_hash).order_by(plan_revisions.c.id)).scalars()
        )
        for row in connection.execute(sa.text("SELECT hash, content FROM plan_nodes")):
            assert row.hash == content_hash(json.loads(row.content))
    assert [(pin.reason, pin.author) for pin in first.pins] == [("Erased person 1 knows them", "erased-user-1"), ("because", "bob")]
    # The key of a territory is no name of anybody, whoever is called so.
    assert [t.key for t in first.territories] == ["zquix"]
    assert second.territories[0].comment == "ask Erased person 1"
    assert {place for place in left(store) if not place.startswith("plan_nodes")} == set()


def test_whoever_was_erased_is_known_again_by_source_and_id_alone(filled: Store) -> None:
    erase(filled)
    with filled.read() as connection:
        assert erased.erased_among(connection, "person", 1, ["P1", ID, None]) == [1]
        assert erased.erased_among(connection, "contact", 1, [ID]) == [0]
        assert erased.erased_among(connection, "person", 2, [ID]) == []
        with pytest.raises(NotFound):
            somebody.named(connection, "person", ID)


def test_an_export_holds_what_is_held_and_no_secret(filled: Store) -> None:
    with filled.read() as connection:
        held = somebody.held_on(connection, everybody(filled))
    assert [one["table"] for one in held["own"]] == ["people", "users", "contacts", "leads"]
    assert {"sessions", "tokens", "notices"} <= set(held["belonging"])
    assert held["done"]["imports.principal"] == 1
    assert {"activities.subject", "plan_comments.text", "import_findings.value"} <= set(held["mentioned"])
    text = json.dumps(held, default=str)
    assert EMAIL in text
    assert "password_hash" not in text
    assert '"digest"' not in text.replace('\\"digest\\"', "")


def test_somebody_is_found_by_id_name_and_address_and_not_by_the_id_of_several(filled: Store) -> None:
    with filled.write() as connection:
        connection.execute(sa.insert(sources).values(id=2, name="erp"))
        connection.execute(sa.insert(people).values(row_of(people, 2, source_id=2, external_id=ID, name="Other", email=None)))
    with filled.read() as connection:
        assert {one.kind for one in somebody.search(connection, "quixano")} == {"person", "contact", "lead", "user"}
        assert {one.kind for one in somebody.search(connection, EMAIL)} == {"person", "contact", "lead", "user"}
        assert somebody.search(connection, "  ") == ()
        assert somebody.search(connection, "%") == ()
        assert somebody.named(connection, "person", f"crm:{ID}").number == 1
        assert somebody.named(connection, "person", EMAIL).number == 1
        assert somebody.named(connection, "user", LOGIN).number == 1
        with pytest.raises(Conflict, match="erp:PX-4711"):
            somebody.named(connection, "person", ID)


def test_words_are_taken_out_in_any_case_and_nowhere_inside_others() -> None:
    words = Words.of([Somebody("person", 3, "Ann Lee", "ann@x.org", external_id="P3"), Somebody("user", 4, "ann")])
    said = words.for_place("plan_comments", "text")
    assert replaced("ANN LEE, ann@x.org and ann; not annex, joann or Ann Leeds", said) == (
        "Erased person 3, Erased person 3 and erased-user-4; not annex, joann or erased-user-4 Leeds"
    )
    assert replaced("ann and Ann Lee", words.for_place("designs", "spec")) == "ann and Erased person 3"
    assert replaced("row of P3", words.for_place("import_findings", "message")) == "row of erased-person-3"


def test_the_whole_file_can_be_read_by_others_than_us(filled: Store) -> None:
    erase(filled)
    if filled.path is not None:
        with sqlite3.connect(filled.path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
