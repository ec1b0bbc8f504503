"""Designs: begin, work out, move units, undo and redo; small answers for whoever shows them on a map."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["designs"])
MOST_UNITS_MOVED = 200_000


class Asked(BaseModel):
    """What is asked of a design, as `GET /designs/{number}/spec` tells it of another; `text` is the same as YAML or JSON."""

    spec: dict[str, Any] = Field(default_factory=dict)
    text: str = Field("", max_length=50_000_000)


class Step(BaseModel):
    """The version that the caller has seen; somebody else's change since then is refused with 409."""

    version: int | None = None


class Chosen(Step):
    """Units by number."""

    units: list[int] = Field(max_length=MOST_UNITS_MOVED)


class Move(Chosen):
    """Units by number, and the number, key or seat of the territory they go to; -1 for none."""

    territory: int | str


class Label(Step):
    """A new name or colour, 0 to 11, of a territory."""

    territory: int | str
    name: str | None = Field(None, max_length=200)
    colour: int | None = Field(None, ge=0, le=11)


class Point(BaseModel):
    """A point of a frontier by its place in the list, from 0, and the job that worked the frontier out."""

    job: int
    point: int = Field(ge=0)


class Name(BaseModel):
    """A design's name."""

    name: str = Field(max_length=200)


@router.get("/designs")
def list_designs(caller: Caller) -> list[dict[str, Any]]:
    """All designs, newest first, with their figures."""
    rows: list[dict[str, Any]] = plain(caller.design_list())
    return rows


@router.post("/designs", status_code=201)
def new_design(asked: Asked, caller: Caller) -> dict[str, Any]:
    """Begin a design of what is asked; nothing is worked out yet."""
    row: dict[str, Any] = plain(caller.design_new(asked.text or asked.spec))
    return row


@router.get("/designs/{number}")
def get_design(number: int, caller: Caller) -> dict[str, Any]:
    """One design as the list has it, with what is asked of it and what there is to say of that."""
    row: dict[str, Any] = plain(caller.design_find(number))
    return row


@router.get("/designs/{number}/state")
def get_state(number: int, caller: Caller) -> dict[str, Any]:
    """Territories, measures and figures; the units stand in `/units` and `/assignment`."""
    return caller.design_show(number)


@router.get("/designs/{number}/spec")
def get_spec(number: int, caller: Caller) -> Response:
    """What is asked of a design, as YAML."""
    return Response(caller.design_spec(number), media_type="application/yaml")


@router.get("/designs/{number}/units", response_model=dict[str, Any])
def get_units(number: int, caller: Caller, request: Request, response: Response) -> Any:
    """Ids, names, regions, places and measures of the units, which never change in a design."""
    digest = f'"{caller.design_find(number).given_hash[:32]}"'
    response.headers["etag"], response.headers["cache-control"] = digest, "private, max-age=0, must-revalidate"
    if request.headers.get("if-none-match") == digest:
        return Response(status_code=304, headers={"etag": digest})
    return caller.design_units(number)[1]


@router.get("/designs/{number}/assignment", response_model=dict[str, Any])
def get_assignment(number: int, caller: Caller, request: Request, response: Response) -> Any:
    """Who has which unit, today's holders, locks and groups: little-endian int32 in base64, in the order of the units."""
    digest = f'"{number}-{caller.design_find(number).version}"'
    response.headers["etag"], response.headers["cache-control"] = digest, "private, max-age=0, must-revalidate"
    if request.headers.get("if-none-match") == digest:
        return Response(status_code=304, headers={"etag": digest})
    return caller.design_arrays(number)


@router.post("/designs/{number}/run", status_code=202)
def run_design(number: int, caller: Caller) -> dict[str, Any]:
    """Queue the working out of a design; follow it at /jobs/{job}."""
    return {"job": caller.design_queue(number)}


@router.post("/designs/{number}/move")
def move_units(number: int, move: Move, caller: Caller) -> dict[str, Any]:
    """Give units to a territory: the touched territories' rows, the figures, and a sentence."""
    return caller.design_move(number, move.units, move.territory, version=move.version)


@router.post("/designs/{number}/lock")
def lock_units(number: int, chosen: Chosen, caller: Caller) -> dict[str, Any]:
    """Lock units where they are."""
    return caller.design_lock(number, chosen.units, version=chosen.version)


@router.post("/designs/{number}/unlock")
def unlock_units(number: int, chosen: Chosen, caller: Caller) -> dict[str, Any]:
    """Let units move again."""
    return caller.design_unlock(number, chosen.units, version=chosen.version)


@router.post("/designs/{number}/label")
def label_territory(number: int, label: Label, caller: Caller) -> dict[str, Any]:
    """Give a territory another name, or else another colour."""
    if label.name is not None:
        return caller.design_rename(number, label.territory, label.name, version=label.version)
    return caller.design_recolour(number, label.territory, label.colour or 0, version=label.version)


@router.post("/designs/{number}/undo")
def undo_step(number: int, step: Step, caller: Caller) -> dict[str, Any]:
    """Take the last operation back."""
    return caller.design_undo(number, version=step.version)


@router.post("/designs/{number}/redo")
def redo_step(number: int, step: Step, caller: Caller) -> dict[str, Any]:
    """Do again what was taken back last."""
    return caller.design_redo(number, version=step.version)


@router.get("/designs/{number}/compare")
def compare_designs(
    number: int,
    caller: Caller,
    to: Annotated[str, Query(max_length=20, description="Another design's number, or today.")] = "today",
    accounts: Annotated[int, Query(ge=0, le=5_000, description="How many of the accounts that differ to list.")] = 100,
) -> dict[str, Any]:
    """What differs from today, or from another design: figures of both, units, accounts, and who gains and loses."""
    return caller.design_compare(number, to, accounts=accounts)


@router.get("/designs/{number}/fairness")
def get_fairness(number: int, caller: Caller) -> dict[str, Any]:
    """What each seat has, with ranges and indices of inequality."""
    return caller.design_fairness(number)


@router.get("/designs/{number}/seats")
def get_seats(
    number: int,
    caller: Caller,
    seat_cost: Annotated[float | None, Query(ge=0, description="What a seat costs in a year.")] = None,
    seat_hours: Annotated[float | None, Query(description="The hours of a seat in a year.")] = None,
    value: Annotated[str, Query(max_length=80, description="What is lost where hours do not reach.")] = "potential",
    visits: Annotated[str, Query(max_length=80, description="The field with an account's visits a year.")] = "",
    return_share: Annotated[float, Query(description="The share of the value reached that counts as return.")] = 1.0,
    new_share: Annotated[float, Query(description="The share of its hours that a new seat has.")] = 1.0,
    span: Annotated[int, Query(ge=1, le=20, description="How many seats more and fewer to look at.")] = 2,
) -> dict[str, Any]:
    """What one seat more and one fewer are expected to bring and cost."""
    return caller.design_seats(
        number,
        seat_cost=seat_cost,
        seat_hours=seat_hours,
        value=value,
        visits=visits,
        return_share=return_share,
        new_share=new_share,
        span=span,
    )


@router.get("/designs/{number}/reasons")
def get_reasons(number: int, caller: Caller) -> dict[str, Any]:
    """What keeps a design from its bands, and what would have to give."""
    return caller.design_reasons(number)


@router.get("/designs/{number}/bases")
def get_bases(
    number: int,
    caller: Caller,
    slack_share: Annotated[float, Query(ge=0, le=10, description="How much more than its target a base may serve.")] = 0.2,
    seconds: Annotated[float, Query(gt=0, le=60, description="The longest that the search may take.")] = 10.0,
    seed: Annotated[int, Query(ge=0, le=2**31 - 1, description="Another seed, another search.")] = 0,
) -> dict[str, Any]:
    """Where the seats would best live: a base among the units for each territory."""
    return caller.design_bases(number, slack_share=slack_share, seconds=seconds, seed=seed)


@router.post("/designs/{number}/frontier", status_code=202)
def run_frontier(number: int, caller: Caller) -> dict[str, Any]:
    """Queue the working out of a design's frontier; follow it at /jobs/{job}."""
    return {"job": caller.design_frontier_queue(number)}


@router.get("/designs/{number}/frontier")
def get_frontier(number: int, caller: Caller) -> dict[str, Any]:
    """Designs none of which is better in balance, travel and hand-overs at once, where they were worked out."""
    return caller.design_frontier_show(number)


@router.post("/designs/{number}/frontier/pick", status_code=201)
def pick_point(number: int, picked: Point, caller: Caller) -> dict[str, Any]:
    """Make a design of its own of a point of a design's frontier."""
    row: dict[str, Any] = plain(caller.design_frontier_pick(number, picked.job, picked.point))
    return row


@router.get("/designs/{number}/export")
def export_design(number: int, caller: Caller) -> StreamingResponse:
    """The design unit by unit, as CSV."""
    headers = {"content-disposition": f'attachment; filename="design-{number}.csv"'}
    return StreamingResponse(caller.design_csv(number), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/designs/{number}/plan", status_code=201)
def make_plan_of_design(number: int, caller: Caller) -> dict[str, Any]:
    """Make a draft of the active plan with a design's territories; preview and publish it like any other."""
    drafted: dict[str, Any] = plain(caller.design_to_plan(number))
    return drafted


@router.post("/designs/{number}/copies", status_code=201)
def save_design_as(number: int, name: Name, caller: Caller) -> dict[str, Any]:
    """Keep a design as it is under another name."""
    row: dict[str, Any] = plain(caller.design_save_as(number, name.name))
    return row


@router.delete("/designs/{number}")
def remove_design(number: int, caller: Caller) -> dict[str, Any]:
    """Remove a design."""
    caller.design_remove(number)
    return {"removed": number}


@router.post("/designs/{number}/restore")
def restore_design(number: int, caller: Caller) -> dict[str, Any]:
    """Bring a removed design back."""
    row: dict[str, Any] = plain(caller.design_restore(number))
    return row
