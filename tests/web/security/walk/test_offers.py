"""What a page offers: no link that leads to nothing, and no form that its reader may not send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from tests.web.security.walk.routes import OPEN, OWN, SAFE, Route
from tests.web.security.walk.test_walk import IS_SOAK
from tests.web.security.walk.walk import Asking, Walk

# Who reads the plan and changes nothing, who publishes and does not edit, who sees a part.
READERS = ("auditor", "leader of all", "manager")
# So many pages of each address of a kind: what a page offers hangs on its kind more than on what it is about.
PAGES = 4 if IS_SOAK else 1


@pytest.mark.parametrize("title", READERS)
def test_no_page_offers_what_its_reader_may_not_do(walk: Walk, title: str) -> None:
    one = walk.asking(next(known for known in walk.world.story.callers if known.startswith(title)))
    in_vain, pages = _offered(walk, one)
    assert in_vain == {}
    assert len(pages) > (60 if one.view.may("plan_read") else 15), pages


def test_a_page_that_offers_too_much_is_noticed(walk: Walk) -> None:
    administrator, auditor = walk.asking("administrator"), walk.asking("auditor")
    in_vain, _ = _offered(walk, replace(administrator, view=auditor.view), most=8)
    assert in_vain


def _offered(walk: Walk, one: Asking, most: int = 1_000) -> tuple[dict[str, str], dict[str, int]]:
    """What pages offer in vain, each with a page that does, and how many pages of each kind were asked for, going from link to link."""
    ways = _Ways(walk.routes)
    waiting, seen, found = ["/"], {"/"}, {}
    asked: dict[str, int] = {}
    while waiting and len(asked) < most:
        page = waiting.pop(0)
        route = ways.of("get", page)
        if route is None or asked.get(route.pattern, 0) >= PAGES:
            continue
        asked[route.pattern] = asked.get(route.pattern, 0) + 1
        answer = walk.asker.ask("get", page, one.caller)
        if answer.status in {303, 307}:
            offers = [("get", urljoin(page, answer.headers["location"]))]
        elif answer.headers.get("content-type", "").startswith("text/html") and answer.status == 200:
            offers = _Offers(page, answer.text).found
        else:
            offers = []
            if answer.status == 404:
                found.setdefault(f"get {route.pattern}", f"{page} is not there")
        for method, target in offers:
            led = ways.of(method, target)
            if led is None:
                found.setdefault(f"{method} {target}", page)
            elif led.asked not in {OPEN, OWN} and not one.view.may(led.asked):
                found.setdefault(led.name, page)
            elif method == "get" and target not in seen:
                seen.add(target)
                waiting.append(target)
    return found, asked


class _Offers(HTMLParser):
    """The links of a page that its reader can see, and the forms that they can send, each as method and address."""

    def __init__(self, page: str, text: str) -> None:
        super().__init__()
        self.page, self.found = page, list[tuple[str, str]]()
        self.form: dict[str, str] = {}
        self.disabled = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, a form, or what sends one."""
        given = {name: value or "" for name, value in attrs}
        self.disabled += tag == "fieldset" and "disabled" in given
        if tag == "form":
            self.form = given
        if tag == "link" or {"hidden", "disabled"} & given.keys() or (self.disabled and tag == "button"):
            return
        for name, method in (("href", "get"), ("hx-get", "get"), ("hx-post", "post")):
            if given.get(name):
                self.found += _here(self.page, method, given[name])
        if tag == "button" and given.get("type", "submit") == "submit" and self.form and "hidden" not in self.form:
            self.found += _here(
                self.page, self.form.get("method", "get"), given.get("formaction") or self.form.get("action") or self.page
            )

    def handle_endtag(self, tag: str) -> None:
        """The end of a form, or of what is disabled in it."""
        self.disabled -= tag == "fieldset" and self.disabled > 0
        if tag == "form":
            self.form = {}


def _here(page: str, method: str, address: str) -> Iterator[tuple[str, str]]:
    target = urlsplit(urljoin(f"http://testserver{page}", address))
    if target.netloc == "testserver" and not target.path.startswith("/static/"):
        yield method, target.path + (f"?{target.query}" if target.query else "")


class _Ways:
    """Which route answers an address."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        # What is named beats what is filled in.
        ordered = sorted(routes, key=lambda route: (len(route.names), route.pattern))
        self.known = [(route, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.pattern)))) for route in ordered]

    def of(self, method: str, address: str) -> Route | None:
        """The route of a method at an address; None where there is none."""
        path = urlsplit(address).path
        asked = SAFE if method in SAFE else {method}
        return next((route for route, pattern in self.known if route.method in asked and pattern.fullmatch(path)), None)
