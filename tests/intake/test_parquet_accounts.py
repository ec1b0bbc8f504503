"""Assignment of accounts in Parquet by DuckDB, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metes.app.files import assign_files
from metes.assigning.files import assigner_for
from metes.base.errors import Conflict, InputError
from metes.base.progress import SILENT
from metes.rules.batches import BatchAssigner, FileReport
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from metes.rules.term_columns import TermColumns
from metes.rules.typed import typed_columns
from tests.files_world import DAY, rows_of, write_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company."""
    return write_world(tmp_path_factory.mktemp("files") / "world")


def assigned(world: Path, out: Path, **more: object) -> FileReport:
    """The company's accounts assigned into a file."""
    given = {"orders": str(world / "orders.parquet"), "products": str(world / "products.parquet"), **more}
    return assign_files(str(world / "accounts"), world / "plan.yaml", str(out), day=DAY, **given)  # type: ignore[arg-type]


def assigned_file(world: Path, accounts: Path, out: Path) -> FileReport:
    """Other accounts assigned under the company's plan."""
    given = {"orders": str(world / "orders.parquet"), "products": str(world / "products.parquet")}
    return assign_files(str(accounts), world / "plan.yaml", str(out), day=DAY, **given)  # type: ignore[arg-type]


def slow_truth(world: Path) -> Iterator[tuple[str, str, str, float]]:
    """Account, territory, role and share, worked out row by row."""
    table = pq.read_table(world / "accounts")
    assigner = assigner_for(world / "plan.yaml", table.schema, DAY, "USD", SILENT)
    for record in _records(world, table, assigner):
        held = [rule.number for rule in assigner.compiled.rules if holds(rule.condition, record, assigner.plan.list_by_key)]
        settlement = settle(assigner.plan, assigner.compiled, held, record["id"], DAY)
        for holding in settlement.holdings:
            yield record["id"], holding.candidate.territory.key, holding.role.value, holding.share


def _records(world: Path, table: pa.Table, assigner: BatchAssigner) -> list[dict[str, object]]:
    """The accounts with all terms, families and orders over the whole table at once."""
    plain = ["id", "parent", *(n for n in assigner.fields if n in table.column_names and n not in ("id", "parent"))]
    typed = pa.table(typed_columns(table, plain, assigner.fields, "USD"))
    ids = typed["id"].cast(pa.string()).to_pylist()
    typed = typed.append_column("account", pa.array(range(len(ids)), pa.int64()))
    orders = pq.read_table(world / "orders.parquet").to_pylist()
    families = {p["id"]: p["family"] for p in pq.read_table(world / "products.parquet").to_pylist()}
    kept = [o for o in orders if o["account"] in set(ids)]
    products = [o["product"].upper() if o["product"] else None for o in kept]
    facts = pa.table(
        {
            "account": pa.array([ids.index(o["account"]) for o in kept], pa.int64()),
            "ordered_on": pa.array([o["ordered_on"] for o in kept], pa.date32()),
            "minor": pa.array([round(o["amount"] * 100) for o in kept], pa.int64()),
            "product": pa.array(products, pa.string()),
            "family": pa.array([families.get(p) for p in products], pa.string()),
        }
    )
    columns = TermColumns(typed, facts)
    for term in assigner._terms:
        typed = typed.append_column(term.name, columns.column(term, assigner.plan, DAY))
    return typed.to_pylist()


def test_a_file_gives_what_the_slow_truth_gives(world: Path, tmp_path: Path) -> None:
    report = assigned(world, tmp_path / "out.parquet")
    rows = rows_of(tmp_path / "out.parquet")
    found = [(r["account"], r["territory"], r["role"], r["share"]) for r in rows]
    assert found == sorted(slow_truth(world))
    assert report.accounts == 400
    assert report.unassigned == 0
    assert sum(report.by_via.values()) == 400
    assert {row["territory"] for row in rows} >= {
        "mountain",
        "strategic",
        "buyers",
        "london",
        "groups",
        "near-denver",
        "rest",
        "scoring",
    }
    assert next(row["via"] for row in rows if row["account"] == "A1" and row["role"] == "primary") == "pin"
    assert not [row for row in rows if row["account"] == "A3" and row["territory"] == "strategic"]


def test_a_file_says_which_rule_spoke(world: Path, tmp_path: Path) -> None:
    assigned(world, tmp_path / "out.parquet")
    by_rule = {(row["territory"], row["rule"]) for row in rows_of(tmp_path / "out.parquet")}
    assert ("london", "south-west") in by_rule
    assert ("rest", None) in by_rule


def test_what_is_there_already_is_not_overwritten(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    out.write_text("precious")
    with pytest.raises(Conflict, match="there already"):
        assigned(world, out)
    assert out.read_text() == "precious"


def test_a_failure_leaves_no_file(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--orders"):
        assigned(world, tmp_path / "out.parquet", orders=None)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_refused_by_name(world: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InputError, match=r"bad\.parquet cannot be read as Parquet"):
        assign_files(str(bad), world / "plan.yaml", str(tmp_path / "out.parquet"), day=DAY)


def test_columns_that_lack_are_named_together(world: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["A1"], "name": ["x"], "score": [0.5]}), tmp_path / "accounts.parquet")
    with pytest.raises(InputError) as caught:
        assigned_file(world, tmp_path / "accounts.parquet", tmp_path / "out.parquet")
    assert {f.place.column for f in caught.value.findings} == {
        "latitude",
        "longitude",
        "employees",
        "parent",
        "country",
        "postal_code",
    }


def test_columns_that_do_not_fit_are_named_together(world: Path, tmp_path: Path) -> None:
    table = pq.read_table(world / "accounts").slice(0, 3)
    for name, value in (("employees", "many"), ("latitude", "north")):
        table = table.set_column(table.column_names.index(name), name, pa.array([value] * 3))
    pq.write_table(table, tmp_path / "accounts.parquet")
    with pytest.raises(InputError) as caught:
        assigned_file(world, tmp_path / "accounts.parquet", tmp_path / "out.parquet")
    assert "employees" in str(caught.value)
    assert not (tmp_path / "out.parquet").exists()


def test_an_account_without_id_is_refused(world: Path, tmp_path: Path) -> None:
    table = pq.read_table(world / "accounts").slice(0, 3)
    pq.write_table(table.set_column(0, "id", pa.array(["A1", None, "A2"])), tmp_path / "accounts.parquet")
    with pytest.raises(InputError, match="no id"):
        assigned_file(world, tmp_path / "accounts.parquet", tmp_path / "out.parquet")


def test_a_plan_with_errors_is_refused_with_its_findings(world: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text((world / "plan.yaml").read_text().replace("score > 0.5", "scored > 0.5"))
    with pytest.raises(InputError) as caught:
        assign_files(str(world / "accounts"), plan, str(tmp_path / "out.parquet"), day=DAY)
    assert any(f.code == "rule-unknown-field" for f in caught.value.findings)
