"""What editing the parts of a plan shares: keys for new parts, the way on after a change with its way back, sketches of areas."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from fastapi.responses import Response

from metes.base.ids import is_key, key_from
from metes.web.addresses import Address
from metes.web.plan_view import PlanView, edit_target, view_of
from metes.web.visits import Visit


def went_into(visit: Visit, draft: Any, before: str, place: str, notice: tuple[str, str]) -> Response:
    """On to a place of the draft after a change; the address carries the content before and after, so that the page offers the way back."""
    path, _, anchor = place.partition("#")
    address = Address(f"/plan/{draft.id}/{path}")
    if draft.root_hash != before:
        address = address.put(before=before, after=draft.root_hash)
    return visit.go(f"{address}{'#' if anchor else ''}{anchor}", notice)


def editable(visit: Visit, reference: str) -> PlanView:
    """The view of a revision that changes can go to; Conflict says where they go instead."""
    view = view_of(visit, reference)
    edit_target(visit, view.revision)
    return view


def new_key(typed_key: str, name: str, taken: Container[str], what: str) -> tuple[str, str]:
    """The key of a new part, made from its name where none was typed, and what is wrong with it (empty: nothing)."""
    if not typed_key and not name:
        return "", f"Give the {what} a name."
    key = typed_key or key_from(name)
    if not is_key(key):
        return key, f"A key is 1 to 80 of a-z, 0-9, '_', '.', '-', such as '{key_from(key)}'."
    return key, f"Another {what} has the key '{key}' already; choose another key, or change that one." if key in taken else ""


def matching(parts: Sequence[Any], search: str) -> list[Any]:
    """The parts with each word of a search in their name or key."""
    words = search.lower().split()
    return [part for part in parts if all(word in f"{part.key} {part.name}".lower() for word in words)]


def sketch_path(sketch: Sequence[Sequence[tuple[int, int]]]) -> str:
    """An area's sketch as the path of an SVG, to be filled by even and odd."""
    return "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in sketch)
