"""A million accounts assigned by a thousand rules and by ten thousand, from the database and back into its ledger, in whole and in part.

python -m benchmarks assigning
python -m benchmarks.assigning FOLDER        the figures of changes alone, on a workspace that was made before
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from benchmarks import rule_sets
from benchmarks.figures import FOLDER, Figure, median, metes
from metes.plan.writing import write_plan

ACCOUNTS, RULES, MANY_RULES = 1_000_000, 1_000, 10_000
CHANGED_SHARE = 0.01
MAPPING = """columns:
  id: id
  name: name
  country: country
  postal_code: postal_code
  industry: industry
  segment: segment
  latitude: latitude
  longitude: longitude
  employees: employees
  state: custom:state:code
  revenue: custom:revenue:decimal
  owner: custom:owner:text
  tier: custom:tier:text
  products: custom:products:text
"""


def prepared() -> tuple[Path, Path, Path]:
    """The accounts' file, the mapping and the folder of a plan of a thousand rules, made once."""
    file, mapping, plan = FOLDER / "rules-accounts.csv", FOLDER / "rules-accounts.yaml", FOLDER / "rules-plan"
    if not (plan / "plan.yaml").exists():
        FOLDER.mkdir(exist_ok=True)
        pacsv.write_csv(plain(rule_sets.accounts(ACCOUNTS)), file)
        mapping.write_text(MAPPING)
        write_plan(rule_sets.plan(rule_sets.conditions(RULES), ACCOUNTS), plan)
    return file, mapping, plan


def plain(accounts: pa.Table) -> pa.Table:
    """Accounts as a file has them: with ids, text as text."""
    ids = pc.binary_join_element_wise("A", pc.utf8_lpad(accounts["account"].cast(pa.string()), 8, "0"), "")
    columns = {
        n: c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c
        for n, c in zip(accounts.column_names, accounts.columns, strict=True)
    }
    columns.pop("account")
    return pa.table({"id": ids, **columns})


def changed() -> Path:
    """A file of one account in a hundred, each as another account of the set is."""
    count = int(ACCOUNTS * CHANGED_SHARE)
    own, other = plain(rule_sets.accounts(ACCOUNTS)), plain(rule_sets.accounts(count, seed=2))
    path = FOLDER / "rules-changed.csv"
    rows = pa.array(range(0, ACCOUNTS, ACCOUNTS // count))
    pacsv.write_csv(other.set_column(0, "id", own["id"].take(rows)), path)
    return path


def figures() -> Iterator[Figure]:
    """The first run, a run that is forced although nothing changed, one that sees that nothing changed; then changes."""
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
    yield from changes(database)


def changes(database: Path) -> Iterator[Figure]:
    """What a change costs under ten thousand rules, in a process that has their compiled form, as a server has."""
    from metes.app.settings import AppSettings
    from metes.app.workspace import open_workspace

    workspace = open_workspace(AppSettings(f"sqlite:///{database.resolve()}", FOLDER / "books"))
    plan = rule_sets.plan(rule_sets.conditions(MANY_RULES), ACCOUNTS)
    # Of accounts that chance pinned twice the first pin alone can be published.
    plan = replace(plan, pins=tuple({pin.account: pin for pin in reversed(plan.pins)}.values()))
    if (
        workspace.active_revision(workspace.today()).plan_key != plan.key
        or len(workspace.require_active()[1].territories) < MANY_RULES
    ):
        workspace.plan_change(lambda _: plan, "ten thousand rules")
        workspace.plan_publish("draft")
    whole = _timed(workspace.assign)
    yield Figure("assign 1,000,000 accounts by 10,000 rules", whole[0], None, note=_said(whole[1]))
    workspace.import_("accounts", [changed()], mapping=MAPPING)
    part = _timed(workspace.assign)
    yield Figure("  1 % of the accounts changed, difference written", part[0], 2, note=_said(part[1]))
    workspace.book()
    times, sizes = [], []
    for turn in range(5):
        workspace.plan_change(lambda plan, turn=turn: _with_one_rule_changed(plan, turn), "one rule")
        workspace.plan_publish("draft")
        workspace.compiled_of(workspace.require_active()[0])
        seen = _timed(lambda: workspace.assign(dry_run=True))
        times.append(seen[0])
        sizes.append(seen[1].evaluated)
        done = _timed(workspace.assign)
    each = ", ".join(f"{size:,}: {seconds:.2f} s" for size, seconds in sorted(zip(sizes, times, strict=True)))
    yield Figure("  one rule changed, to the difference", median(times), 0.3, note=f"median of 5; by accounts evaluated {each}")
    yield Figure("  the same, written", done[0], None, note=_said(done[1]))
    workspace.close()


def _with_one_rule_changed(plan: Any, turn: int) -> Any:
    """The plan with the condition of one rule in the place of that of another, which takes some thousand accounts."""
    ruled = [i for i, territory in enumerate(plan.territories) if territory.rules]
    at, other = ruled[100 + 7 * turn], ruled[200 + 11 * turn]
    territory = plan.territories[at]
    rule = replace(territory.rules[0], condition=plan.territories[other].rules[0].condition)
    changed_one = replace(territory, rules=(rule, *territory.rules[1:]))
    return replace(plan, territories=(*plan.territories[:at], changed_one, *plan.territories[at + 1 :]))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def _said(report: Any) -> str:
    return f"{report.mode}: {report.evaluated:,} evaluated, {report.opened:,} facts opened, {report.closed:,} closed"


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    for figure in changes(FOLDER / "assigning.db"):
        print(figure, flush=True)
