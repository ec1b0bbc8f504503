"""The demo company's users: whoever runs it, and one of each role that sees by tree, on real seats, so that anybody can try."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metes.app.workspace import Workspace
from metes.identity.secrets import new_password
from metes.model.access import UserRole

ADMINISTRATOR = "demo"
KEPT_IN = "sign-in.json"
_LEADS, _MANAGES, _SELLS = "vice president", "area manager", "account executive"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody to try the demo as: what they are to the workspace, and on which seat they sit (empty: on none)."""

    name: str
    role: UserRole
    seat: str = ""
    person: str | None = None
    password: str = ""


def make_users(workspace: Workspace, folder: Path) -> tuple[DemoUser, ...]:
    """The users with their passwords, which are kept beside the demo's files, so that a second start can tell them again."""
    path = folder / KEPT_IN
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    known = {user.name for user in workspace.user_list()}
    found = []
    for user in _wanted(workspace):
        password = kept.get(user.name, "")
        if user.name not in known:
            password = workspace.user_add(user.name, new_password(), roles=[user.role], person=user.person)
        elif not password:
            password = workspace.user_password(user.name, new_password())
        found.append(DemoUser(user.name, user.role, user.seat, user.person, password))
    path.write_text(json.dumps({user.name: user.password for user in found}))
    path.chmod(0o600)
    return tuple(found)


def _wanted(workspace: Workspace) -> Sequence[DemoUser]:
    """An administrator, an auditor, and a leader, a manager and a rep on seats below one another."""
    plan = workspace.require_active()[1]
    seated = workspace.seated_on([territory.key for territory in plan.territories])
    sat = {seat.seat: seat.person_key for seat in seated if seat.person}
    taken = [seat for seat in plan.seats if seat.key in sat]
    wanted = [DemoUser(ADMINISTRATOR, UserRole.ADMINISTRATOR), DemoUser("auditor", UserRole.AUDITOR)]
    above = ""
    for name, role, called in (
        ("leader", UserRole.LEADER, _LEADS),
        ("manager", UserRole.MANAGER, _MANAGES),
        ("rep", UserRole.REP, _SELLS),
    ):
        below = [s for s in taken if s.role == called and (not above or above in {t.key for t in plan.ancestors(s.territory)})]
        if below:
            seat = min(below, key=lambda s: s.key)
            above = seat.territory
            wanted.append(DemoUser(name, role, seat.key, sat[seat.key]))
    return wanted
