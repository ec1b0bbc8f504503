"""A workspace of an earlier version, with users, links and sessions, brought up to date: everybody may what they might before."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import command

from metes.model.access import UserRole
from metes.store import links, roles, schema, users
from metes.store.engine import Store
from tests.conftest import NOW

TODAY = date(2026, 3, 14)


def upgraded_to(store: Store, revision: str) -> None:
    """Bring an empty database to an earlier schema."""
    config = schema.alembic_config()
    with store.write(patience_seconds=60.0) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_administrators_and_links_are_carried_over_and_sessions_end(database: str) -> None:
    store = Store(database)
    upgraded_to(store, "0009")
    with store.write() as connection:
        connection.execute(sa.text("INSERT INTO sources (id, name) VALUES (1, 'hr')"))
        connection.execute(
            sa.text(
                "INSERT INTO people (id, source_id, external_id, name, digest, created_import, changed_import, revision) "
                "VALUES (7, 1, 'P7', 'Ada North', 'x', 1, 1, 1)"
            )
        )
        for number, name, is_administrator, person in ((1, "ada", True, 7), (2, "bo", True, None), (3, "cy", False, None)):
            connection.execute(
                sa.text(
                    "INSERT INTO users (id, name, password_hash, is_administrator, created_at, preferences, person_id) "
                    "VALUES (:id, :name, 'hash', :administrator, 0, '{}', :person)"
                ),
                {"id": number, "name": name, "administrator": is_administrator, "person": person},
            )
        connection.execute(
            sa.text(
                "INSERT INTO sessions (digest, user_id, csrf, created_at, seen_at, expires_at) VALUES ('d', 1, 'c', 0, 0, :until)"
            ),
            {"until": 2**60},
        )
    assert schema.upgrade(store) == ("0009", schema.head())
    with store.read() as connection:
        assert roles.administrators(connection, TODAY) == (1, 2)
        assert roles.roles_on(connection, 1, TODAY) == ((UserRole.ADMINISTRATOR, ""),)
        assert roles.roles_on(connection, 3, TODAY) == ()
        assert [(u.name, u.person_id) for u in users.all_users(connection, TODAY)] == [("ada", 7), ("bo", None), ("cy", None)]
        assert links.person_of(connection, 1, TODAY) == 7
        assert users.find_session(connection, "d", NOW) is None
    store.dispose()
