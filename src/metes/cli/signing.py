"""Commands for how users sign in: their sessions, and a second factor that is lost."""

from __future__ import annotations

import typer

from metes.cli.output import Console, counted
from metes.cli.users import user_app


def add_to(app: typer.Typer) -> None:
    """Add these commands: they stand among those of users."""
    del app


@user_app.command("second-factor-off")
def user_second_factor_off(context: typer.Context, name: str) -> int:
    """Take a user's second factor away, such as when the telephone is lost."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_second_factor_off(name)
    console.done({"user": name, "has_second_factor": False}, f"{name} has no second factor any more")
    return 0


@user_app.command("sessions")
def user_sessions(context: typer.Context, name: str) -> int:
    """List where a user is signed in."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.user_sessions(name)
    rows = [
        {
            "session": s.number,
            "since": s.created_at,
            "seen": s.seen_at,
            "ends": s.expires_at,
            "address": s.address,
            "browser": s.agent,
            "by": s.method,
            "awaits_factor": s.awaits_factor,
        }
        for s in found
    ]
    if console.is_json:
        console.emit(rows)
    else:
        headers = ["since", "last seen", "address", "browser", "by"]
        console.table(headers, [[r["since"], r["seen"], r["address"], r["browser"], r["by"]] for r in rows])
    return 0


@user_app.command("end-sessions")
def user_end_sessions(context: typer.Context, name: str) -> int:
    """Sign a user out everywhere."""
    console: Console = context.obj
    with console.workspace() as workspace:
        count = workspace.user_end_sessions(name)
    console.done({"user": name, "ended": count}, f"{name} is signed out of {counted(count, 'session', 'sessions')}")
    return 0
