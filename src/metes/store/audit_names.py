"""What the things that the audit trail names by number are called today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.audit_references import Reference
from metes.store.design_tables import designs
from metes.store.designs import REMOVED
from metes.store.identity_tables import groups
from metes.store.tables import accounts, imports, people, plan_revisions, territory_keys, tokens, users

# By kind: the column of the number, and the one of what it is called; of a territory its key, of an import what it brought.
_CALLED: Mapping[str, tuple[sa.Column[int], sa.Column[str]]] = MappingProxyType(
    {
        "user": (users.c.id, users.c.name),
        "group": (groups.c.id, groups.c.name),
        "token": (tokens.c.id, tokens.c.name),
        "person": (people.c.id, people.c.name),
        "account": (accounts.c.id, accounts.c.name),
        "territory": (territory_keys.c.id, territory_keys.c.key),
        "revision": (plan_revisions.c.id, plan_revisions.c.title),
        "design": (designs.c.id, designs.c.name),
        "import": (imports.c.id, imports.c.kind),
    }
)
# Whoever was erased has a pseudonym, which is no name: by the column that tells.
_TELLS_ERASED: Mapping[str, sa.Column[str]] = MappingProxyType({"user": users.c.name, "person": people.c.external_id})
_PSEUDONYM = "erased-"


def names(connection: Connection, wanted: Iterable[Reference]) -> dict[Reference, str]:
    """What each of some things is called today, by one query a kind; without what is gone, has no name, or was erased."""
    numbers: dict[str, set[int]] = {}
    for reference in wanted:
        if reference.kind in _CALLED:
            numbers.setdefault(reference.kind, set()).add(reference.number)
    found = {}
    for kind, of_kind in numbers.items():
        number, called = _CALLED[kind]
        query = sa.select(number, called).where(number.in_(sorted(of_kind)))
        if kind == "design":
            query = query.where(designs.c.state != REMOVED)
        if kind in _TELLS_ERASED:
            query = query.where(~_TELLS_ERASED[kind].startswith(_PSEUDONYM))
        found.update({Reference(kind, row[0]): row[1] for row in connection.execute(query) if row[1]})
    return found
