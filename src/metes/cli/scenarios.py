"""Commands of a plan's life: scenarios branched, reviewed and approved, publications cancelled and taken back, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from metes.cli import output
from metes.cli.output import Console, say
from metes.cli.planning import plan_app

if TYPE_CHECKING:
    from metes.planning.reviewing import Review
    from metes.store.plans import Revision

rights_app = typer.Typer(
    help="Who may propose, review, approve and publish which part of the plan.", no_args_is_help=True, rich_markup_mode=None
)
DRAFT = typer.Argument("draft", metavar="[PLAN]", help="A scenario's name or number, or draft for the newest one.")
PART = typer.Option("", "--part", help="A part by the key of its territory; else the whole plan's own part.")


def add_to(app: typer.Typer) -> None:
    """Add these commands; importing this module has added those of plans."""
    app.add_typer(rights_app, name="rights")


@plan_app.command("branch")
def plan_branch(
    context: typer.Context,
    title: str = typer.Argument(..., help="What the scenario is called."),
    origin: str = typer.Option("active", "--from", help="The revision or scenario to begin with."),
    note: str = typer.Option("", help="Why."),
) -> int:
    """Begin a scenario: a copy of a plan that can be changed, compared, reviewed and published."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision = workspace.plan_branch(title, reference=origin, note=note)
    return _said(
        console, revision, f"scenario '{revision.title}' is revision {revision.id}, branched from revision {revision.parent_id}"
    )


@plan_app.command("rename")
def plan_rename(context: typer.Context, plan: str, title: str) -> int:
    """Give a scenario another name."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision = workspace.plan_rename(title, plan)
    return _said(console, revision, f"revision {revision.id} is called '{revision.title}' now")


@plan_app.command("propose")
def plan_propose(
    context: typer.Context,
    plan: str = DRAFT,
    why: str = typer.Option(..., "--why", help="The reason for the change, for those who review it."),
    by: str | None = typer.Option(None, "--by", help="Until when it should be reviewed (2026-03-14)."),
) -> int:
    """Put a scenario into review."""
    console: Console = context.obj
    with console.workspace() as workspace:
        review = workspace.plan_propose(plan, rationale=why, due_on=output.day_of(by))
    return _show(console, review)


@plan_app.command("withdraw")
def plan_withdraw(context: typer.Context, plan: str = DRAFT) -> int:
    """Take a scenario out of review."""
    console: Console = context.obj
    with console.workspace() as workspace:
        review = workspace.plan_withdraw(plan)
    return _show(console, review)


@plan_app.command("review")
def plan_review(context: typer.Context, plan: str = DRAFT) -> int:
    """Show a scenario's parts, what was decided of each, and what was said."""
    console: Console = context.obj
    with console.workspace() as workspace:
        review = workspace.plan_review(plan)
    return _show(console, review)


@plan_app.command("approve")
def plan_approve(
    context: typer.Context, plan: str = DRAFT, part: str = PART, comment: str = typer.Option("", help="A word with it.")
) -> int:
    """Approve a part of a scenario."""
    console: Console = context.obj
    with console.workspace() as workspace:
        review = workspace.plan_decide(plan, part, "approve", comment)
    return _show(console, review)


@plan_app.command("ask")
def plan_ask(
    context: typer.Context, plan: str = DRAFT, part: str = PART, comment: str = typer.Option(..., help="What should change.")
) -> int:
    """Ask for changes of a part of a scenario."""
    console: Console = context.obj
    with console.workspace() as workspace:
        review = workspace.plan_decide(plan, part, "ask", comment)
    return _show(console, review)


@plan_app.command("comment")
def plan_comment(
    context: typer.Context,
    plan: str,
    text: str,
    about: str = typer.Option("", "--about", help="What it is about, as a step names it: 'territory west'; else the whole."),
    reply_to: int | None = typer.Option(None, "--reply-to", help="The number of the comment it answers."),
    resolve: int | None = typer.Option(None, "--resolve", help="Settle the comment of this number too."),
) -> int:
    """Comment on an item of a scenario."""
    console: Console = context.obj
    with console.workspace() as workspace:
        number = workspace.plan_comment(plan, about, text, reply_to=reply_to)
        if resolve is not None:
            workspace.plan_comment_resolve(resolve)
    console.emit({"comment": number}) if console.is_json else say(f"comment {number} stands at {about or 'the whole plan'}")
    return 0


@plan_app.command("publications")
def plan_publications(context: typer.Context) -> int:
    """List what was published, from which day, by whom and why; what was cancelled too."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.publications()
    if console.is_json:
        console.emit(found)
    else:
        headers = ["number", "from", "what", "plan", "by", "recorded", "cancelled", "why"]
        rows = [
            [p.id, p.effective_on, p.kind, p.title or f"revision {p.revision_id}", p.publisher, f"{p.recorded_at:%Y-%m-%d %H:%M}",
             p.cancel_reason, p.rationale.split("\n")[0][:60]]
            for p in found
        ]  # fmt: skip
        console.table(headers, rows)
    return 0


@plan_app.command("publication")
def plan_publication(
    context: typer.Context,
    number: int,
    at: str | None = typer.Option(None, "--at", help="What was true on this day, moves and hand-overs counted; else today."),
) -> int:
    """Show what a publication promised, what is true now, and what it told whom."""
    console: Console = context.obj
    with console.workspace() as workspace:
        record = workspace.publication(number, at=output.day_of(at))
    if console.is_json:
        console.emit(record)
        return 0
    p = record.publication
    print(f"publication {p.id}: {p.title or f'revision {p.revision_id}'} from {p.effective_on}, by {p.publisher}")
    if p.rationale:
        print(p.rationale)
    promised = p.promised or {}
    rows = [[name, promised.get(name), record.actual.get(name)] for name in ("moved", "gaps", "disruption")]
    even = [(m or {}).get("balance") or {} for m in (promised, record.actual)]
    rows += [
        [f"balance: {word}", *(one.get(name) for one in even)]
        for name, word in (("largest", "largest over average"), ("gini", "Gini"))
    ]
    console.table(["", "promised", f"on {record.actual['day']}"], rows)
    for message in record.messages:
        print(f"{message.person}: {message.text} {'[read]' if message.acknowledged_at else '[not read yet]'}")
    return 0


@plan_app.command("cancel")
def plan_cancel(
    context: typer.Context,
    number: int = typer.Argument(..., help="The publication's number, see 'metes plan publications'."),
    why: str = typer.Option(..., "--why", help="The reason, for those who were told."),
) -> int:
    """Cancel a publication before its day; its revision is a scenario again."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision = workspace.plan_cancel(number, why)
    return _said(console, revision, f"publication {number} was cancelled; revision {revision.id} is a {revision.state} again")


@plan_app.command("revert")
def plan_revert(
    context: typer.Context,
    number: int = typer.Argument(..., help="The publication's number, see 'metes plan publications'."),
    take: list[str] = typer.Option([], "--take", help="KEY=ours or KEY=theirs: settle a conflict; ours keeps the plan of now."),
    note: str = typer.Option("", help="Why."),
) -> int:
    """Begin a scenario that takes a publication back; publish it like any change."""
    console: Console = context.obj
    choices = dict(part.rpartition("=")[::2] for part in take)
    with console.workspace() as workspace:
        outcome = workspace.plan_revert(number, choices=choices, note=note)
        steps = workspace.plan_diff("active", str(outcome.revision.id)) if outcome.revision else ()
    if console.is_json:
        console.emit({"revision": outcome.revision, "conflicts": outcome.conflicts, "steps": steps})
    elif outcome.revision is None:
        for conflict in outcome.conflicts:
            print(f"{conflict.key}: {conflict.sentence}")
        say(f"{len(outcome.conflicts)} conflicts; nothing was written. Settle each with --take KEY=ours or --take KEY=theirs")
    else:
        for step in steps:
            print(step.sentence)
        say(
            f"revision {outcome.revision.id} takes publication {number} back; 'metes plan publish {outcome.revision.id}' puts it in force"
        )
    return 0 if outcome.revision else 2


@rights_app.command("list")
def rights_list(context: typer.Context) -> int:
    """List who may do what; where nobody has a right, everybody has it."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.rights_list()
    if console.is_json:
        console.emit(found)
    else:
        rows = [[r.id, r.user, r.right, r.territory or "(the whole plan)", r.granted_by, f"{r.granted_at:%Y-%m-%d}"] for r in found]
        console.table(["number", "user", "may", "at and below", "by", "since"], rows)
    return 0


@rights_app.command("grant")
def rights_grant(
    context: typer.Context,
    user: str,
    right: str = typer.Argument(..., help="propose, review, approve or publish."),
    territory: str = typer.Option("", "--at", help="At and below this territory; else everywhere."),
) -> int:
    """Let a user propose, review, approve or publish changes of a part of the plan."""
    console: Console = context.obj
    with console.workspace() as workspace:
        number = workspace.right_grant(user, right, territory)
    console.emit({"right": number}) if console.is_json else say(f"right {number}: {user} may {right} {territory or 'everywhere'}")
    return 0


@rights_app.command("revoke")
def rights_revoke(context: typer.Context, number: int) -> int:
    """Take a right back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.right_revoke(number)
    console.emit({"right": number, "is_revoked": True}) if console.is_json else say(f"right {number} was taken back")
    return 0


def _said(console: Console, revision: Revision, sentence: str) -> int:
    console.emit(revision) if console.is_json else say(sentence)
    return 0


def _show(console: Console, review: Review) -> int:
    if console.is_json:
        console.emit(review)
        return 0
    revision, proposal = review.revision, review.proposal
    print(f"{revision.label} (revision {revision.id}), {revision.state}")
    if proposal is not None:
        due = f", wanted by {proposal.due_on}" if proposal.due_on else ""
        print(f"proposed by {proposal.proposed_by}{due}: {proposal.rationale}")
    rows = [
        [p.part.key or "(the whole plan)", len(p.part.steps), f"{len(p.approvals)} of {p.needed}", ", ".join(d.author for d in p.asks),
         "everybody" if p.approvers is None else ", ".join(p.approvers), "" if p.may_decide else p.why_not]
        for p in review.parts
    ]  # fmt: skip
    console.table(["part", "steps", "approvals", "asks for changes", "may approve", "not you, because"], rows)
    for c in review.comments:
        done = " [settled]" if c.resolved_at else ""
        print(f"#{c.id} {c.author}{f' on {c.subject}' if c.subject else ''}: {c.text}{done}")
    return 0
