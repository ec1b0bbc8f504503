"""The files as a whole: complete, in the catalogue's words, consistent with each other, equal for equal seeds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from metes.base.errors import Cancelled
from metes.demo import CompanyFiles, make_company
from metes.intake.files import read_source
from metes.model.catalogue import KINDS
from metes.records.mapping import ColumnMap, parse_mapping
from metes.records.mapping import Mapping as ColumnMapping
from metes.records.validate import validate

TODAY = date(2025, 11, 21)


def read(company: CompanyFiles, kind: str) -> pa.Table:
    as_text = pacsv.ConvertOptions(
        column_types=dict.fromkeys(KINDS[kind].by_name, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=True
    )
    return pacsv.read_csv(company.files[kind], convert_options=as_text)


def days(table: pa.Table, column: str) -> list[date | None]:
    return table[column].cast(pa.date32()).to_pylist()


def test_every_kind_but_those_that_the_plan_brings_has_a_file_with_the_rows_it_counts(company: CompanyFiles) -> None:
    assert set(company.files) == set(KINDS) - {"territories", "assignments"}
    for kind in company.files:
        assert read(company, kind).num_rows == company.rows[kind] > 0


def test_every_column_is_a_field_of_its_kind_and_required_ones_are_filled(company: CompanyFiles) -> None:
    for kind in company.files:
        table = read(company, kind)
        assert set(table.column_names) <= set(KINDS[kind].by_name)
        for field in KINDS[kind].fields:
            assert not field.is_required or table[field.name].null_count == 0


def test_ids_are_unique_and_references_lead_somewhere(company: CompanyFiles) -> None:
    ids = {}
    for kind in company.files:
        if KINDS[kind].id:
            ids[kind] = read(company, kind)[KINDS[kind].id]
            assert pc.count_distinct(ids[kind]).as_py() == company.rows[kind]
    for kind in company.files:
        table = read(company, kind)
        for field in KINDS[kind].fields:
            if field.refers_to and field.name in table.column_names:
                assert pc.all(pc.is_in(table[field.name].drop_null(), ids[field.refers_to].combine_chunks())).as_py()


def test_mappings_say_that_periods_end_on_the_first_day_after(company: CompanyFiles) -> None:
    for kind in ("people", "seats"):
        headers = read(company, kind).column_names
        text = company.mappings[kind].read_text(encoding="utf-8")
        assert parse_mapping(text, KINDS[kind], headers=headers).last_day == "excluded"


def test_the_files_pass_validation_without_a_finding(company: CompanyFiles) -> None:
    for kind in company.files:
        source = read_source(company.files[kind])
        columns = tuple(ColumnMap(name, name) for name in source.headers)
        validated = validate(KINDS[kind], source.table, ColumnMapping(columns, last_day="excluded"))
        assert (validated.table.num_rows, validated.findings.num_rows) == (company.rows[kind], 0)


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(tmp_path: Path) -> None:
    first, again, other = (
        make_company(tmp_path / name, today=TODAY, accounts=300, seed=seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    for kind, path in first.files.items():
        assert path.read_bytes() == again.files[kind].read_bytes()
    assert first.plan == again.plan
    assert first.files["accounts"].read_bytes() != other.files["accounts"].read_bytes()


def test_orders_opportunities_and_activities_stay_under_the_cap_together(tmp_path: Path) -> None:
    company = make_company(tmp_path, today=TODAY, accounts=300, facts_cap=500)
    facts = [company.rows[kind] for kind in ("orders", "opportunities", "activities")]
    assert 490 <= sum(facts) <= 500
    assert min(facts) > 0


def test_a_company_of_fewer_than_a_hundred_accounts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 100 accounts, got 99"):
        make_company(tmp_path, today=TODAY, accounts=99)


def test_progress_reaches_its_total_and_may_stop_the_work(tmp_path: Path) -> None:
    class Watch:
        def __init__(self, stop_at: int) -> None:
            self.stop_at, self.seen = stop_at, [(0, 0)]

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            self.seen.append((done, total))
            if done == self.stop_at:
                raise Cancelled("stopped")

    patient, hasty = Watch(99), Watch(3)
    make_company(tmp_path, today=TODAY, accounts=100, progress=patient)
    assert patient.seen[-1] == (10, 10)
    with pytest.raises(Cancelled):
        make_company(tmp_path, today=TODAY, accounts=100, progress=hasty)


def test_families_have_up_to_forty_sites_that_share_their_parents_industry_and_stand_after_it(company: CompanyFiles) -> None:
    accounts = read(company, "accounts")
    rows = {row["id"]: row for row in accounts.to_pylist()}
    sites: dict[str, int] = {}
    for row in rows.values():
        if row["parent"] is not None:
            parent = rows[row["parent"]]
            sites[row["parent"]] = sites.get(row["parent"], 0) + 1
            assert parent["parent"] is None
            assert parent["id"] < row["id"]
            assert row["industry"] is None or parent["industry"] in (None, row["industry"])
    assert 0.04 < sum(sites.values()) / len(rows) < 0.2
    assert 10 < max(sites.values()) <= 40


def test_postal_codes_keep_their_zeros_and_belong_to_their_state(company: CompanyFiles) -> None:
    accounts = read(company, "accounts").to_pylist()
    boston = [a for a in accounts if a["postal_code"] is not None and a["postal_code"].startswith("021")]
    assert boston
    assert {a["region"] for a in boston} <= {"US-MA", None}
    assert all(len(a["postal_code"]) == 5 for a in accounts if a["country"] == "US" and a["postal_code"] is not None)


def test_mail_goes_to_reserved_domains_only(company: CompanyFiles) -> None:
    for kind in ("people", "contacts", "leads"):
        addresses = read(company, kind)["email"].drop_null()
        assert pc.all(pc.match_substring_regex(addresses, r"^[a-z.'-]+@[a-z0-9.-]+\.example$")).as_py()


def test_counties_carry_fips_codes_and_the_countrys_inhabitants(company: CompanyFiles) -> None:
    zones = read(company, "zones").to_pylist()
    denver = next(z for z in zones if z["id"] == "08031")
    assert (denver["name"], denver["region"], denver["kind"]) == ("Denver County", "US-CO", "county")
    assert 600_000 < int(denver["population"]) < 800_000
    assert 320e6 < sum(int(z["population"]) for z in zones) < 345e6


def test_orders_fill_three_years_with_trend_and_season(company: CompanyFiles) -> None:
    orders = read(company, "orders")
    family = dict(zip(*(read(company, "products")[c].to_pylist() for c in ("id", "family")), strict=True))
    ordered = days(orders, "ordered_on")
    assert min(ordered) >= company.publish_on
    assert max(ordered) < TODAY
    assert ordered == sorted(ordered)
    months: dict[str, list[int]] = {}
    for day, product in zip(ordered, orders["product"].to_pylist(), strict=True):
        months.setdefault(family[product], [0] * 12)[day.month - 1] += 1
    assert sum(months["Mowing"][3:6]) > 2 * sum(months["Mowing"][9:12])
    assert sum(months["Snow & Ice"][8:11]) > 4 * sum(months["Snow & Ice"][3:6])
    amounts = [float(a) for a in orders["amount"].to_pylist()]
    by_year = {y: sum(a for a, d in zip(amounts, ordered, strict=True) if d.year == y) for y in (2023, 2024)}
    assert 1.0 < by_year[2024] / by_year[2023] < 1.35


def test_nobody_orders_before_they_were_a_customer(company: CompanyFiles) -> None:
    since = dict(zip(read(company, "accounts")["id"].to_pylist(), days(read(company, "accounts"), "customer_since"), strict=True))
    orders = read(company, "orders")
    for account, day in zip(orders["account"].to_pylist(), days(orders, "ordered_on"), strict=True):
        assert since[account] is not None
        assert since[account] <= day


def test_opportunities_close_after_they_open_and_the_pipeline_is_around_today(company: CompanyFiles) -> None:
    table = read(company, "opportunities")
    stages = table["stage"].to_pylist()
    opened, closed = days(table, "opened_on"), days(table, "closed_on")
    assert all(o < c for o, c in zip(opened, closed, strict=True))
    for stage, close in zip(stages, closed, strict=True):
        assert (close < TODAY) if stage in ("Won", "Lost") else (TODAY - close).days < 45
    won, lost = stages.count("Won"), stages.count("Lost")
    assert 0.3 < won / (won + lost) < 0.5
    assert 0.03 < 1 - (won + lost) / len(stages) < 0.15


def test_small_customers_are_won_more_often_than_enterprises(company: CompanyFiles) -> None:
    segment = dict(zip(*(read(company, "accounts")[c].to_pylist() for c in ("id", "segment")), strict=True))
    closed = [o for o in read(company, "opportunities").to_pylist() if o["stage"] in ("Won", "Lost")]

    def win_rate(name: str) -> float:
        mine = [o["stage"] == "Won" for o in closed if segment[o["account"]] == name]
        return sum(mine) / len(mine)

    assert win_rate("Small") > win_rate("Large")


def test_activities_are_on_working_days(company: CompanyFiles) -> None:
    assert {d.weekday() for d in days(read(company, "activities"), "occurred_on")} <= {0, 1, 2, 3, 4}
