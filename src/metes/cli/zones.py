"""Commands of zone sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.base.findings import Severity
from metes.cli import output
from metes.cli.output import Console, say

if TYPE_CHECKING:
    from metes.app.zones import ZoneSetAdded

zones_app = typer.Typer(
    help="Sets of zones: counties, postal codes, countries, and any GeoJSON.", no_args_is_help=True, rich_markup_mode=None
)
KEY = typer.Argument(..., metavar="KEY", help="The set's key, such as us-counties.")
_LINKS_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(zones_app, name="zones")


@zones_app.command("list")
def zones_list(context: typer.Context) -> int:
    """List the zone sets: those that come with Metes, then those that were added."""
    console: Console = context.obj
    with console.workspace() as workspace:
        sets = workspace.zone_set_list()
    if console.is_json:
        console.emit(sets)
    else:
        rows = [[s.key, s.name, s.kind, s.zones, "with Metes" if s.is_built_in else s.added_by, s.source] for s in sets]
        console.table(["set", "name", "kind", "zones", "added", "source"], rows)
    return 0


@zones_app.command("show")
def zones_show(context: typer.Context, key: str = KEY) -> int:
    """Show one set: its measures, neighbours, and the links that join its islands; with --json all links."""
    console: Console = context.obj
    with console.workspace() as workspace:
        zones = workspace.zone_set(key)
        links = workspace.zone_links(zones)
    measures = {name: float(values.sum()) for name, values in zones.measures.items()}
    about = {"key": zones.key, "name": zones.name, "kind": zones.kind.value, "source": zones.source, "zones": len(zones)}
    about |= {"shapes": sum(shape is not None for shape in zones.shapes), "neighbours": len(zones.pairs)}
    if console.is_json:
        console.emit({**about, "measures": measures, "links": links})
        return 0
    for name, value in about.items():
        print(f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}")
    for name, total in measures.items():
        print(f"measure {name}: {total:,.0f} in all")
    print(f"links: {len(links):,}")
    for link in links[:_LINKS_SHOWN]:
        print(f"  {link}")
    if len(links) > _LINKS_SHOWN:
        print(f"  … and {len(links) - _LINKS_SHOWN:,} more (--json lists all)")
    return 0


@zones_app.command("add")
def zones_add(
    context: typer.Context,
    key: str = typer.Argument(..., metavar="KEY", help="The new set's key; a set that was added under it is replaced."),
    file: Path = typer.Argument(..., metavar="FILE", help="A GeoJSON file with polygons, in degrees; .gz too."),
    id_: str = typer.Option(..., "--id", metavar="PROPERTY", help="The property that holds each zone's id."),
    title: str = typer.Option("", "--title", help="The set's name for people."),
    name: str = typer.Option("", "--name", metavar="PROPERTY", help="The property that holds each zone's name; else its id."),
    region: str = typer.Option("", "--region", metavar="PROPERTY", help="The property that holds the region a zone is in."),
    measure: list[str] = typer.Option([], "--measure", metavar="PROPERTY", help="A property that holds a number; may be repeated."),
) -> int:
    """Add the zones of a GeoJSON file: repaired, simplified, with their neighbours."""
    console: Console = context.obj
    with console.workspace() as workspace:
        added = workspace.zone_set_add(
            key, file, id_property=id_, name=title, name_property=name, region_property=region, measures=measure
        )
    return _told(console, key, added)


@zones_app.command("measure")
def zones_measure(
    context: typer.Context,
    key: str = typer.Argument(..., metavar="KEY", help="The new set's key; a set that was added under it is replaced."),
    of: str = typer.Argument(..., metavar="SET", help="The set whose zones it has, such as us-counties."),
    file: Path = typer.Argument(..., metavar="FILE", help="A table with a row for each zone: CSV, Excel, Parquet or JSON."),
    id_: str = typer.Option(..., "--id", metavar="COLUMN", help="The column that holds each zone's id."),
    measure: list[str] = typer.Option(..., "--measure", metavar="COLUMN", help="A column that holds a number; may be repeated."),
    title: str = typer.Option("", "--title", help="The set's name for people."),
) -> int:
    """Add a set with the zones of another and measures of a table beside its own."""
    console: Console = context.obj
    with console.workspace() as workspace:
        added = workspace.zone_set_measure(key, of, file, id_column=id_, measures=measure, name=title)
    return _told(console, key, added)


def _told(console: Console, key: str, added: ZoneSetAdded) -> int:
    zones = added.zones
    if console.is_json:
        told = {"key": key, "zones": len(zones), "neighbours": len(zones.pairs), "links": len(zones.links)}
        console.emit({**told, "findings": added.findings})
    else:
        output.say_findings(added.findings)
        say(f"{key} holds zones: {len(zones):,}, pairs of neighbours: {len(zones.pairs):,}, links: {len(zones.links):,}")
    return 1 if any(finding.severity is not Severity.NOTE for finding in added.findings) else 0


@zones_app.command("remove")
def zones_remove(
    context: typer.Context,
    key: str = KEY,
    undo: bool = typer.Option(False, "--undo", help="Bring back the set of this key that was removed or replaced last."),
) -> int:
    """Remove a set that was added."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if undo:
            workspace.zone_set_restore(key)
        else:
            workspace.zone_set_remove(key)
    if console.is_json:
        console.emit({"restored" if undo else "removed": key})
    else:
        say(f"{key} is back" if undo else f"{key} is removed; 'metes zones remove {key} --undo' brings it back")
    return 0


@zones_app.command("shapes")
def zones_shapes(
    context: typer.Context,
    key: str = KEY,
    file: Path = typer.Argument(..., metavar="FILE", help="The file to write; none may be there."),
) -> int:
    """Write a set as GeoJSON: id, name, region and measures of each zone with its shape, or its point where it has none."""
    console: Console = context.obj
    with console.workspace() as workspace:
        zones = workspace.zone_set(key)
        workspace.zone_set_export(zones, file)
    if console.is_json:
        console.emit({"file": file, "zones": len(zones)})
    else:
        say(f"wrote {len(zones):,} zones to {file}")
    return 0
