"""Names of today for the numbers of the audit trail."""

from __future__ import annotations

import sqlalchemy as sa

from metes.model.audit_references import Reference
from metes.store import audit_names
from metes.store.engine import Store
from metes.store.tables import territory_keys, users
from tests.conftest import NOW


def test_what_has_a_name_today_is_called_by_it_and_who_was_erased_by_none(store: Store) -> None:
    common = {"password_hash": "", "created_at": NOW, "preferences": "{}"}
    with store.write() as connection:
        connection.execute(sa.insert(users), [{"id": 1, "name": "ann", **common}, {"id": 2, "name": "erased-user-2", **common}])
        connection.execute(sa.insert(territory_keys).values(id=7, key="west"))
    wanted = [Reference("user", n) for n in (1, 2, 3)] + [Reference("territory", 7), Reference("run", 1), Reference("person", 9)]
    asked: list[str] = []
    with store.read() as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        found = audit_names.names(connection, wanted)
    assert found == {Reference("user", 1): "ann", Reference("territory", 7): "west"}
    assert len(asked) == 3  # a query for each kind that has names, not for each number
