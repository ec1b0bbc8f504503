"""The command that adds, changes and removes a seat of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from metes.cli.output import Console, say
from metes.cli.planning import plan_app

if TYPE_CHECKING:
    from metes.app.workspace import Workspace
    from metes.model.plan import Seat


def add_to(_app: typer.Typer) -> None:
    """Add the command to those of plans."""
    plan_app.command("seat")(plan_seat)


def plan_seat(
    context: typer.Context,
    key: str = typer.Argument(..., metavar="SEAT", help="The seat's key."),
    plan: str = typer.Argument("", metavar="[PLAN]", help="A revision; else the open draft of the active plan, or a new one."),
    territory: str | None = typer.Option(None, help="The territory it stands on; a new seat needs it."),
    name: str | None = typer.Option(None, help="Its name for people."),
    role: str | None = typer.Option(None, help="What it does, such as 'account executive'."),
    owns: bool | None = typer.Option(None, "--owns/--helps", help="Whether who sits there owns the accounts."),
    hours: int | None = typer.Option(None, help="Its hours in a year; 0 for none said."),
    ramp: float | None = typer.Option(None, help="The share of its hours while new, such as 0.6; 1 for all."),
    licence: list[str] = typer.Option(
        [], help="A licence it has; several times for several, which take the place of those before."
    ),
    base: str | None = typer.Option(
        None, help="Where it sets out from: degrees such as '39.74, -104.99', an account's id, or a place such as 'Denver, CO'."
    ),
    no_base: bool = typer.Option(False, "--no-base", help="Take its base away."),
    remove: bool = typer.Option(False, "--remove", help="Take the seat out."),
) -> int:
    """Add or change a seat in a draft of a plan; what is not named stays as it is."""
    given = {"territory": territory, "name": name, "role": role, "owns": owns, "ramp_share": ramp}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    changes |= {"capacity_hours": hours or None} if hours is not None else {}
    changes |= {"licences": tuple(licence)} if licence else {}
    changes |= {"base_latitude": None, "base_longitude": None} if no_base else {}
    console: Console = context.obj
    with console.workspace() as workspace:
        reference = plan or str(workspace.draft_or_active().id)
        place = workspace.place_find(base) if base is not None else None
        if place is not None:
            changes |= {"base_latitude": place.latitude, "base_longitude": place.longitude}
        if remove:
            revision = workspace.seat_remove(key, reference=reference)
        else:
            revision = workspace.seat_set(_changed(workspace, reference, key, changes), reference=reference)
    if console.is_json:
        console.emit({"revision": revision, "seat": key, "removed": remove, "base": place})
        return 0
    if place is not None:
        say(f"its base is {place.name} ({place.latitude:.4f}, {place.longitude:.4f}), found by {place.found_by}")
    done = "taken out of" if remove else "written into"
    say(f"seat {key} is {done} draft {revision.id}; 'metes plan preview {revision.id}', then 'metes plan publish {revision.id}'")
    return 0


def _changed(workspace: Workspace, reference: str, key: str, changes: dict[str, Any]) -> Seat:
    """The seat of a revision with the changes, a new one where the revision has none of the key; InputError for one without territory."""
    from dataclasses import replace

    from metes.base.errors import InputError
    from metes.model.plan import Seat

    old = next((seat for seat in workspace.plan_show(reference)[1].seats if seat.key == key), None)
    if old is not None:
        return replace(old, **changes)
    if "territory" not in changes:
        raise InputError(f"the plan has no seat '{key}'; name the --territory that a new one stands on")
    return Seat(key, **changes)
