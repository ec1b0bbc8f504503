"""A company of two coasts for the tests of roles: who sits where, and users without a role beside one who runs it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from metes.app.workspace import Workspace
from metes.model.scope import Narrowing, Principal

PASSWORD = "correct horse battery"
# world ── west (west-1: P1) ── bay (bay-1: P2)
#       └─ east (east-1: P3)
#       └─ rest (catch-all)
PLAN = """key: p
name: Coasts
types:
  - key: geo
territories:
  - key: world
    type: geo
    children:
      - key: west
        type: geo
        children:
          - {key: bay, type: geo, rules: [{key: r, when: region = 'US-CA'}], seats: [{key: bay-1}]}
          - {key: hills, type: geo, rules: [{key: r, when: region = 'US-OR'}]}
        seats: [{key: west-1, role: manager, owns: false}]
      - {key: east, type: geo, rules: [{key: r, when: region = 'US-NY'}], seats: [{key: east-1}]}
      - {key: rest, type: geo, catch_all: true}
"""
# CA: 3 accounts, OR: 2, NY: 4, elsewhere: 1.
REGIONS = ("US-CA",) * 3 + ("US-OR",) * 2 + ("US-NY",) * 4 + ("US-TX",)


def begin(made: Workspace, folder: Path) -> Workspace:
    """Ten accounts, three people on seats, the plan in force, and the user ada, who runs it."""
    rows = [f"A{n},Shop {n},US,{region},1000" for n, region in enumerate(REGIONS)]
    (folder / "accounts.csv").write_text("id,name,country,region,potential\n" + "\n".join(rows) + "\n")
    (folder / "people.csv").write_text("id,name,email\nP1,Mo West,mo@example.com\nP2,Bo Bay,bo@example.com\nP3,Ed East,\n")
    (folder / "seats.csv").write_text("seat,person,from\nwest-1,P1,2025-01-01\nbay-1,P2,2025-01-01\neast-1,P3,2025-01-01\n")
    (folder / "plan.yaml").write_text(PLAN)
    made.import_("accounts", [folder / "accounts.csv"])
    made.import_("people", [folder / "people.csv"])
    made.plan_import(folder / "plan.yaml")
    made.plan_publish(on=date(2025, 3, 14))
    made.import_("seats", [folder / "seats.csv"])
    made.assign()
    made.user_add("ada", PASSWORD)
    return made


def number_of(workspace: Workspace, name: str) -> int:
    """A user's number."""
    return next(user.id for user in workspace.user_list() if user.name == name)


def as_user(workspace: Workspace, name: str, via: str = "", narrowing: Narrowing | None = None) -> Workspace:
    """The workspace in a user's name."""
    return workspace.acting_as(Principal(name, number_of(workspace, name), via=via, narrowing=narrowing or Narrowing()))
