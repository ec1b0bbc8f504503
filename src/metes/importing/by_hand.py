"""One account changed by hand: an import of one row from a source of its own, so that it is checked, kept, told and undone as any other."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError, NotFound
from metes.base.findings import Finding, Place, Severity
from metes.base.money import from_minor
from metes.base.progress import SILENT, Progress
from metes.importing import writing
from metes.importing.flow import import_files
from metes.importing.report import ImportOptions, ImportReport, State
from metes.model.catalogue import ACCOUNTS, Field, FieldType, Kind
from metes.model.scope import Principal
from metes.store.engine import Store
from metes.store.settings import read_custom_fields
from metes.store.tables import account_sources, accounts

EDITS = "edits"
_PLACE = ("country", "region", "city", "postal_code", "latitude", "longitude")
_LONGEST_VALUE = 10_000


def editable_fields(custom: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields of an account that can be changed by hand: all but its id."""
    return tuple(field for field in (*ACCOUNTS.fields, *custom) if field.name != ACCOUNTS.id)


def edit_account(
    store: Store,
    key: str,
    values: Mapping[str, str],
    *,
    expected: int | None,
    now: datetime,
    principal: Principal,
    progress: Progress = SILENT,
) -> ImportReport:
    """Change fields of an account to what texts say, an empty one clearing its field; the import that this is.

    Texts are read as in files, with a point as decimal mark and days as 2027-03-14; amounts are in the account's currency. InputError
    with every finding where one cannot be taken as it is; Conflict where the account is closed, or is not any more as import
    `expected` left it.
    """
    with store.read() as connection:
        kind = ACCOUNTS.with_custom(read_custom_fields(connection))
        row = _account(connection, key)
    if row.closed_on is not None:
        raise Conflict(f"the account {key} was closed on {row.closed_on}; import it again to open it")
    if expected is not None and row.changed_import != expected:
        raise Conflict(f"somebody changed the account {key} since you looked (import {row.changed_import}); look again, then save")
    _refuse_unknown(kind, values)
    told = {**_context(kind, values, row), **{name: text.strip() for name, text in values.items()}}
    numbers = _linked(store, [key, told.get("parent", "")])
    told.update({"parent": numbers[told["parent"]]} if told.get("parent") in numbers else {})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9.-]', '_', key)[:80]}.json"
        path.write_text(json.dumps([{"id": numbers[key], **told}], ensure_ascii=False), encoding="utf-8")
        options = ImportOptions(source=EDITS, mapping=_mapping(kind, told), mapping_name="the edit", strict=True, exact=True)
        report = import_files(store, "accounts", [path], options, now=now, principal=principal, progress=progress)
    if report.state in (State.REFUSED, State.QUESTIONS):
        found = [*report.questions, *report.shown_findings()]
        raise InputError(f"the account {key} was not changed: {len(found)} values cannot be taken", found)
    return report


def _account(connection: Connection, key: str) -> Any:
    row = connection.execute(sa.select(accounts).where(accounts.c.key == key)).first()
    if row is None:
        raise NotFound(f"there is no account '{key}'; 'metes search' finds accounts by name or id")
    return row


def _refuse_unknown(kind: Kind, values: Mapping[str, str]) -> None:
    known = [field.name for field in kind.fields if field.name != kind.id]
    findings = [
        Finding("edit-field", Severity.ERROR, "accounts have no such field", Place(column=name), "", f"use {', '.join(known)}")
        for name in values
        if name not in known
    ]
    findings += [
        Finding("edit-too-long", Severity.ERROR, f"more than {_LONGEST_VALUE:,} characters", Place(column=name), "", "write less")
        for name, text in values.items()
        if len(text) > _LONGEST_VALUE
    ]
    if findings or not values:
        raise InputError("expected fields of accounts with their values, such as segment=Enterprise", findings)


def _context(kind: Kind, values: Mapping[str, str], row: Any) -> dict[str, str]:
    """What must be said beside the changed fields for them to mean what they say: the name, the currency of amounts, the rest of a place."""
    told = {"name": row.name}
    if any(kind.by_name[name].type is FieldType.MONEY for name in values) and row.currency:
        told["currency"] = row.currency
    if "currency" in values and row.currency:
        stored = {field.name: getattr(row, f"{field.name}_minor") for field in ACCOUNTS.fields if field.type is FieldType.MONEY}
        told.update({name: str(from_minor(minor, row.currency)) for name, minor in stored.items() if minor is not None})
    if any(name in values for name in _PLACE):
        told.update({name: getattr(row, name) for name in ("country", "region") if getattr(row, name)})
    return told


def _linked(store: Store, keys: list[str]) -> dict[str, str]:
    """The ids by which the edits know accounts of some keys, given to those that have none yet: a row of theirs is that account.

    Not the keys themselves, for ids of files are written in capitals, and two sources may use the same.
    """
    with store.write() as connection:
        source = writing.source_number(connection, EDITS)
        wanted = accounts.c.key.in_([key for key in keys if key])
        numbers = {row.key: row.id for row in connection.execute(sa.select(accounts.c.id, accounts.c.key).where(wanted))}
        t = account_sources.c
        mine = sa.select(t.account_id).where(t.source_id == source, t.account_id.in_(numbers.values()))
        known = set(connection.execute(mine).scalars())
        for number in set(numbers.values()) - known:
            connection.execute(sa.insert(account_sources).values(source_id=source, external_id=_id(number), account_id=number))
    return {key: _id(number) for key, number in numbers.items()}


def _id(number: int) -> str:
    return f"METES-{number}"


def _mapping(kind: Kind, told: Mapping[str, str]) -> str:
    """Each value into the field of its name."""
    columns = {"id": "id"}
    for name in told:
        field = kind.by_name[name]
        columns[name] = f"custom:{name}:{field.type.value}" if field.is_custom else name
    return json.dumps({"columns": columns, "decimal_mark": ".", "date_format": "ymd"})
