"""Who signed in: a list across all users, with filters and a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from metes.base.errors import InputError
from metes.model.sign_ins import SignIn, SignInFilter
from metes.web.addresses import Address
from metes.web.agents import told_agent
from metes.web.pages.users import user_page
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import SignedIn, Visit

router = APIRouter()
PATH = "/audit/sign-ins"
ROWS = 50
METHODS = {"password": "Password", "provider": "The company's sign-in"}
_FILTERS = {"user": "Of", "from": "From", "method": "By", "since": "Since", "until": "Until"}
_COLUMNS = (
    Column("who", "Who", Cell.LINK, is_sortable=False),
    Column("when", "When", is_sortable=False),
    Column("from", "From where", is_sortable=False),
    Column("method", "By", is_sortable=False, on_phone=False),
    Column("browser", "Browser", is_sortable=False, on_phone=False),
    Column("state", "Session", Cell.STATUS, is_sortable=False),
    Column("ended", "Ended", is_sortable=False, on_phone=False),
)


@router.get(PATH)
def show(visit: SignedIn, after: int | None = None) -> Response:
    """The newest sign-ins that the address asks for, those before one where it is given."""
    error, wanted = "", SignInFilter()
    try:
        wanted = filter_of(visit.address)
    except InputError as wrong:
        text = str(wrong)
        error = f"{text[:1].upper()}{text[1:]}."
    found = () if error else visit.workspace.sign_in_list(ROWS + 1, after, wanted)
    return visit.page("sign-ins.html", table=_table(visit, wanted, found, error))


@router.get(f"{PATH}/export.csv")
def export(visit: SignedIn) -> Response:
    """The sign-ins that the address asks for as a file that is safe in a spreadsheet."""
    lines = visit.workspace.sign_in_export(filter_of(visit.address))
    headers = {"content-disposition": 'attachment; filename="sign-ins.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def filter_of(address: Address) -> SignInFilter:
    """The filter that an address asks for; InputError says what is wrong with a day."""
    user, place, method, since, until = (address.get(name).strip()[:200] for name in _FILTERS)
    return SignInFilter(user, place, method, _day(since), _day(until))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"expected a day such as 2026-03-14, got {text[:40]!r}") from None


def _table(visit: Visit, wanted: SignInFilter, found: Sequence[SignIn], error: str) -> Table:
    shown, address = found[:ROWS], visit.address
    chosen = address.values("column")
    return Table(
        caption="Sign-ins",
        columns=[replace(column, is_shown=not chosen or column.key in chosen) for column in _COLUMNS],
        rows=[_row(one, visit.environment.filters["moment"], has_page=visit.may("admin")) for one in shown],
        address=address,
        total=0 if error else visit.workspace.sign_in_count(wanted),
        noun=("sign-in", "sign-ins"),
        first=1 + visit.workspace.sign_in_count(wanted, shown[0].number) if shown else 1,
        after=str(shown[-1].number) if len(found) > ROWS else "",
        filters=[
            Filter(f"{text} {METHODS.get(address.get(name), address.get(name))}", name)
            for name, text in _FILTERS.items()
            if address.get(name)
        ],
        choices=(
            Choice("user", "User"),
            Choice("from", "Address"),
            Choice("method", "By", list(METHODS.items())),
            Choice("since", "Since, such as 2026-03-14"),
            Choice("until", "Until"),
        ),
        export=str(Address(f"{PATH}/export.csv", address.drop("after").drop("column").query)),
        has_search=False,
        error=error,
        empty_title="Nobody has signed in yet",
        empty_text="Every sign-in stands here, with its address and how the session ended.",
        key="sign-ins",
    )


def _row(one: SignIn, moment: Callable[[datetime], str], *, has_page: bool) -> Row:
    cells: dict[str, Any] = {
        "who": one.user,
        "when": moment(one.begun_at),
        "from": one.address,
        "method": METHODS.get(one.method, one.method),
        "browser": told_agent(one.agent),
        "state": _state(one),
        "ended": moment(one.ended_at) if one.ended_at else "",
    }
    return Row(str(one.number), cells, href=user_page(one.user) if has_page else "")


def _state(one: SignIn) -> dict[str, str]:
    """What became of the session."""
    if one.completed_at is None:
        return {"text": "no second factor", "tone": "warn"}
    return {"text": "open", "tone": "good"} if one.is_open else {"text": one.ended_how, "tone": ""}
