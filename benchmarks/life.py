"""Figures of a plan's life: plans of 25,000 territories compared, merged, written, read, held against a million accounts, published, taken back.

In process, each on a workspace that has just been opened, so that plans are read from the database:

    python -m benchmarks life
    python -m benchmarks.life FOLDER        the same in a folder that keeps its databases and texts
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import assigning, rule_sets
from benchmarks.figures import FOLDER, Figure, metes

TERRITORIES, ACCOUNTS, CHANGED = 25_000, 1_000_000, 2_500


def figures(folder: Path = FOLDER / "life") -> Iterator[Figure]:
    """All figures beside their goals."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "plan.db"
    if not database.exists():
        _make(database)
    yield from text(database, folder)
    yield from structure(database)
    yield from consequences(folder)
    yield from publication(folder)


def text(database: Path, folder: Path) -> Iterator[Figure]:
    """The plan written into a folder and read from it, each with something changed and with nothing."""
    out = folder / "text"
    shutil.rmtree(out, ignore_errors=True)
    with opened(database) as workspace:
        yield Figure("write 25,000 territories as text", timed(lambda: workspace.plan_export(out, "active")), 10)
    with opened(database) as workspace:
        yield Figure("  again, nothing changed", timed(lambda: workspace.plan_export(out, "active")), 2)
    with opened(database) as workspace:
        yield Figure("  again, another scenario", timed(lambda: workspace.plan_export(out, "one")), 10)
        workspace.plan_export(out, "active")
    with opened(database) as workspace:
        yield Figure("read the text, nothing changed", timed(lambda: workspace.plan_import(out)), 2)
    plan = out / "plan.yaml"
    plan.write_text(plan.read_text().replace("key: big\n", f"key: big\nname: Read at {time.time()}\n"))
    with opened(database) as workspace:
        yield Figure("  changed by hand, checked and kept as a draft", timed(lambda: workspace.plan_import(out)), 15)
        workspace.plan_discard("draft")


def structure(database: Path) -> Iterator[Figure]:
    """Two scenarios of 2,500 changed territories each: what differs, and both in one."""
    with opened(database) as workspace:
        seconds = timed(lambda: workspace.plan_diff("one", "other"))
        yield Figure("steps between two plans of 25,000 territories", seconds, 2, note=f"{2 * CHANGED:,} steps")
    title = f"merged {time.time():.0f}"
    with opened(database) as workspace:
        workspace.plan_branch(title, reference="one")
    with opened(database) as workspace:
        outcome: list[Any] = []
        seconds = timed(lambda: outcome.append(workspace.plan_merge("other", title)))
        yield Figure("merge of two scenarios, written", seconds, 5, note=f"{len(outcome[0].steps):,} steps")
    with opened(database) as workspace:
        workspace.plan_discard(title)


def consequences(folder: Path) -> Iterator[Figure]:
    """The same two plans, both run over a million accounts; the Book and the kernels are there."""
    database = folder / "accounts.db"
    if not database.exists():
        file, mapping, _ = assigning.prepared()
        metes("import", "accounts", file, "--map", mapping, database=database)
        _make(database)
    with opened(database) as workspace:
        workspace.book()
        workspace.plan_compare("active", "active")
    for old in (FOLDER / "books" / "previews").glob("*.arrow"):
        old.unlink()
    with opened(database) as workspace:
        found: list[Any] = []
        seconds = timed(lambda: found.append(workspace.plan_compare("one", "other")))
        note = f"{found[0].moved:,} accounts move"
        yield Figure("  and what differs for a million accounts", seconds, 10, note=note)


def publication(folder: Path) -> Iterator[Figure]:
    """One of the two put in force on a million accounts, then taken back; the plan before it has been assigned."""
    database = Path(shutil.copyfile(folder / "accounts.db", folder / "publishing.db"))
    with opened(database) as workspace:
        workspace.assign()
        workspace.book()

    def publish(workspace: Any, reference: str) -> int:
        workspace.plan_publish(reference)
        return int(workspace.assign().moved)

    with opened(database) as workspace:
        moved: list[int] = []
        seconds = timed(lambda: moved.append(publish(workspace, "one")))
        yield Figure("a scenario published and assigned, a million accounts", seconds, 30, note=f"{moved[0]:,} accounts move")
    with opened(database) as workspace:
        newest = workspace.publications()[0].id
        seconds = timed(lambda: moved.append(publish(workspace, str(workspace.plan_revert(newest).revision.id))))
        yield Figure("  taken back, published and assigned", seconds, 30, note=f"{moved[1]:,} accounts move")


@contextmanager
def opened(database: Path) -> Iterator[Any]:
    """A workspace with an empty shelf."""
    from metes.app.settings import AppSettings
    from metes.app.workspace import open_workspace

    workspace = open_workspace(AppSettings(f"sqlite:///{database.resolve()}", FOLDER / "books"))
    try:
        yield workspace
    finally:
        workspace.close()


def timed(call: Callable[[], Any]) -> float:
    """The seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _make(database: Path) -> None:
    """A published plan of 25,000 territories and two scenarios that change every tenth, each its own."""
    plan = rule_sets.big_tree(ACCOUNTS, territories=TERRITORIES)
    # Of accounts that chance pinned twice the first pin alone can be published.
    plan = replace(plan, pins=tuple({pin.account: pin for pin in reversed(plan.pins)}.values()))
    with opened(database) as workspace:
        texts = {"plan.yaml": "key: big\ntypes:\n  - key: geo\nterritories:\n  - key: root\n    type: geo\n"}
        workspace.plan_import(texts)
        workspace.plan_change(lambda _: plan, "a large tree", reference="draft")
        workspace.plan_publish("draft")
        for title, start in (("one", 1), ("other", 2)):
            workspace.plan_branch(title)
            workspace.plan_change(lambda was, start=start: _changed(was, start), "every tenth", reference=title)


def _changed(plan: Any, start: int) -> Any:
    """The plan with another priority of the rules of every tenth territory."""
    every = len(plan.territories) // CHANGED

    def changed(territory: Any) -> Any:
        rules = tuple(replace(rule, priority=rule.priority + start) for rule in territory.rules)
        return replace(territory, rules=rules)

    territories = (changed(t) if i % every == start else t for i, t in enumerate(plan.territories))
    return replace(plan, territories=tuple(territories))


if __name__ == "__main__":
    for figure in figures(Path(sys.argv[1])) if len(sys.argv) > 1 else figures():
        print(figure, flush=True)
