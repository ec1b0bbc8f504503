"""Taking somebody's name out of plans, whose parts are known by the hashes of their content.

A part that names them is written anew under another hash, and so are all parts above it, up to the roots; whatever names one of the
old hashes then names the new one. What a plan decides stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.ids import canonical_json, content_hash
from metes.model.privacy import Somebody
from metes.store.plan_life_tables import plan_changes, plan_publication_notes
from metes.store.tables import plan_nodes, plan_revisions
from metes.store.words import Words, naming, replaced

# In these fields of a plan people write sentences; elsewhere a word may be a key.
_SENTENCES = frozenset({"name", "description", "comment", "reason", "note"})
_ROOTS = (
    plan_revisions.c.root_hash,
    plan_revisions.c.base_root,
    plan_changes.c.root_before,
    plan_changes.c.root_after,
    plan_changes.c.other_root,
    plan_publication_notes.c.before_root,
)
_HASH = re.compile(r'"([0-9a-f]{64})"')


def erase_from_plans(connection: Connection, everybody: Sequence[Somebody]) -> int:
    """Write the parts anew that name somebody; how many did."""
    named = _without_names(connection, everybody)
    if named:
        _swap(connection, *_renamed(connection, named))
    return len(named)


def _without_names(connection: Connection, everybody: Sequence[Somebody]) -> dict[str, Any]:
    """By their hashes, the parts that name somebody, as they read without."""
    words = Words.of(everybody)
    authors = {one.name: one.pseudonym for one in everybody}
    wanted = {**words.everywhere, **words.in_sentences, **authors}
    found = {}
    for row in connection.execute(sa.select(plan_nodes).where(naming(plan_nodes.c.content, wanted))).all():
        before = json.loads(row.content)
        after = _told(before, {**words.everywhere, **words.in_sentences}, authors)
        if after != before:
            found[row.hash] = after
    return found


def _told(value: Any, sentences: Mapping[str, str], authors: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _told(one, sentences, authors, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_told(one, sentences, authors, field) for one in value]
    if not isinstance(value, str):
        return value
    if field == "author":
        return authors.get(value) or replaced(value, sentences)
    return replaced(value, sentences) if field in _SENTENCES else value


def _renamed(connection: Connection, named: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The contents of all parts that change, by their old hashes, and the new hash of each: from below up to the roots."""
    parts = {row.hash: tuple(_HASH.findall(row.content)) for row in connection.execute(sa.select(plan_nodes))}
    waiting = _with_all_above(parts, named)
    contents: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    while waiting:
        ready = [one for one in waiting if not waiting.intersection(parts[one])]
        texts = connection.execute(sa.select(plan_nodes).where(plan_nodes.c.hash.in_(ready))).all()
        for row in texts:
            content = canonical_json(named[row.hash]) if row.hash in named else row.content
            contents[row.hash] = json.loads(_HASH.sub(lambda match: f'"{renamed.get(match[1], match[1])}"', content))
            renamed[row.hash] = content_hash(contents[row.hash])
        waiting -= set(ready)
    return contents, renamed


def _with_all_above(parts: Mapping[str, Sequence[str]], named: Iterable[str]) -> set[str]:
    """Some parts and all that hold them."""
    holders: dict[str, list[str]] = {}
    for holder, held in parts.items():
        for one in held:
            holders.setdefault(one, []).append(holder)
    found, level = set(named), list(named)
    while level:
        level = [one for below in level for one in holders.get(below, ()) if one not in found]
        found.update(level)
    return found


def _swap(connection: Connection, contents: Mapping[str, Any], renamed: Mapping[str, str]) -> None:
    rows = {renamed[old]: canonical_json(content) for old, content in contents.items()}
    connection.execute(sa.delete(plan_nodes).where(plan_nodes.c.hash.in_(list(renamed))))
    present = set(connection.execute(sa.select(plan_nodes.c.hash).where(plan_nodes.c.hash.in_(list(rows)))).scalars())
    fresh = [{"hash": key, "content": content} for key, content in rows.items() if key not in present]
    if fresh:
        connection.execute(sa.insert(plan_nodes), fresh)
    for column in _ROOTS:
        old = [one for one in connection.execute(sa.select(column).distinct()).scalars() if one in renamed]
        for one in old:
            connection.execute(sa.update(column.table).where(column == one).values({column.name: renamed[one]}))
