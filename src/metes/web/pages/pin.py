"""Pinning accounts to a territory, or keeping them out of one: choose, see what would move, then into a draft or published at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.workspace import Workspace
from metes.base.dates import ALWAYS, Period, parse_day
from metes.base.errors import Conflict, InputError
from metes.model.condition import In
from metes.model.plan import Pin, Plan
from metes.model.query import AccountQuery
from metes.web.account_list import read_ask
from metes.web.addresses import Address
from metes.web.marks import Marks
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/accounts/pin"
MOST = 10_000
_NAMED = 8
_OWN = ("target", "target_text", "reason", "from", "to", "kind", "csrf_token", "root", "act", "preview")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for; `errors` say by field what is missing or wrong."""

    keys: tuple[str, ...]
    territory: str
    territory_text: str
    reason: str
    start: str
    end: str
    is_exclusion: bool
    period: Period = ALWAYS
    errors: Mapping[str, str] = field(default_factory=dict)

    def pins(self, author: str) -> list[Pin]:
        """The pins, one for each account."""
        return [Pin(key, self.territory, self.reason, author, self.period, self.is_exclusion) for key in self.keys]


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """Choose the territory, then see what would move."""
    visit.require("plan_edit")
    return _show(visit, visit.address)


@router.post(PATH)
def pin(visit: SignedIn, form: Form) -> Response:
    """Put the pins into the draft, or publish them at once."""
    address = Address(PATH, tuple((name, str(value)) for name, value in form.multi_items()))  # type: ignore[attr-defined]
    plan = visit.workspace.require_active()[1]
    wish = _read(address, visit.workspace, plan)
    if wish.errors or not wish.keys:
        return _show(visit, address, status=422)
    if visit.workspace.draft_or_active().root_hash != address.get("root"):
        raise Conflict("somebody changed the draft since you looked; look at what would move again, then repeat")
    draft = visit.workspace.pin(wish.pins(visit.user.name))
    what = _sentence(wish, plan, f"in {called(draft)}")
    if address.get("act") != "publish":
        return visit.go(_done(draft.id, wish, visit.user.name), ("good", what))
    try:
        revision = visit.workspace.plan_publish(str(draft.id), expected_root=draft.root_hash)
    except InputError as error:
        return visit.go(f"/plan?revision={draft.id}", ("warn", f"{what} It is not published: {error}"))
    job = visit.workspace.publication_job(revision.id) or visit.workspace.assign_queue()
    return visit.go(f"/jobs/{job}", ("good", f"{_sentence(wish, plan, 'from today on')} The ledger is being written."))


@router.get("/accounts/pin/done")
def show_done(visit: SignedIn) -> Response:
    """What was put into the draft, with the ways on: publish it, look at it, take it back."""
    visit.require("plan_edit")
    address = visit.address
    plan = visit.workspace.plan_show(address.get("draft", "draft"))[1]
    like = _like(address)
    count = sum(1 for pin in plan.pins if _same(pin, like))
    marks = Marks(plan)
    return visit.page(
        "pin-done.html", like=like, count=count, draft=address.get("draft"), mark=marks.of(like.territory), hidden=address.query
    )


@router.post("/accounts/pin/undo")
def undo(visit: SignedIn, form: Form) -> Response:
    """Take pins back out of the draft; a draft that is left without any change is put away."""
    address = Address(PATH, tuple((name, str(value)) for name, value in form.items()))
    draft = visit.workspace.unpin_alike(_like(address), reference=address.get("draft"))
    if draft.parent_id and not visit.workspace.plan_diff(str(draft.parent_id), str(draft.id)):
        visit.workspace.plan_discard(str(draft.id))
    return visit.go("/accounts", ("good", "The pins are taken back. Nothing has moved."))


def _show(visit: Visit, address: Address, *, status: int = 200) -> Response:
    active = visit.workspace.active()
    if active is None:
        return visit.page("pin.html", status=409, plan=None)
    revision = visit.workspace.draft_or_active()
    plan = visit.workspace.plan_of(revision)
    wish = _read(address, visit.workspace, plan)
    has_tried = bool(address.get("preview") or status != 200)
    preview = (
        visit.workspace.pin_preview(wish.pins(visit.user.name), day=_day(wish, visit))
        if has_tried and wish.keys and not wish.errors
        else None
    )
    others = len(visit.workspace.plan_diff(str(active[0].id), str(revision.id))) if revision.id != active[0].id else 0
    selection = tuple(pair for pair in address.query if pair[0] not in _OWN)
    return visit.page(
        "pin.html",
        status=status,
        plan=plan,
        wish=wish,
        shown=wish.errors if has_tried else {},
        territory_text=wish.territory_text or Marks(plan).name(wish.territory),
        named=_named(visit.workspace, wish.keys),
        too_many=len(wish.keys) > MOST,
        most=MOST,
        selection=selection,
        back=str(Address("/accounts", tuple(pair for pair in selection if pair[0] not in ("selected", "all")))),
        moves=None if preview is None else [_move(m, Marks(plan), visit) for m in preview if m.is_change],
        moving=None if preview is None else sum(m.accounts for m in preview if m.is_change),
        staying=None if preview is None else sum(m.accounts for m in preview if not m.is_change),
        told=_told(visit, preview or ()),
        root=revision.root_hash,
        draft=revision if revision.id != active[0].id else None,
        others=others,
    )


def _read(address: Address, workspace: Workspace, plan: Plan) -> Wish:
    keys = _keys(address, workspace)
    text = address.get("target_text").strip()
    territory = address.get("target") or _territory(plan, text)
    errors: dict[str, str] = {}
    if territory not in plan.territory_by_key:
        errors["target"] = f"There is no one territory called {text}; choose from the list." if text else "Choose a territory."
    if not address.get("reason").strip():
        errors["reason"] = "Say why: whoever asks about the account will read it."
    period, errors = _period(address, errors)
    return Wish(
        keys,
        territory,
        text,
        address.get("reason").strip()[:1000],
        address.get("from"),
        address.get("to"),
        address.get("kind") == "exclude",
        period,
        errors,
    )


def _keys(address: Address, workspace: Workspace) -> tuple[str, ...]:
    """The accounts meant: those ticked that exist, or all that the list's filters match."""
    if address.get("all"):
        ask = read_ask(address, workspace)
        return () if ask.findings else tuple(workspace.account_ids(ask.query, MOST + 1))
    named = tuple(dict.fromkeys(key for key in address.values("selected") if key))[: MOST + 1]
    return tuple(workspace.account_ids(AccountQuery(condition=In("id", named)), MOST + 1)) if named else ()


def _territory(plan: Plan, text: str) -> str:
    """The territory that a typed text names by key or, if only one does, by name."""
    if text in plan.territory_by_key:
        return text
    found = [t.key for t in plan.territories if t.label.lower() == text.lower()]
    return found[0] if len(found) == 1 else ""


def _period(address: Address, errors: dict[str, str]) -> tuple[Period, dict[str, str]]:
    days: dict[str, date | None] = {"from": None, "to": None}
    for name in days:
        if address.get(name):
            try:
                days[name] = parse_day(address.get(name))
            except ValueError:
                errors = {**errors, name: "Write the day as 2027-03-14."}
    start, end = days["from"], days["to"]
    if start and end and start >= end:
        return Period(), {**errors, "to": "It must end after it begins."}
    return Period(start, end), errors


def _day(wish: Wish, visit: Visit) -> date:
    """The first day on which the pins would be in force."""
    today = visit.workspace.today()
    return max(today, wish.period.start or today)


def _named(workspace: Workspace, keys: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    if not keys:
        return ()
    query = AccountQuery(condition=In("id", tuple(keys[:_NAMED])), columns=("id", "name", "city", "region"), rows=_NAMED)
    return workspace.accounts(query).rows


def _move(move: Any, marks: Marks, visit: Visit) -> dict[str, Any]:
    write = visit.environment.filters
    before = marks.of(move.before) or {"name": "no territory", "colour": None, "href": ""}
    return {
        "before": before,
        "after": marks.of(move.after) or {"name": "no territory", "colour": None, "href": ""},
        "accounts": write["count_of"](move.accounts, "account", "accounts"),
        "potential": write["money_compact"](move.potential),
        "pipeline": write["money_compact"](move.pipeline) if move.pipeline else "",
    }


def _told(visit: Visit, moves: Iterable[Any]) -> list[str]:
    """The people on owning seats of the territories that win or lose."""
    keys = {key for move in moves if move.is_change for key in (move.before, move.after) if key}
    return sorted({seat.person for seat in visit.workspace.seated_on(sorted(keys)) if seat.person and seat.owns}) if keys else []


def _sentence(wish: Wish, plan: Plan, when: str) -> str:
    many = f"{len(wish.keys):,} accounts are" if len(wish.keys) != 1 else "1 account is"
    verb = "kept out of" if wish.is_exclusion else "pinned to"
    return f"{many} {verb} {plan.territory_by_key[wish.territory].label} {when}."


def _done(draft: int, wish: Wish, author: str) -> Address:
    address = Address("/accounts/pin/done").put(draft=draft, target=wish.territory, reason=wish.reason, author=author)
    address = address.put(kind="exclude" if wish.is_exclusion else None)
    return address.add("from", wish.start).add("to", wish.end)


def _like(address: Address) -> Pin:
    period, _ = _period(address, {})
    return Pin("", address.get("target"), address.get("reason"), address.get("author"), period, address.get("kind") == "exclude")


def _same(pin: Pin, like: Pin) -> bool:
    ends = (pin.territory, pin.reason, pin.author, pin.period, pin.is_exclusion)
    return ends == (like.territory, like.reason, like.author, like.period, like.is_exclusion)
