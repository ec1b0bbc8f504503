"""The lock of a plan's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from metes.model.plan import NamedList, Plan
from metes.plan.draft import empty_plan
from metes.plan.lock import LOCK_FILE, Lock, lock_in, lock_of, read_lock
from metes.plan.nodes import nodes_of, plan_of
from metes.plan.text import read_text, read_texts
from metes.plan.writing import render, write_lock, write_locked
from tests.plan.strategies import FIELDS, plans

STARTER = empty_plan("fy25", "Fiscal 2025")
ROOT = nodes_of(STARTER)[0]


def written(plan: Plan, folder: Path, revision: int = 7) -> list[str]:
    """The names of the files that writing a plan with its lock touches."""
    paths = write_locked(plan, folder, FIELDS, root=nodes_of(plan)[0], revision=revision)
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_is_written_with_its_lock_and_the_second_time_not_at_all(tmp_path: Path) -> None:
    assert written(STARTER, tmp_path) == ["plan.yaml", "territories/company.yaml", "plan.lock"]
    lock, findings = lock_in(tmp_path)
    assert findings == ()
    assert lock == lock_of(tmp_path, ROOT, 7, render(STARTER))
    assert (lock.root, lock.revision, dict(lock.forms)) == (ROOT, 7, {})
    assert lock.is_untouched(tmp_path)
    assert written(STARTER, tmp_path) == []
    assert written(STARTER, tmp_path, revision=8) == ["plan.lock"]


def test_a_lock_is_the_same_text_for_the_same_content(tmp_path: Path) -> None:
    for name in ("one", "other"):
        written(STARTER, tmp_path / name)
    assert (tmp_path / "one" / LOCK_FILE).read_bytes() == (tmp_path / "other" / LOCK_FILE).read_bytes()


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_folder_is_touched_when_a_file_is_edited_added_or_removed(change: str, tmp_path: Path) -> None:
    written(STARTER, tmp_path)
    lock = lock_in(tmp_path)[0]
    assert lock is not None
    (tmp_path / "notes.txt").write_text("no file of a plan")
    assert lock.is_untouched(tmp_path)
    if change == "edited":
        (tmp_path / "plan.yaml").write_text((tmp_path / "plan.yaml").read_text() + "# more\n")
    elif change == "added":
        (tmp_path / "lists").mkdir()
        (tmp_path / "lists" / "x.yaml").write_text("key: x\nvalues: []\n")
    else:
        (tmp_path / "plan.yaml").unlink()
    assert not lock.is_untouched(tmp_path)


def test_a_file_left_in_another_form_stays_until_its_content_changes(tmp_path: Path) -> None:
    plan = replace(STARTER, lists=(NamedList("strategic", ("A1",)),))
    written(plan, tmp_path)
    file = tmp_path / "plan.yaml"
    by_hand = file.read_text().replace("name: Fiscal 2025", "name:   'Fiscal 2025'")
    file.write_text(by_hand)
    assert written(plan, tmp_path) == ["plan.lock"]
    assert file.read_text() == by_hand
    more = replace(plan, lists=(NamedList("strategic", ("A1", "A2")),))
    assert written(more, tmp_path) == ["lists/strategic.yaml", "plan.lock"]
    assert file.read_text() == by_hand
    assert written(replace(more, name="Fiscal 2026"), tmp_path) == ["plan.yaml", "plan.lock"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"root": 1, "revision": "x", "files": {}}',
        "<<<<<<< ours\n",
        "[" * 100_000,
        '{"root": "a", "revision": 1}',
    ],
    ids=lambda text: text[:12],
)
def test_a_lock_that_cannot_be_read_is_a_warning(text: str) -> None:
    lock, findings = read_lock(text)
    assert lock is None
    assert [finding.code for finding in findings] == ["plan-lock"]


def test_a_lock_that_is_no_text_or_a_folder_is_a_warning_too(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_bytes(b"\xff\xfe\x00")
    assert lock_in(tmp_path)[0] is None
    (tmp_path / "other" / LOCK_FILE).mkdir(parents=True)
    assert [f.code for f in lock_in(tmp_path / "other")[1]] == ["plan-lock"]


@given(plans(), plans())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
def test_writing_one_plan_over_another_gives_the_folder_of_the_one(
    tmp_path_factory: pytest.TempPathFactory, one: Plan, other: Plan
) -> None:
    folder, fresh = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("fresh")
    for plan in (one, other, one):
        written(plan, folder)
        text = read_text(folder, FIELDS)
        assert (text.plan, text.findings) == (plan, ())
        lock = lock_in(folder)[0]
        assert lock is not None
        assert lock.is_untouched(folder)
        assert lock.root == nodes_of(plan)[0]
    written(one, fresh)
    names = [path.relative_to(fresh) for path in sorted(fresh.rglob("*")) if path.is_file()]
    assert [(folder / name).read_bytes() for name in names] == [(fresh / name).read_bytes() for name in names]


@given(plans())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
def test_text_and_nodes_and_text_again_are_the_identity(plan: Plan) -> None:
    root, nodes = nodes_of(read_texts(render(plan), FIELDS).plan)
    kept = plan_of(root, nodes.__getitem__)
    assert kept == plan
    assert render(kept) == render(plan)
    assert nodes_of(read_texts(render(kept), FIELDS).plan)[0] == root


def test_saying_anew_what_a_folder_was_written_from_is_news_once(tmp_path: Path) -> None:
    written(STARTER, tmp_path)
    lock = Lock("0" * 64, 9, {})
    assert write_lock(tmp_path, lock)
    assert not write_lock(tmp_path, lock)
