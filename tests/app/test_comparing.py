"""Two revisions held against each other on the accounts there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.assigning.consequences import Balance, Pair, Standing, Standings
from metes.model.query import MovesQuery

ACCOUNTS = (
    "id,name,region,country,potential\nA1,One,US-CA,US,100\nA2,Two,US-OR,US,200\nA3,Three,US-NY,US,400\nA4,Four,US-NV,US,800\n"
)
PLAN = """key: p
types:
  - key: geo
territories:
  - key: all
    type: geo
    children:
      - key: west
        type: geo
        rules:
          - key: r
            when: region in ('US-CA', 'US-OR')
        seats:
          - key: west-1
      - key: east
        type: geo
        rules:
          - key: r
            when: region = 'US-NY'
        seats:
          - key: east-1
"""


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """Four accounts, of which the active plan leaves one to nobody, and two scenarios."""
    workspace = sqlite_workspace
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "people.csv").write_text("id,name\nP1,Ines Duarte\nP2,Tom Novak\n")
    (tmp_path / "seats.csv").write_text("seat,person,from,to\nwest-1,P1,2020-01-01,\neast-1,P2,2020-01-01,\n")
    workspace.import_("accounts", [tmp_path / "accounts.csv"])
    workspace.import_("people", [tmp_path / "people.csv"])
    workspace.plan_import({"plan.yaml": PLAN})
    workspace.plan_publish("draft")
    workspace.import_("seats", [tmp_path / "seats.csv"])
    workspace.plan_import({"plan.yaml": PLAN.replace("'US-OR')", "'US-NV')")})
    workspace.plan_import(
        {"plan.yaml": PLAN.replace("key: east\n", "key: atlantic\n").replace("= 'US-NY'", "in ('US-NY', 'US-OR', 'US-NV')")}
    )
    return workspace


def test_two_scenarios_are_compared_without_being_assigned(company: Workspace) -> None:
    found = company.plan_compare("2", "3")
    minor = 100  # cents
    assert (found.accounts, found.moved, found.gaps_before, found.gaps) == (4, 3, 1, 0)
    assert set(found.pairs) == {
        Pair("", "atlantic", 1, 200 * minor, 0, 0),
        Pair("east", "atlantic", 1, 400 * minor, 0, 0),
        Pair("west", "atlantic", 1, 800 * minor, 0, 0),
    }
    assert found.standings == (
        Standings("", Standing(1, 200 * minor), Standing()),
        Standings("atlantic", Standing(), Standing(3, 1400 * minor)),
        Standings("east", Standing(1, 400 * minor), Standing()),
        Standings("west", Standing(2, 900 * minor), Standing(1, 100 * minor)),
    )
    # The seat stands on atlantic by now: its person keeps what east held, and wins the rest.
    assert found.people() == (
        Balance("P2", "Tom Novak", Standing(2, 1000 * minor), Standing()),
        Balance("P1", "Ines Duarte", Standing(), Standing(1, 800 * minor)),
    )
    moves, count = company.preview_moves(found, MovesQuery(), start=0, rows=1)
    assert (count, moves[0]["id"], moves[0]["before"], moves[0]["after"]) == (3, "A4", "west", "atlantic")


def test_a_comparison_is_that_of_the_other_way_turned_round_and_is_kept(company: Workspace) -> None:
    assert company.compared_at_hand("2", "3") is None
    there, back = company.plan_compare("2", "3"), company.plan_compare("3", "2")
    assert {(p.before, p.after, p.accounts) for p in there.pairs} == {(p.after, p.before, p.accounts) for p in back.pairs}
    assert company.compared_at_hand("2", "3") == there
    assert company.plan_compare("2", "2").moved == 0


def test_against_the_active_plan_a_comparison_says_what_the_preview_says(company: Workspace) -> None:
    company.assign()
    preview, compared = company.preview("3"), company.plan_compare("active", "3")
    assert (compared.pairs, compared.moved, compared.gaps_before) == (preview.pairs, preview.moved, preview.gaps_before)
