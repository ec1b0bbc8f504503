"""Designs as verbs of the workspace: begun, worked out, moved by hand, undone, by two at once, and made rules of."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import Cancelled, Conflict, InputError, NotFound
from metes.model.scope import Principal
from metes.worker.loop import run_next
from tests.conftest import NOW
from tests.designing.worlds import asked, company


@pytest.fixture
def workspace(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with the company of 24 accounts, on each database in turn."""
    return company(workspace, tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the company, made once."""
    folder = tmp_path_factory.mktemp("company")
    made = open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}"), clock=lambda: NOW)
    company(made, folder).book()
    made.close()
    return folder


@pytest.fixture
def on_sqlite(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The company on a SQLite file of its own."""
    copytree(made, tmp_path, dirs_exist_ok=True)
    opened = open_workspace(AppSettings(f"sqlite:///{tmp_path / 'metes.db'}"), clock=lambda: NOW)
    yield opened
    opened.close()


def numbers(text: str) -> np.ndarray:
    """What an answer packs."""
    return np.frombuffer(base64.b64decode(text), "<i4")


def territory(workspace: Workspace, design: int) -> np.ndarray:
    """Who has which unit."""
    return numbers(workspace.design_arrays(design)["territory"])


def test_a_design_begins_where_today_is_and_tells_what_is_off_the_map(on_sqlite: Workspace) -> None:
    row = on_sqlite.design_new(asked())
    assert (row.state, row.version, row.summary["units"], row.summary["changed_accounts"]) == ("drawn", 1, 23, 0)
    (finding,) = row.findings
    assert finding.code == "design-off-map"
    assert "A23" in finding.message
    shown = on_sqlite.design_show(row.id)
    assert [(t["key"], t["units"], t["seat"]) for t in shown["territories"]] == [("west", 12, "west-1"), ("east", 11, "east-1")]
    assert sum(t["accounts"] for t in shown["territories"]) + shown["figures"]["accounts_off_map"] == on_sqlite.total().accounts
    assert (shown["can_undo"], shown["can_redo"]) == (False, False)
    assert [r.id for r in on_sqlite.design_list()] == [row.id]


def test_a_run_is_one_step_and_the_same_each_time(workspace: Workspace) -> None:
    first, second = (workspace.design_new(asked(territories=3)) for _ in range(2))
    answers = [workspace.design_run(row.id) for row in (first, second)]
    assert answers[0]["figures"] == answers[1]["figures"]
    assert answers[0]["after"] == answers[1]["after"]
    figures = answers[0]["figures"]
    assert (figures["unassigned"], figures["broken"], figures["is_within"]) == (0, 0, True)
    assert 0 <= figures["gap"] < 1
    back = workspace.design_undo(first.id)
    assert (back["can_undo"], back["can_redo"]) == (False, True)
    np.testing.assert_array_equal(territory(workspace, first.id), numbers(workspace.design_arrays(first.id)["today"]))
    again = workspace.design_redo(first.id)
    assert again["figures"] == figures


def test_moves_are_undone_to_the_beginning_and_a_state_is_built_again_from_its_steps(workspace: Workspace) -> None:
    design = workspace.design_new(asked()).id
    start = territory(workspace, design)
    workspace.design_run(design)
    workspace.design_move(design, np.flatnonzero(territory(workspace, design) == 0)[:2].tolist(), "east")
    workspace.design_lock(design, ["A02"])
    workspace.design_rename(design, "east", "Sunrise")
    workspace.design_recolour(design, "east", 7)
    workspace.design_unlock(design, ["A02"])
    before = workspace.design_show(design)
    assert before["territories"][1]["name"] == "Sunrise"
    workspace.shelf.designs.drop(design)
    assert workspace.design_show(design) == before
    answer = None
    while answer is None or answer["can_undo"]:
        answer = workspace.design_undo(design)
    np.testing.assert_array_equal(territory(workspace, design), start)
    with pytest.raises(Conflict, match="nothing to undo"):
        workspace.design_undo(design)
    while answer["can_redo"]:
        answer = workspace.design_redo(design)
    after = workspace.design_show(design)
    assert (after["territories"], after["figures"]) == (before["territories"], before["figures"])


def test_a_new_step_takes_the_place_of_those_undone(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked()).id
    on_sqlite.design_move(design, ["A00"], "east")
    on_sqlite.design_undo(design)
    on_sqlite.design_move(design, ["A05"], "west")
    assert on_sqlite.design_show(design)["can_redo"] is False
    with pytest.raises(Conflict, match="nothing to do again"):
        on_sqlite.design_redo(design)


def test_locked_units_stay_for_hands_and_for_the_engine(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(locks={"A05": "west"})).id
    on_sqlite.design_lock(design, ["A00"])
    with pytest.raises(Conflict, match="already, or locked"):
        on_sqlite.design_move(design, ["A00"], "east")
    on_sqlite.design_run(design)
    units = on_sqlite.design_units(design)[1]["ids"]
    at = territory(on_sqlite, design)
    assert [at[units.index(one)] for one in ("A00", "A05")] == [0, 0]


def test_whoever_comes_second_is_told_who_was_first(workspace: Workspace) -> None:
    design = workspace.design_new(asked()).id
    version = workspace.design_show(design)["version"]
    workspace.acting_as(Principal("ann")).design_move(design, [0], "east", version=version)
    with pytest.raises(Conflict, match=rf"ann changed design {design} meanwhile \(version 2, you have 1\)"):
        workspace.acting_as(Principal("ben")).design_move(design, [1], "east", version=version)
    assert workspace.design_show(design)["version"] == 2


def test_another_process_sees_a_change_at_once(workspace: Workspace, ready_database: str, tmp_path: Path) -> None:
    design = workspace.design_new(asked()).id
    workspace.design_show(design)
    other = open_workspace(AppSettings(ready_database, tmp_path / "other"), clock=lambda: NOW)
    other.design_move(design, ["A00"], "east")
    assert territory(workspace, design).tolist() == territory(other, design).tolist()
    assert workspace.design_undo(design)["moved"] == 1
    assert other.design_show(design)["can_undo"] is False
    other.close()


def test_families_move_as_one(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(families=True)).id
    on_sqlite.design_move(design, ["A11"], "west")
    assert on_sqlite.design_move(design, ["A11"], "east")["moved"] == 2


def test_as_many_territories_as_capacity_asks_for(on_sqlite: Workspace) -> None:
    row = on_sqlite.design_new(asked(territories="capacity", targets="capacity", rates={"visits_per_year": 12}))
    assert [f.message for f in row.findings if f.code == "design-as-capacity"] == [
        "414 hours of work and 150 hours a seat ask for 3 territories"
    ]
    shown = on_sqlite.design_show(row.id)
    assert [t["is_new"] for t in shown["territories"]] == [False, False, True]
    assert [round(t["targets"][0] / 23, 3) for t in shown["territories"]] == [0.444, 0.222, 0.333]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"territories": 99}, "design-too-many"),
        ({"measures": [{"measure": "happiness"}]}, "design-measure"),
        ({"measures": [{"measure": "pipeline"}]}, "design-empty-measure"),
        ({"seats": ["nobody-1"]}, "design-seat"),
        ({"seats": ["west-1", "east-1"], "territories": 1}, "design-seats"),
        ({"locks": {"A00": "north"}}, "design-unknown-territory"),
        ({"locks": {"A00": "west", "A01": "east"}, "together": [["A00", "A01"]]}, "design-lock-clash"),
        ({"licences": {"US-CO": "wine"}}, "design-licence"),
        ({"walls": "moats"}, "design-walls"),
        ({"measures": [{"measure": "accounts", "highest": 3}]}, "design-limits"),
        ({"regions": ["US-ZZ"]}, "design-no-units"),
        ({"measures": [{"measure": "accounts", "band": -1}]}, "design-spec"),
    ],
)
def test_what_cannot_be_designed_is_refused_with_its_finding(on_sqlite: Workspace, more: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        on_sqlite.design_new(asked(**more))
    assert code in {finding.code for finding in caught.value.findings}
    assert on_sqlite.design_list() == ()


def test_one_whale_is_told_in_words(on_sqlite: Workspace) -> None:
    row = on_sqlite.design_new(asked(territories=4, measures=[{"measure": "potential", "band": 0.1}]))
    (finding,) = (f for f in row.findings if f.code == "design-whale")
    assert finding.message == (
        "one unit alone has 1,000 USD of potential, which is 1.2 times an equal share: no design can be fairer than this"
    )


def test_a_copy_goes_its_own_way(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked()).id
    on_sqlite.design_move(design, ["A00"], "east")
    copy = on_sqlite.design_save_as(design, " Other ")
    assert (copy.name, copy.position, copy.operations) == ("Other", 1, 1)
    on_sqlite.design_undo(copy.id)
    assert on_sqlite.design_show(design)["figures"]["changed_accounts"] == 1
    assert on_sqlite.design_show(copy.id)["figures"]["changed_accounts"] == 0


def test_a_removed_design_comes_back(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked()).id
    on_sqlite.design_run(design)
    on_sqlite.design_remove(design)
    assert on_sqlite.design_list() == ()
    with pytest.raises(Conflict, match="brings it back"):
        on_sqlite.design_show(design)
    assert on_sqlite.design_restore(design).state == "designed"
    with pytest.raises(NotFound):
        on_sqlite.design_restore(design)
    with pytest.raises(NotFound, match="metes design list"):
        on_sqlite.design_show(99)


def test_another_design_is_a_place_to_start_from(on_sqlite: Workspace) -> None:
    first = on_sqlite.design_new(asked()).id
    on_sqlite.design_move(first, ["A00", "A01"], "east")
    second = on_sqlite.design_new(asked(start=f"design:{first}")).id
    np.testing.assert_array_equal(territory(on_sqlite, first), territory(on_sqlite, second))
    assert on_sqlite.design_show(second)["figures"]["changed_accounts"] == 2


def test_from_scratch_keeps_the_keys_that_fit_best(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(start="scratch")).id
    assert set(territory(on_sqlite, design)) == {-1}
    figures = on_sqlite.design_run(design)["figures"]
    assert figures["changed_accounts"] <= 23 // 2  # with the two keys exchanged it would be the others


def test_a_comparison_says_who_gains_and_who_loses(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked()).id
    on_sqlite.design_move(design, ["A00", "A01"], "east")
    found = on_sqlite.design_compare(design)
    assert (found["accounts"], len(found["units"]), found["b"]) == (2, 2, "today")
    by_key = {one["key"]: one for one in found["territories"]}
    assert by_key["east"]["won"]["accounts"] == by_key["west"]["lost"]["accounts"] == 2
    assert by_key["east"]["won"]["revenue_12m"] == 20_100
    assert [one["id"] for one in found["listed"]] == ["A00", "A01"]
    other = on_sqlite.design_save_as(design, "Other").id
    on_sqlite.design_undo(other)
    assert on_sqlite.design_compare(design, other)["units"] == [0, 1]
    assert on_sqlite.design_compare(design, str(design))["accounts"] == 0


def test_fairness_is_told_by_seat_with_an_empty_quota(on_sqlite: Workspace) -> None:
    found = on_sqlite.design_fairness(on_sqlite.design_new(asked()).id)
    assert found["measures"]["accounts"]["max_min"] == pytest.approx(12 / 11)
    assert [(seat["seat"], seat["quota"]) for seat in found["seats"]] == [("west-1", None), ("east-1", None)]


def test_a_design_becomes_a_draft_that_assigns_as_designed(workspace: Workspace) -> None:
    design = workspace.design_new(asked(territories=3)).id
    workspace.design_run(design)
    drafted = workspace.design_to_plan(design)
    assert (drafted.accounts, drafted.elsewhere, drafted.findings) == (23, 0, ())
    plan = workspace.plan_show(str(drafted.revision.id))[1]
    assert plan.territory_by_key["new-1"].parent == "all"
    assert {seat.territory for seat in plan.seats} == {"west", "east"}
    compared = workspace.design_compare(design)
    assert (
        workspace.preview(str(drafted.revision.id)).moved - 1 == compared["accounts"]
    )  # A23 is off the map, and in no rule any more
    workspace.plan_publish(str(drafted.revision.id))
    workspace.assign()
    assert workspace.design_compare(design)["accounts"] == 0


def test_parents_of_a_design_stand_above_its_territories_in_the_draft(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(territories=4, parents=2)).id
    assert on_sqlite.design_show(design)["parents"] == []
    on_sqlite.design_run(design)
    shown = on_sqlite.design_show(design)
    assert [(one["name"], len(one["territories"])) for one in shown["parents"]] == [("Area 1", 2), ("Area 2", 2)]
    assert sum(one["units"] for one in shown["parents"]) == 23
    by_parent = {one["name"]: set(one["territories"]) for one in shown["parents"]}
    assert all(row["key"] in by_parent[row["parent"]] for row in shown["territories"])
    drafted = on_sqlite.design_to_plan(design)
    assert (drafted.elsewhere, drafted.findings) == (0, ())
    plan = on_sqlite.plan_show(str(drafted.revision.id))[1]
    assert {t.key for t in plan.children_by_key["all"]} == {"area-1", "area-2"}
    for at, one in enumerate(shown["parents"], 1):
        assert {t.key for t in plan.children_by_key[f"area-{at}"]} == set(one["territories"])
    on_sqlite.plan_publish(str(drafted.revision.id))
    on_sqlite.assign()
    assert on_sqlite.design_compare(design)["accounts"] == 0
    again = on_sqlite.design_new(asked(territories=4, parents=2, start=f"design:{design}")).id
    on_sqlite.design_run(again)
    plan = on_sqlite.plan_show(str(on_sqlite.design_to_plan(again).revision.id))[1]
    assert {t.key for t in plan.children_by_key["all"]} == {"area-1", "area-2"}
    assert on_sqlite.design_undo(design)["can_undo"] is False
    assert on_sqlite.design_show(design)["parents"] == []


def test_parents_ask_for_as_many_territories_and_for_no_walls(on_sqlite: Workspace) -> None:
    with pytest.raises(InputError, match="3 parents were asked for, and there are 2 territories"):
        on_sqlite.design_new(asked(parents=3))
    with pytest.raises(InputError, match="walls part the units already"):
        on_sqlite.design_new(asked(parents=2, walls="region"))


def test_pins_that_hold_an_account_elsewhere_are_told(on_sqlite: Workspace) -> None:
    from metes.model.plan import Pin

    design = on_sqlite.design_new(asked()).id
    on_sqlite.design_move(design, ["A00"], "east")
    on_sqlite.plan_publish(str(on_sqlite.pin([Pin("A00", "west", "a friend")]).id))
    (finding,) = on_sqlite.design_to_plan(design).findings
    assert finding.code == "design-elsewhere"
    assert "A00 (in west, not east)" in finding.message


def test_a_design_is_written_out(on_sqlite: Workspace, tmp_path: Path) -> None:
    design = on_sqlite.design_new(asked()).id
    assert on_sqlite.design_export(design, tmp_path / "design.csv") == 23
    lines = (tmp_path / "design.csv").read_text("utf-8-sig").splitlines()
    assert lines[1].startswith("A00,Account 0,US-CO,39.7,-106.0,west,West,west,1")
    assert "".join(on_sqlite.design_csv(design)).splitlines()[1:3] == lines[1:3]
    with pytest.raises(InputError, match="no shapes"):
        on_sqlite.design_export(design, tmp_path / "design.geojson")


def test_a_job_works_a_design_out_and_is_queued_once(workspace: Workspace) -> None:
    design = workspace.design_new(asked(territories=3)).id
    job = workspace.design_queue(design)
    assert workspace.design_queue(design) == job
    while not workspace.job(job).has_ended:
        assert run_next(workspace, "w")
    done = workspace.job(job)
    assert (done.state, done.result is not None and done.result["figures"]["is_within"]) == ("done", True)
    assert workspace.design_find(design).state == "designed"
    assert workspace.design_queue(design) != job


class StopsAt:
    """A progress that somebody cancels at a stage."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Stop there."""
        if stage == self.stage:
            raise Cancelled("stop")


def test_who_cancels_keeps_the_best_so_far(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(territories=3)).id
    answer = on_sqlite.design_run(design, StopsAt("balancing"))
    assert answer["figures"]["is_stopped"]
    assert answer["figures"]["unassigned"] == 0
    assert answer["text"].startswith("Stopped with the best so far")


def test_units_locked_while_the_engine_works_stay(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(territories=3)).id

    class Locks:
        """Somebody locks a unit meanwhile."""

        def __init__(self) -> None:
            self.is_done = False

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            """Lock once."""
            if stage == "centres" and not self.is_done:
                self.is_done = True
                on_sqlite.design_move(design, ["A00"], "new-1")
                on_sqlite.design_lock(design, ["A00"])

    on_sqlite.design_run(design, Locks())
    assert territory(on_sqlite, design)[0] == 2


class StopsTheWorker:
    """An event that is set once a stage was reached, as a worker's is that must stop."""

    def __init__(self, workspace: Workspace, stage: str) -> None:
        self.workspace, self.stage = workspace, stage

    def is_set(self) -> bool:
        """Whether the job's log knows the stage."""
        (running,) = self.workspace.jobs_running()
        return any(line.stage.startswith(self.stage) for line in self.workspace.job_log(running.id))


def test_a_job_whose_worker_stops_goes_on_behind_the_parts_that_are_done(on_sqlite: Workspace) -> None:
    walled = asked(territories=4, walls="region", contiguous=False)
    through, stopped = (on_sqlite.design_new(walled).id for _ in range(2))
    on_sqlite.design_run(through)
    job = on_sqlite.design_queue(stopped)
    while on_sqlite.jobs()[0].state == "queued" and on_sqlite.job(job).attempts == 0 and on_sqlite.job(job).checkpoint is None:
        run_next(on_sqlite, "first", stop=StopsTheWorker(on_sqlite, "designing US-NM"))  # type: ignore[arg-type]
    waiting = on_sqlite.job(job)
    assert waiting.state == "queued"
    assert waiting.checkpoint is not None
    assert list(waiting.checkpoint["parts"]) == ["US-CO"]
    assert run_next(on_sqlite, "second")
    assert on_sqlite.job(job).state == "done"
    np.testing.assert_array_equal(territory(on_sqlite, stopped), territory(on_sqlite, through))
    regions = np.array(on_sqlite.design_units(stopped)[1]["regions"])
    at = territory(on_sqlite, stopped)
    assert not set(at[regions == "US-CO"]) & set(at[regions == "US-NM"])


def test_what_keeps_a_design_from_its_bands_is_said_in_words(on_sqlite: Workspace) -> None:
    design = on_sqlite.design_new(asked(territories=4, measures=[{"measure": "potential", "band": 0.1}])).id
    on_sqlite.design_run(design)
    found = on_sqlite.design_reasons(design)
    assert found["obstacles"][0]["text"] == (
        "No design can be fairer than 25% off the target, because Account 22 alone is 1.2 times the target of potential."
    )
    assert found["relaxations"][-1]["is_enough"]
    fine = on_sqlite.design_new(asked()).id
    assert on_sqlite.design_reasons(fine)["obstacles"] == []
