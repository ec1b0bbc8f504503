"""A million accounts assigned by a thousand rules, from the database and back into its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from benchmarks import rule_sets
from benchmarks.figures import FOLDER, Figure, median, metes
from metes.plan.writing import write_plan

ACCOUNTS, RULES = 1_000_000, 1_000
MAPPING = """columns:
  id: id
  name: name
  country: country
  postal_code: postal_code
  industry: industry
  segment: segment
  employees: employees
  state: custom:state:code
  revenue: custom:revenue:decimal
  owner: custom:owner:text
  tier: custom:tier:text
  products: custom:products:text
"""


def prepared() -> tuple[Path, Path, Path]:
    """The accounts' file, the mapping and the plan's folder, made once."""
    file, mapping, plan = FOLDER / "rules-accounts.csv", FOLDER / "rules-accounts.yaml", FOLDER / "rules-plan"
    if not (plan / "plan.yaml").exists():
        FOLDER.mkdir(exist_ok=True)
        table = rule_sets.accounts(ACCOUNTS)
        ids = pc.binary_join_element_wise("A", pc.utf8_lpad(table["account"].cast(pa.string()), 8, "0"), "")
        plain = {
            n: c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c
            for n, c in zip(table.column_names, table.columns, strict=True)
        }
        plain.pop("account")
        pacsv.write_csv(pa.table({"id": ids, **plain}), file)
        mapping.write_text(MAPPING)
        write_plan(rule_sets.plan(rule_sets.conditions(RULES), ACCOUNTS), plan)
    return file, mapping, plan


def figures() -> Iterator[Figure]:
    """The first run, a run that is forced although nothing changed, and one that sees that nothing changed."""
    file, mapping, plan = prepared()
    database = FOLDER / "assigning.db"
    for old in FOLDER.glob("assigning.db*"):
        if old.is_file():
            old.unlink()
    metes("import", "accounts", file, "--map", mapping, database=database)
    metes("plan", "import", plan, database=database)
    metes("plan", "publish", "draft", database=database)
    first = metes("assign", database=database)
    yield Figure("assign 1,000,000 accounts by 1,000 rules, first run", first.seconds, 30)
    yield Figure("  its peak memory", first.peak_mb, None, "MB")
    yield Figure("  again, forced", metes("assign", "--force", database=database).seconds, 10)
    same = median([metes("assign", database=database).seconds for _ in range(5)])
    yield Figure("  again, nothing changed", same, 1, note="median of 5")
