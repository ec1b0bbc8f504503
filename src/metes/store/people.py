"""People by the names that users give them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.store.tables import people, sources


def find_person(connection: Connection, name: str) -> int:
    """The number of the person whose id in some source is `name` (SOURCE:ID narrows it to one source).

    NotFound where there is none, Conflict where several sources use the id.
    """
    source, _, rest = name.partition(":")
    t = people.c
    query = sa.select(t.id, sources.c.name).join(sources, sources.c.id == t.source_id)
    found = connection.execute(query.where(sa.or_(t.external_id.in_([name, name.upper()])))).all()
    if not found and rest:
        found = connection.execute(query.where(sources.c.name == source, t.external_id.in_([rest, rest.upper()]))).all()
    if not found:
        raise NotFound(f"there is no person '{name}'; 'metes people' lists those there are")
    if len(found) > 1:
        named = ", ".join(f"{row.name}:{name}" for row in found)
        raise Conflict(f"'{name}' is the id of {len(found)} people of different sources; say one of {named}")
    return int(found[0].id)
