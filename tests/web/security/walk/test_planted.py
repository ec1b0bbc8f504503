"""The walk finds what it is made to find: a leak planted in each kind of route is named, and without it nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from types import MappingProxyType
from typing import Any

import pytest

from metes.app import policy
from metes.base.errors import NotFound
from metes.looking import owners
from metes.model.scope import Scope
from metes.store import ledger, notices, profile
from metes.store.book import Book
from metes.store.book_past import PastBook
from metes.web.visits import Visit
from tests.web.security.walk.conftest import Builds, walking
from tests.web.security.walk.walk import Walk

EVERYTHING = Scope.everything("a leak is planted")
WHO = "rep who had more"


def unscoped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which forgets within what it may look."""

    @wraps(function)
    def planted(*args: Any, **more: Any) -> Any:
        return function(
            *(EVERYTHING if isinstance(value, Scope) else value for value in args),
            **{name: EVERYTHING if isinstance(value, Scope) else value for name, value in more.items()},
        )

    return planted


@pytest.fixture(scope="module")
def shared(builds: Builds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A server on which nothing is changed but by a leak."""
    with walking(builds().copy(tmp_path_factory.mktemp("planted") / "world")) as made:
        yield made


def leaks(walk: Walk, *names: str, who: str = WHO) -> list[str]:
    """What is found wrong with some routes, asked by somebody."""
    walk.leaks.clear()
    routes = [route for route in walk.routes if route.name in names]
    assert len(routes) == len(names)
    one = walk.asking(who)
    walk.look(one, routes)
    walk.refuse(one, routes)
    walk.own(one, routes)
    return [str(leak) for leak in walk.leaks]


FORGOTTEN: list[tuple[str, Any, str, tuple[str, ...], str]] = [
    ("a row of a page", Book, "page", ("get /accounts", "get /api/v1/accounts"), "words of what is hidden"),
    ("a count", Book, "page", ("get /accounts",), "count of /accounts"),
    ("a sum", Book, "territory_sums", ("get /api/v1/territories",), "sums of"),
    ("a search", Book, "search", ("get /search", "get /search/options", "get /api/v1/search"), "answers otherwise for what is hidden"),
    ("a type-ahead", profile, "all_people", ("get /people/options",), "words of what is hidden"),
    ("a list of people", profile, "all_people", ("get /api/v1/people",), "count of people"),
    ("a map cell", Book, "cells", ("get /api/v1/map/cells", "get /map/points.json"), "accounts on the map"),
    ("a map fill", Book, "zone_fills", ("get /api/v1/map/zones",), "zones:"),
    ("an export", Book, "export", ("get /accounts/export.csv", "get /accounts/export.xlsx"), "rows of /accounts/export"),
    ("an answer of the API", ledger, "find_account", ("get /api/v1/accounts/{account}/owner",), "tells what is hidden"),
    ("a redirect", ledger, "find_account", ("get /accounts/named/{key}",), "tells what is hidden"),
    ("a page about a person", profile, "person", ("get /people/{number}",), "words of what is hidden"),
    ("a day of the past", PastBook, "page", ("get /api/v1/accounts",), "at=2025-09-15"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "place", "name", "routes", "what"), FORGOTTEN, ids=[row[0] for row in FORGOTTEN])
def test_a_query_that_forgets_its_scope_is_found(
    shared: Walk, monkeypatch: pytest.MonkeyPatch, kind: str, place: Any, name: str, routes: tuple[str, ...], what: str
) -> None:
    monkeypatch.setattr(place, name, unscoped(getattr(place, name)), raising=False)
    found = leaks(shared, *routes)
    for route in routes:
        assert [leak for leak in found if leak.startswith(route) and what in leak], (kind, route, found[:5])


OPENED = [
    ("a job", "job", "get /jobs/{number}"),
    ("a map tile", "zone_set_tile", "get /zones/{key}/tiles/{zoom}/{x}/{y}.mvt"),
    ("a plan's text", "plan_text", "get /api/v1/plans/{reference}/text"),
    ("an import", "import_show", "get /api/v1/imports/{number}"),
]


@pytest.mark.parametrize(("kind", "verb", "route"), OPENED, ids=[row[0] for row in OPENED])
def test_a_verb_that_anybody_may_call_is_found(
    shared: Walk, monkeypatch: pytest.MonkeyPatch, kind: str, verb: str, route: str
) -> None:
    assert verb in policy.POLICY, kind
    monkeypatch.setattr(policy, "POLICY", MappingProxyType({**policy.POLICY, verb: policy.ANYBODY}))
    assert [leak for leak in leaks(shared, route) if leak.startswith(route)]


def test_a_change_that_anybody_may_make_is_found(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "POLICY", MappingProxyType({**policy.POLICY, "plan_rename": policy.ANYBODY}))
    found = leaks(walk, "post /api/v1/plans/{reference}/rename")
    assert [leak for leak in found if "changed what is not the caller's: plan_" in leak], found


def test_notices_of_somebody_else_are_found(shared: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    original, other = notices.notices_of, shared.world.numbers["user manager"]
    monkeypatch.setattr(notices, "notices_of", lambda connection, _user, **more: original(connection, other, **more))
    for route in ("get /notices", "get /api/v1/notices"):
        assert [leak for leak in leaks(shared, route) if "words of what is hidden" in leak], route


def test_an_error_that_says_too_much_is_found(shared: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    original = owners.the_account

    def talkative(connection: Any, name: str, scope: Scope) -> int:
        try:
            return original(connection, name, scope)
        except NotFound:
            held = ledger.holdings_of(connection, original(connection, name, EVERYTHING), EVERYTHING)
            raise NotFound(f"this account is held by {held[0].territory if held else 'nobody'}") from None

    monkeypatch.setattr(owners, "the_account", talkative)
    assert [leak for leak in leaks(shared, "get /api/v1/accounts/{account}") if "tells what is hidden" in leak]


def test_what_one_role_asked_and_another_is_told_is_found(shared: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    original, kept = Book.distinct, {}

    def remembers(self: Book, column: str, scope: Scope, *args: Any, **more: Any) -> Any:
        if column not in kept:
            kept[column] = original(self, column, scope, *args, **more)
        return kept[column]

    monkeypatch.setattr(Book, "distinct", remembers)
    assert not leaks(shared, "get /accounts", who="administrator")
    assert [leak for leak in leaks(shared, "get /accounts") if "values to filter by" in leak]


def test_a_page_sent_to_a_place_that_is_hidden_is_found(shared: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = sorted(set(shared.world.story.places) - shared.asking(WHO).view.shown)[0]
    original = Visit.page

    def leading(self: Visit, template: str, **context: Any) -> Any:
        answer = original(self, template, **context)
        answer.headers["location"] = f"/territories/{hidden}"
        return answer

    monkeypatch.setattr(Visit, "page", leading)
    assert [leak for leak in leaks(shared, "get /territories") if "words of what is hidden" in leak]


def test_markup_that_is_not_escaped_is_found(shared: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Visit.page

    def careless(self: Visit, template: str, **context: Any) -> Any:
        answer = original(self, template, **context)
        answer.body = bytes(answer.body).replace(b"&lt;i x=1&gt;", b"<i x=1>")
        answer.headers["content-length"] = str(len(answer.body))
        return answer

    monkeypatch.setattr(Visit, "page", careless)
    assert [leak for leak in leaks(shared, "get /accounts") if "markup" in leak]


def test_a_route_that_nobody_thought_of_is_named(shared: Walk) -> None:
    from tests.web.security.walk.routes import classed

    app = shared.app
    app.add_api_route("/brand-new", lambda: "")
    assert "get /brand-new" in classed(app)[1]
    app.router.routes.pop()
