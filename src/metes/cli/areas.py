"""Commands of a plan's areas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.cli import output
from metes.cli.output import Console, say

if TYPE_CHECKING:
    from metes.app.areas import AreasAdded

area_app = typer.Typer(
    help="Areas of a plan: parts of the map that rules ask for by name.", no_args_is_help=True, rich_markup_mode=None
)
FILE = typer.Argument(..., metavar="FILE", help="A GeoJSON file with polygons, in degrees.")
PLAN = typer.Option(None, "--plan", help="The draft to change; else the open draft of the active plan, else a new one.")


@area_app.command("list")
def area_list(context: typer.Context, plan: str = typer.Argument("active", metavar="[PLAN]", help="Of which revision.")) -> int:
    """List the areas of a plan with their size and the rules that ask for them."""
    console: Console = context.obj
    with console.workspace() as workspace:
        areas = workspace.plan_area_list(plan)
    if console.is_json:
        console.emit(areas)
    else:
        rows = [[a.key, a.name, round(a.square_km, 1), a.polygons, a.vertices, len(a.rules)] for a in areas]
        console.table(["area", "name", "km²", "polygons", "positions", "rules"], rows)
        if not areas:
            say("the plan has no areas; 'metes plan area add NAME FILE' puts one into the draft")
    return 0


@area_app.command("show")
def area_show(
    context: typer.Context,
    name: str = typer.Argument(..., help="The area's key."),
    plan: str = typer.Argument("active", metavar="[PLAN]", help="Of which revision."),
) -> int:
    """Print one area as GeoJSON; with --json its size, box and rules too."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if console.is_json:
            summary, area = workspace.plan_area_show(name, plan)
            console.emit({"area": summary, "geometry": json.loads(area.geometry)})
        else:
            print(workspace.plan_area_text(name, plan), end="")
    return 0


@area_app.command("add")
def area_add(
    context: typer.Context,
    name: str = typer.Argument(..., help="The area's key, such as front-range; rules say: in area 'front-range'."),
    file: Path = FILE,
    title: str | None = typer.Option(None, "--title", help="The area's name for people; else the file's."),
    comment: str | None = typer.Option(None, "--comment", help="Why it is as it is."),
    plan: str | None = PLAN,
) -> int:
    """Put an area into the draft: all polygons of a file together, in the place of an area with this key."""
    console: Console = context.obj
    with console.workspace() as workspace:
        added = workspace.plan_area_add(name, file, name=title, comment=comment, reference=plan)
    return _told(console, added)


@area_app.command("add-each")
def area_add_each(
    context: typer.Context,
    file: Path = FILE,
    property_: str = typer.Option(..., "--property", metavar="NAME", help="The property of the features that names their area."),
    prefix: str = typer.Option("", "--prefix", help="What stands before each key, such as us-."),
    plan: str | None = PLAN,
) -> int:
    """Put an area for each value of a property into the draft, such as every county of a state."""
    console: Console = context.obj
    with console.workspace() as workspace:
        added = workspace.plan_area_add_each(file, property_, prefix=prefix, reference=plan)
    return _told(console, added)


@area_app.command("remove")
def area_remove(context: typer.Context, name: str = typer.Argument(..., help="The area's key."), plan: str | None = PLAN) -> int:
    """Take an area out of the draft."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision = workspace.plan_area_remove(name, reference=plan)
    if console.is_json:
        console.emit(revision)
    else:
        say(f"area {name} is gone from draft {revision.id}; 'metes plan check {revision.id}' says whether a rule still asks for it")
    return 0


def _told(console: Console, added: AreasAdded) -> int:
    if console.is_json:
        console.emit({"revision": added.revision, "areas": [area.key for area in added.areas], "findings": added.findings})
    else:
        output.say_findings(added.findings)
        keys = ", ".join(area.key for area in added.areas[:5]) + (", …" if len(added.areas) > 5 else "")
        what = f"{len(added.areas):,} areas are" if len(added.areas) > 1 else "the area is"
        say(f"{what} in draft {added.revision.id}: {keys}; rules ask for one with: in area '{added.areas[0].key}'")
    return 1 if added.findings else 0
