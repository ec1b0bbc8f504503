"""Imports: what goes in, what stays as it was, what is refused, and that all of it adds up."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from metes.base.errors import Cancelled, Conflict, InputError
from metes.importing.flow import import_files
from metes.importing.report import ImportOptions, State
from metes.records.findings import count_by_code, to_findings
from metes.store import audit_verifying, bulk, counters
from metes.store.engine import Store
from metes.store.settings import read_custom_fields
from tests.importing.worlds import ME, NOW, TWO_ACCOUNTS, everything, outcome, rows, taken


def test_a_file_becomes_accounts_with_their_places(store: Store, tmp_path: Path) -> None:
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    assert report.state is State.IMPORTED
    assert outcome(report) == (2, 0, 0, 0)
    assert rows(store, "accounts", "key", "name", "region", "annual_revenue_minor", "place_precision", "zone") == [
        ("1", "Acme", "US-CO", 1050, "city", "08013"),
        ("2", "Zed", "US-WA", 2025, "city", "53033"),
    ]
    assert [(s.field, str(s.file), str(s.stored)) for s in report.sums] == [("annual_revenue", "3075", "3075")]
    with store.read() as connection:
        assert counters.value(connection, counters.DATA) == 1
        assert audit_verifying.first_broken(connection) is None
    assert bulk.stages(store) == ()


def test_the_same_file_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    before = everything(store)
    again = taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    assert again.state is State.UP_TO_DATE
    assert outcome(again) == (0, 0, 2, 0)
    with store.write() as connection:
        counters.bump(connection, counters.DATA)
    compared = taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    assert compared.state is State.IMPORTED
    assert outcome(compared) == (0, 0, 2, 0)
    assert everything(store) == before


def test_only_what_changed_is_changed(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS.replace("20.25", "21") + "3,New,Denver,CO,US,\n")
    assert outcome(report) == (1, 1, 1, 0)
    assert rows(store, "accounts", "key", "annual_revenue_minor", "created_import", "changed_import") == [
        ("1", 1050, 1, 1),
        ("2", 2100, 1, 2),
        ("3", None, 2, 2),
    ]


def test_a_file_that_lacks_a_column_says_nothing_about_it(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS.replace("revenue\n", "revenue\n").replace("id,name", "id,name"))
    taken(store, tmp_path, "accounts", "id,name,Tier Score,VIP\n1,Acme,7,yes\n2,Zed,8,no\n")
    report = taken(store, tmp_path, "accounts", "id,name,VIP\n1,Acme Inc,no\n2,Zed,no\n")
    assert outcome(report) == (0, 1, 1, 0)
    assert rows(store, "accounts", "name", "city", "annual_revenue_minor", "place_precision", "zone") == [
        ("Acme Inc", "Boulder", 1050, "city", "08013"),
        ("Zed", "Seattle", 2025, "city", "53033"),
    ]
    assert [json.loads(text) for (text,) in rows(store, "accounts", "custom")] == [
        {"tier_score": 7, "vip": False},
        {"tier_score": 8, "vip": False},
    ]
    with store.read() as connection:
        assert {f.name: f.type.value for f in read_custom_fields(connection)} == {"tier_score": "integer", "vip": "boolean"}


def test_a_place_that_a_file_gave_is_kept_when_a_later_file_lacks_it(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", "id,name,country,state,latitude,longitude\n1,Acme,US,CO,40.123456,-105.5\n")
    taken(store, tmp_path, "accounts", "id,name,country,state,city\n1,Acme,US,CO,Denver\n")
    assert rows(store, "accounts", "latitude", "place_precision", "city") == [(40.123456, "given", "Denver")]


def test_a_preview_says_the_same_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    before = everything(store)
    changed = TWO_ACCOUNTS.replace("Zed", "Zeta") + "3,New,,,US,\n4,,,,,\n"
    preview = taken(store, tmp_path, "accounts", changed, dry_run=True)
    assert preview.state is State.PREVIEW
    assert everything(store) == before
    with store.read() as connection:
        assert counters.value(connection, counters.DATA) == 1
    written = taken(store, tmp_path, "accounts", changed)
    assert preview.counts() == written.counts()


def test_strict_takes_all_or_nothing(store: Store, tmp_path: Path) -> None:
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS + "2,Twice,,,US,\n", strict=True)
    assert report.state is State.REFUSED
    assert [f.code for f in to_findings(report.findings)] == ["duplicate-id"]
    assert rows(store, "accounts", "id") == []


def test_questions_are_asked_and_nothing_is_written_before_the_answer(store: Store, tmp_path: Path) -> None:
    text = "id,name,customer since\n1,Acme,03/04/2024\n"
    report = taken(store, tmp_path, "accounts", text)
    assert report.state is State.QUESTIONS
    assert [(q.code, q.place.column, q.value) for q in report.questions] == [("date-ambiguous", "customer since", "03/04/2024")]
    assert rows(store, "accounts", "id") == []
    answer = "columns: {customer since: {to: customer_since, date_format: dmy}}"
    assert outcome(taken(store, tmp_path, "accounts", text, mapping=answer)) == (1, 0, 0, 0)
    assert rows(store, "accounts", "customer_since") == [(date(2024, 4, 3),)]


def test_the_mapping_is_remembered_for_the_source_and_its_headers(store: Store, tmp_path: Path) -> None:
    mapping = "columns: {A: id, B: name, C: industry}"
    taken(store, tmp_path, "accounts", "A,B,C\n1,Acme,Retail\n", mapping=mapping, source="crm")
    report = taken(store, tmp_path, "accounts", "B,C,A\nAcme,Health,1\n", source="crm")
    assert outcome(report) == (0, 1, 0, 0)
    assert rows(store, "accounts", "industry") == [("Health",)]


def test_a_mapping_that_names_no_column_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        taken(store, tmp_path, "accounts", TWO_ACCOUNTS, mapping="columns: {Nmae: name}", mapping_name="map.yaml")
    assert [(f.place.file, f.place.column) for f in caught.value.findings] == [("map.yaml", "Nmae")]


def test_full_closes_what_the_file_lacks_and_a_later_file_reopens_it(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    one = TWO_ACCOUNTS[: TWO_ACCOUNTS.index("2,Zed")]
    assert taken(store, tmp_path, "accounts", one, full=True, dry_run=True).closed == 1
    assert taken(store, tmp_path, "accounts", one).closed == 0
    assert taken(store, tmp_path, "accounts", one, full=True).closed == 1
    assert rows(store, "accounts", "key", "closed_on") == [("1", None), ("2", date(2026, 3, 14))]
    assert taken(store, tmp_path, "accounts", one, full=True).closed == 0
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS, full=True)
    assert (report.reopened, outcome(report)) == (1, (0, 1, 1, 0))
    assert rows(store, "accounts", "id", "closed_on") == [(1, None), (2, None)]


def test_full_does_not_close_rows_that_were_refused_nor_those_of_other_sources(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    taken(store, tmp_path, "accounts", "id,name\n9,Other\n", source="crm")
    report = taken(store, tmp_path, "accounts", "id,name\n1,Acme\n2,\n", full=True)
    assert (report.closed, report.refused) == (0, 1)


def test_full_is_refused_where_rows_cannot_be_read(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    with pytest.raises(Conflict, match="nobody can tell which accounts the file lacks"):
        taken(store, tmp_path, "accounts", "id,name\n1,Acme\n2,Zed,x\n", full=True)


def test_two_sources_may_use_the_same_ids(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    report = taken(store, tmp_path, "accounts", "id,name\n2,Other\n3,Third\n", source="crm")
    assert outcome(report) == (2, 0, 0, 0)
    assert [f.code for f in to_findings(report.findings)] == ["key-taken"]
    assert rows(store, "accounts", "key") == [("1",), ("2",), ("crm:2",), ("3",)]


def test_references_are_resolved_by_id_else_by_name_within_and_between_kinds(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", "id,name,parent\n1,Acme,2\n2,Zed,\n3,Third,3\n4,Fourth,99\n")
    assert rows(store, "accounts", "parent_id") == [(2,), (None,), (None,), (None,)]
    text = "id,account,stage,product\na,1,Won,\nb,zed,Closed Lost,GTXPro\nc,,Prospecting,\nd,zeed,open,\n"
    taken(store, tmp_path, "products", "product,price\nGTX Pro,100\n")
    report = taken(store, tmp_path, "opportunities", text)
    assert rows(store, "opportunities", "account_id", "status") == [(1, "won"), (2, "lost"), (None, "open"), (None, "open")]
    assert [(f.code, f.place.line, f.remedy) for f in to_findings(report.findings)] == [
        ("missing-account", 4, "fill the column for account"),
        ("unknown-account", 5, "did you mean 'ZED'? Else import the accounts first, or correct the value"),
        ("unknown-product", 3, "did you mean 'GTX PRO'? Else import the products first, or correct the value"),
    ]


def test_an_unknown_reference_in_a_required_field_refuses_the_row(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    text = "id,account,date,amount\no1,1,2024-01-02,5.00\no2,77,2024-01-02,7.00\n"
    report = taken(store, tmp_path, "orders", text)
    assert outcome(report) == (1, 0, 0, 1)
    assert count_by_code(report.findings) == {("unknown-account", "error", "account"): 1}
    assert [(s.field, str(s.file), str(s.refused), str(s.stored)) for s in report.sums] == [("amount", "1200", "700", "500")]


def test_a_reference_that_comes_later_is_filled_by_importing_again(store: Store, tmp_path: Path) -> None:
    text = "id,account,stage\na,1,Won\n"
    taken(store, tmp_path, "opportunities", text)
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    assert outcome(taken(store, tmp_path, "opportunities", text)) == (0, 1, 0, 0)
    assert rows(store, "opportunities", "account_id") == [(1,)]


def test_several_files_are_one_import(store: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("id,name\n1,Acme\n2,Zed\n")
    second.write_text("Account Name;Account ID;City\nThird;3;Bonn\nAgain;2;Ulm\n")
    report = import_files(store, "accounts", [first, second], ImportOptions(), now=NOW, principal=ME)
    assert outcome(report) == (3, 0, 0, 1)
    assert [(f.code, f.place.file, f.place.line) for f in to_findings(report.findings)] == [("duplicate-id", "b.csv", 3)]
    assert rows(store, "accounts", "key", "city") == [("1", None), ("2", None), ("3", "Bonn")]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("contacts", "email,name,account\na@b.co,Ann,1\n"),
        ("people", "id,name,hire date\n7,Ann,2020-01-01\n"),
        ("products", "sku,product,list price\nx,Box,9.99\n"),
        ("opportunities", "id,account,stage,amount,probability\n1,1,Won,5.00,0.5\n"),
        ("orders", "id,account,date,amount,qty\n1,1,2024-01-02,5.00,1.5\n"),
        ("activities", "id,account,type,date,duration\n1,1,call,2024-01-02,30\n"),
        ("leads", "id,name,company,country,created\n1,Ann,Acme,US,2024-01-02\n"),
        ("zones", "fips,county,state,country,lat,lon,pop\n08013,Boulder,CO,US,40.1,-105.3,330758\n"),
    ],
)
def test_every_kind_goes_in_and_comes_again_unchanged(store: Store, tmp_path: Path, kind: str, text: str) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    report = taken(store, tmp_path, kind, text)
    assert outcome(report) == (1, 0, 0, 0)
    assert report.findings.num_rows == 0
    with store.write() as connection:
        counters.bump(connection, counters.DATA)
    assert outcome(taken(store, tmp_path, kind, text)) == (0, 0, 1, 0)


def test_territories_are_handed_on_as_rows(store: Store, tmp_path: Path) -> None:
    report = taken(store, tmp_path, "territories", "territory id,territory,parent\nW,West,\nNW,North West,W\n")
    assert [dict(row) for row in report.territories] == [
        {"key": "W", "name": "West", "parent": None},
        {"key": "NW", "name": "North West", "parent": "W"},
    ]
    assert outcome(report) == (2, 0, 0, 0)


class _Stops:
    """A progress that cancels at a stage."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Stop where told to."""
        if stage == self.stage:
            raise Cancelled("stopped")


@pytest.mark.parametrize("stage", ["reading", "validating", "comparing", "locating", "staging", "writing"])
def test_a_cancelled_import_leaves_nothing(store: Store, tmp_path: Path, stage: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TWO_ACCOUNTS)
    with pytest.raises(Cancelled):
        import_files(store, "accounts", [path], ImportOptions(), now=NOW, principal=ME, progress=_Stops(stage))
    assert rows(store, "accounts", "id") == []
    assert bulk.stages(store) == ()


class _Meddles:
    """A progress that lets another import in once, between comparing and writing."""

    def __init__(self, store: Store, path: Path) -> None:
        self.store, self.path, self.is_done = store, path, False

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Import beside."""
        if stage == "staging" and not self.is_done:
            self.is_done = True
            import_files(self.store, "accounts", [self.path], ImportOptions(), now=NOW, principal=ME)


def test_another_import_in_between_is_taken_into_account(store: Store, tmp_path: Path) -> None:
    other, path = tmp_path / "other.csv", tmp_path / "a.csv"
    other.write_text("id,name\n1,First\n3,Third\n")
    path.write_text(TWO_ACCOUNTS)
    report = import_files(store, "accounts", [path], ImportOptions(), now=NOW, principal=ME, progress=_Meddles(store, other))
    assert outcome(report) == (1, 1, 0, 0)
    assert sorted(rows(store, "accounts", "key", "name")) == [("1", "Acme"), ("2", "Zed"), ("3", "Third")]


def test_kinds_and_sources_are_checked(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a kind"):
        taken(store, tmp_path, "customers", TWO_ACCOUNTS)
    with pytest.raises(InputError, match="1 to 80 characters"):
        taken(store, tmp_path, "accounts", TWO_ACCOUNTS, source=" ")


def test_a_report_is_plain_values(store: Store, tmp_path: Path) -> None:
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS + "3,,,,Korea,\n")
    assert json.loads(json.dumps(report.as_dict()))["findings_by_code"] == [
        {"code": "ambiguous-country", "severity": "warning", "column": "country", "count": 1},
        {"code": "missing-name", "severity": "error", "column": "name", "count": 1},
    ]
