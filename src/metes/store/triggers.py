"""What the database itself refuses: ledger and audit only grow.

In the ledger `recorded_until` alone may be set, once, from null; every other update and each delete is refused. Audit entries never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def statements(dialect: str, ledgers: Sequence[tuple[str, Sequence[str]]], frozen: Sequence[str]) -> Iterator[str]:
    """The statements that make the triggers: `ledgers` are (table, all its columns), `frozen` tables take inserts alone."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    yield from make(ledgers, frozen)


def _sqlite(ledgers: Sequence[tuple[str, Sequence[str]]], frozen: Sequence[str]) -> Iterator[str]:
    for table, columns in ledgers:
        same = " AND ".join(f"NEW.{c} IS OLD.{c}" for c in columns if c != "recorded_until")
        yield (
            f"CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table} "
            f"WHEN NOT (OLD.recorded_until IS NULL AND NEW.recorded_until IS NOT NULL AND {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows: recorded_until may be set once, nothing else may change'); END"
        )
        yield _sqlite_no_delete(table)
    for table in frozen:
        yield f"CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} only grows: no entry may change'); END"
        yield _sqlite_no_delete(table)


def _sqlite_no_delete(table: str) -> str:
    return f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} only grows: nothing may be deleted'); END"


def _postgresql(ledgers: Sequence[tuple[str, Sequence[str]]], frozen: Sequence[str]) -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION metes_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows: this change is refused', TG_TABLE_NAME; END $$"
    )
    for table, columns in ledgers:
        same = " AND ".join(f"NEW.{c} IS NOT DISTINCT FROM OLD.{c}" for c in columns if c != "recorded_until")
        yield (
            f"CREATE TRIGGER {table}_keeps BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (NOT (OLD.recorded_until IS NULL AND NEW.recorded_until IS NOT NULL AND {same})) EXECUTE FUNCTION metes_refuse()"
        )
        yield f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION metes_refuse()"
        yield f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION metes_refuse()"
    for table in frozen:
        yield f"CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION metes_refuse()"
        yield f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION metes_refuse()"
