"""The words by which somebody is named in a text, how to find rows that hold one, and how to take them out of it.

Names of several words, e-mail addresses and telephone numbers are looked for everywhere. A name of one word, such as what a user
signs in with, may be anything else as well: it is looked for in sentences alone, never in what a program reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.privacy import Somebody

# Columns that a program reads again.
STRUCTURED = frozenset(
    {
        ("designs", "spec"),
        ("designs", "summary"),
        ("designs", "findings"),
        ("design_operations", "payload"),
        ("jobs", "payload"),
        ("jobs", "result"),
        ("jobs", "checkpoint"),
        ("settings", "value"),
        ("plan_publication_notes", "promised"),
        ("saved_views", "query"),
        ("import_changes", "before"),
        ("imports", "files"),
        ("plan_nodes", "content"),
    }
)
# Texts of imports, in which somebody may stand by the id of a source.
_OF_IMPORTS = frozenset({"import_findings", "job_log", "jobs"})
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Words:
    """Words with what takes their place: those looked for everywhere, in sentences alone, and in texts of imports alone."""

    everywhere: Mapping[str, str]
    in_sentences: Mapping[str, str]
    in_imports: Mapping[str, str]

    @classmethod
    def of(cls, everybody: Sequence[Somebody]) -> Words:
        """The words by which some people are named."""
        everywhere: dict[str, str] = {}
        in_sentences: dict[str, str] = {}
        in_imports: dict[str, str] = {}
        for one in everybody:
            for word in (one.name, one.email, one.phone):
                if len(word.strip()) >= _SHORTEST:
                    known = everywhere if " " in word.strip() or "@" in word or word == one.phone else in_sentences
                    known[word.strip()] = one.pseudonym
            if one.external_id:
                in_imports[one.external_id] = one.pseudonymous_id
        return cls(everywhere, in_sentences, in_imports)

    def for_place(self, table: str, column: str) -> dict[str, str]:
        """The words to look for in a column."""
        found = dict(self.everywhere)
        if (table, column) not in STRUCTURED:
            found.update(self.in_sentences)
        return {**found, **self.in_imports} if table in _OF_IMPORTS else found


def replaced(text: str, words: Mapping[str, str]) -> str:
    """The text with each word, in any case and as JSON or an address writes it, taken out for what stands for it."""
    forms = {form.lower(): told for word, stand_in in words.items() for form, told in _forms(word, stand_in)}
    if not forms:
        return text
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda match: forms[match[0].lower()], text, flags=re.IGNORECASE)


def written(word: str) -> tuple[str, ...]:
    """How a word may stand in a text: as it is, escaped for JSON, or as part of an address."""
    return tuple(dict.fromkeys(form for form, _ in _forms(word, "")))


def _forms(word: str, stand_in: str) -> Iterator[tuple[str, str]]:
    """Each form of a word with the same form of what takes its place; letters beyond ASCII differ by case where they are escaped."""
    for cased in (word.lower(), word.upper(), word):
        yield quote(cased), quote(stand_in)
        yield quote_plus(cased), quote_plus(stand_in)
        yield json.dumps(cased)[1:-1], stand_in
        yield cased, stand_in


def naming(column: sa.ColumnElement[str], words: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a text may hold one of some words, in whatever form: a first sieve, which the database can tell.

    SQLite lowers the letters of English alone; words with others are looked for in each case they may have.
    """
    forms = {form for word in words for form in written(word)}
    lowered = sa.func.lower(column)
    tests = [lowered.contains(form, autoescape=True) for form in sorted({form.lower() for form in forms})]
    tests += [column.contains(form, autoescape=True) for form in sorted(forms) if not form.isascii()]
    return sa.or_(sa.false(), *tests)


def mentioning(connection: Connection, column: sa.Column[Any], words: Words) -> Iterator[Mapping[str, Any]]:
    """The rows whose text in a column names somebody."""
    table = column.table
    wanted = words.for_place(str(getattr(table, "name", "")), column.name)
    for row in connection.execute(sa.select(table).where(naming(column, wanted))).mappings().all():
        if replaced(row[column.name], wanted) != row[column.name]:
            yield dict(row)
