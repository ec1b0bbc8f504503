"""The Maven CRM export, as it is: guessed mappings, known defects found, everything stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.importing.flow import import_files
from metes.importing.report import State
from metes.records.findings import count_by_code, to_findings
from metes.store import counters
from metes.store.engine import Store
from tests.importing.worlds import ME, NOW, outcome, rows

FILES = {"accounts": "accounts.csv", "products": "products.csv", "people": "sales_teams.csv", "opportunities": "sales_pipeline.csv"}


@pytest.mark.data
def test_the_maven_export_goes_in_with_its_defects_named(sqlite_store: Store, real_data: Path) -> None:
    folder = real_data / "maven_crm_opportunities"
    reports = {kind: import_files(sqlite_store, kind, [folder / name], now=NOW, principal=ME) for kind, name in FILES.items()}
    assert {kind: outcome(report) for kind, report in reports.items()} == {
        "accounts": (85, 0, 0, 0),
        "products": (7, 0, 0, 0),
        "people": (35, 0, 0, 0),
        "opportunities": (8800, 0, 0, 0),
    }
    assert count_by_code(reports["opportunities"].findings) == {
        ("unknown-product", "warning", "product"): 1480,
        ("missing-account", "warning", "account"): 1425,
    }
    assert [(f.code, f.value, f.remedy) for f in to_findings(reports["accounts"].findings)] == [
        ("unknown-country", "Philipines", "did you mean Philippines (PH)?"),
        ("ambiguous-country", "Korea", "say KR (South Korea) or KP (North Korea)"),
    ]
    assert ("ACME CORPORATION", "Acme Corporation", "US") in rows(sqlite_store, "accounts", "key", "name", "country")
    assert len(rows(sqlite_store, "opportunities", "id")) == 8800

    with sqlite_store.write() as connection:
        counters.bump(connection, counters.DATA)
    again = import_files(sqlite_store, "opportunities", [folder / FILES["opportunities"]], now=NOW, principal=ME)
    assert (again.state, outcome(again)) == (State.IMPORTED, (0, 0, 8800, 0))
