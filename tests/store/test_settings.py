"""Settings and custom fields in the store, and the counters that tell of changes."""

from __future__ import annotations

from metes.model.catalogue import Field, FieldType
from metes.store import counters
from metes.store.engine import Store
from metes.store.settings import add_custom_fields, put_setting, read_custom_fields, read_settings
from tests.conftest import NOW


def test_a_setting_is_put_replaced_and_taken_back(store: Store) -> None:
    with store.write() as connection:
        put_setting(connection, "company", "Ünïcode")
        put_setting(connection, "rates", {"EUR": "1.08"})
        put_setting(connection, "company", "Acme")
        assert read_settings(connection) == {"company": "Acme", "rates": {"EUR": "1.08"}}
        put_setting(connection, "rates", None)
        assert read_settings(connection) == {"company": "Acme"}
        assert counters.value(connection, counters.DATA) == 4


def test_custom_fields_come_by_name_and_keep_their_first_type(store: Store) -> None:
    with store.write() as connection:
        add_custom_fields(connection, "accounts", {"tier": Field("tier", FieldType.CODE, "Tier")}, NOW)
        more = {"tier": Field("tier", FieldType.DATE), "score": Field("score", FieldType.INTEGER)}
        add_custom_fields(connection, "accounts", more, NOW)
        add_custom_fields(connection, "leads", {"hot": Field("hot", FieldType.BOOLEAN)}, NOW)
        fields = read_custom_fields(connection)
    assert [(f.name, f.type, f.title, f.is_custom) for f in fields] == [
        ("score", FieldType.INTEGER, "Score", True),
        ("tier", FieldType.CODE, "Tier", True),
    ]


def test_counters_count_apart(store: Store) -> None:
    with store.write() as connection:
        assert [counters.bump(connection, name) for name in ("data", "data", "plan")] == [1, 2, 1]
        assert counters.value(connection, "ledger") == 0
