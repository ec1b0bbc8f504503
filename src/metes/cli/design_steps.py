"""Commands that change a design by hand, each a step that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from metes.cli.design_words import NUMBER
from metes.cli.output import Console, say

UNITS = typer.Argument(..., metavar="UNITS", help="Ids of zones or accounts.")
TERRITORY = typer.Argument(..., metavar="TERRITORY", help="The key, seat or name of a territory.")


def add_to(design_app: typer.Typer) -> None:
    """Add these commands."""
    for name, command in (
        ("move", design_move),
        ("lock", design_lock),
        ("unlock", design_unlock),
        ("rename", design_rename),
        ("recolour", design_recolour),
        ("undo", design_undo),
        ("redo", design_redo),
    ):
        design_app.command(name)(command)


def design_move(
    context: typer.Context,
    design: int = NUMBER,
    territory: str = typer.Argument(..., metavar="TERRITORY", help="The key, seat or name of a territory; 'none' for none."),
    units: list[str] = UNITS,
) -> int:
    """Give units to a territory."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_move(design, units, territory))


def design_lock(context: typer.Context, design: int = NUMBER, units: list[str] = UNITS) -> int:
    """Lock units where they are, so that neither hands nor the engine move them."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_lock(design, units))


def design_unlock(context: typer.Context, design: int = NUMBER, units: list[str] = UNITS) -> int:
    """Let units move again."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_unlock(design, units))


def design_rename(
    context: typer.Context,
    design: int = NUMBER,
    territory: str = TERRITORY,
    name: str = typer.Argument(..., metavar="NAME", help="Its new name."),
) -> int:
    """Give a territory of a design another name."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_rename(design, territory, name))


def design_recolour(
    context: typer.Context,
    design: int = NUMBER,
    territory: str = TERRITORY,
    colour: int = typer.Argument(..., metavar="COLOUR", min=0, max=11, help="A number of the palette, 0 to 11."),
) -> int:
    """Give a territory of a design another colour."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_recolour(design, territory, colour))


def design_undo(context: typer.Context, design: int = NUMBER) -> int:
    """Take the last step back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_undo(design))


def design_redo(context: typer.Context, design: int = NUMBER) -> int:
    """Do again what was taken back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_redo(design))


def _answer(console: Console, answer: Mapping[str, Any]) -> int:
    if console.is_json:
        console.emit(answer)
    else:
        say(answer["text"])
    return 0
