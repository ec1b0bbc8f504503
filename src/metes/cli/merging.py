"""The command that merges two revisions of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from metes.base.errors import InputError
from metes.cli.output import Console, say

if TYPE_CHECKING:
    from metes.app.merging import MergeOutcome
    from metes.plan.merge import MergeConflict

SHOWN = 100
UNSETTLED = 2
TAKE = typer.Option(
    [], "--take", metavar="KEY=SIDE", help="Settle the conflict of a key for ours, theirs or base; as often as needed."
)
ALL = typer.Option(None, "--all", metavar="SIDE", help="Settle every other conflict for ours, theirs or base.")


def plan_merge(
    context: typer.Context,
    source: str = typer.Argument("active", help="What to bring in: a revision's number, a scenario's name, active, scheduled."),
    into: str = typer.Option("draft", "--into", help="The scenario that takes it in."),
    take: list[str] = TAKE,
    rest: str | None = ALL,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what the merge would come to; write nothing."),
    note: str = typer.Option("", help="Why, for the log."),
) -> int:
    """Bring what another revision changed into a scenario; with a conflict left nothing is written."""
    console: Console = context.obj
    choices = choices_of(take)
    with console.workspace() as workspace:
        outcome = workspace.plan_merge(source, into, choices=choices, rest=rest, dry_run=dry_run, note=note)
    if console.is_json:
        console.emit(outcome)
    else:
        show(outcome, is_dry=dry_run)
    return 0 if outcome.is_settled else UNSETTLED


def choices_of(take: Sequence[str]) -> dict[str, str]:
    """Choices by the key of their conflict; InputError for one without '='."""
    choices = {}
    for text in take:
        key, equals, side = text.rpartition("=")
        if not equals:
            raise InputError(f"expected KEY=ours, KEY=theirs or KEY=base after --take, got '{text[:90]}'")
        choices[key] = side
    return choices


def show(outcome: MergeOutcome, *, is_dry: bool) -> None:
    """Print what a merge changes, or the conflicts that keep it from being taken."""
    if not outcome.is_settled:
        show_conflicts(outcome.conflicts)
        say(f"{_of(outcome)}: {counted(len(outcome.conflicts), 'conflict')} to settle; nothing was written")
        say(
            "settle each with --take 'KEY=ours' (the scenario), 'KEY=theirs' or 'KEY=base' (what both came from), the rest with --all SIDE"
        )
        return
    for step in outcome.steps[:SHOWN]:
        print(step.sentence)
    if len(outcome.steps) > SHOWN:
        say(f"… and {len(outcome.steps) - SHOWN:,} more (--json lists all)")
    settled = f", {counted(len(outcome.settled), 'conflict')} settled" if outcome.settled else ""
    steps = counted(len(outcome.steps), "step")
    if is_dry:
        say(f"{_of(outcome)} would be {steps}{settled}; nothing was written")
    elif outcome.revision is None:
        say(f"{outcome.ours.label} has all of {outcome.theirs.label} already; nothing was written")
    else:
        say(f"{_of(outcome)}: {steps}{settled}; 'metes plan check {outcome.revision.id}', then look at its preview")


def show_conflicts(conflicts: Sequence[MergeConflict]) -> None:
    """Print conflicts, each with the key that names it in choices."""
    for conflict in conflicts[:SHOWN]:
        print(conflict.key)
        print(f"  {conflict.sentence}")
    if len(conflicts) > SHOWN:
        say(f"… and {len(conflicts) - SHOWN:,} more (--json lists all)")


def _of(outcome: MergeOutcome) -> str:
    return f"{outcome.theirs.label} into {outcome.ours.label}"


def counted(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
