"""What the commands of plans say of proofs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from metes.base.findings import Severity
from metes.cli import output
from metes.cli.output import Console, say

if TYPE_CHECKING:
    from metes.app.proofs import PlanCheck
    from metes.app.workspace import Workspace

FINDINGS_SHOWN = 100


def check_and_prove(console: Console, workspace: Workspace, plan: str) -> int:
    """Check and prove a plan folder or a plan in the store, and say all of it; the exit status.

    0 where the plan is proved and there is nothing to say, 1 with warnings, notes or no proof, 2 with errors.
    """
    with console.progress() as progress:
        found = workspace.plan_prove(Path(plan) if Path(plan).exists() else plan, progress)
    if console.is_json:
        console.emit(found)
    else:
        output.say_findings(found.findings, shown=FINDINGS_SHOWN)
        say(figures(found))
        print(found.sentence)
    if any(f.severity is Severity.ERROR for f in found.findings):
        return 2
    return 0 if found.is_proved and not found.findings else 1


def figures(found: PlanCheck) -> str:
    """What a proof looked at, in a line."""
    counts = ((found.rules, "rule", "rules"), (found.samples, "made-up account", "made-up accounts"))
    parts = [f"{count:,} {one if count == 1 else many}" for count, one, many in counts]
    return f"{', '.join(parts)}, solver asked {found.questions:,} times, {found.seconds:.1f} s"


def say_verdict(workspace: Workspace, plan: str) -> None:
    """Say what is proved of a plan before it is published, where that is at hand or quick."""
    found = workspace.plan_verdict(plan)
    if found is not None:
        say(found.sentence)
    else:
        say(f"not proved yet whether it leaves gaps or doubles: 'metes plan check {plan} --prove'")
