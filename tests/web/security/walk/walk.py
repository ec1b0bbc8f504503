"""Walks every route as everybody: what comes back holds nothing that an independent oracle hides, and figures are the oracle's."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

from fastapi import FastAPI

from tests.web.security.walk import bodies, figures
from tests.web.security.walk.asking import Answer, Asker, words_in
from tests.web.security.walk.oracle import Sight, sight
from tests.web.security.walk.routes import ENDLESS, OPEN, OWN, Route, classed
from tests.web.security.walk.story import BEFORE, Caller, Pass
from tests.web.security.walk.worlds import MARKUP, SCHEDULE, ZONE_SET, World

NO_MARK, NO_NUMBER = "QAX9999Z", "987654"
# What a request may leave behind however it is answered: that it was made.
VOLATILE = frozenset({"sessions", "sign_ins", "counters"})
# What ends the session that asks.
ENDING = frozenset({"/sign-out"})
_LINKS = {
    "account": re.compile(r"[\"'](?:https?://[^/\"']*)?/accounts/(\d+)(?=[\"'/?#])"),
    "person": re.compile(r"[\"'](?:https?://[^/\"']*)?/people/(\d+)(?=[\"'/?#])"),
    "territory": re.compile(r"[\"'](?:https?://[^/\"']*)?/territories/(q\w+)(?=[\"'/?#])"),
}


@dataclass(frozen=True)
class Leak:
    """Something that is not as the oracle says: at a route, for somebody, with what was wrong."""

    route: str
    who: str
    address: str
    what: str

    def __str__(self) -> str:
        return f"{self.route} as {self.who}: {self.what} [{self.address}]"


@dataclass(frozen=True)
class Asking:
    """Somebody who asks, in a session or with a token, and what they see."""

    caller: Caller
    token: Pass | None
    view: Sight

    @property
    def who(self) -> str:
        """A name for reports."""
        return f"{self.caller.title} ({'a session' if self.token is None else self.token.secret})"


@dataclass
class Walk:
    """A world, a server on it, and all that was found wrong."""

    world: World
    app: FastAPI
    leaks: list[Leak] = field(default_factory=list)
    asked: int = 0
    refused_as_malformed: int = 0

    def __post_init__(self) -> None:
        self.asker = Asker(self.app)
        self.routes, self.unclassed = classed(self.app)
        self.watcher = sqlite3.connect(self.world.database)
        self.version = -1

    def close(self) -> None:
        """Let go of the server."""
        self.watcher.close()
        self.asker.close()

    def was_written(self) -> bool:
        """Whether anybody wrote to the database at all since this was asked last."""
        before, self.version = self.version, self.watcher.execute("PRAGMA data_version").fetchone()[0]
        return bool(before != self.version)

    def asking(self, title: str, token: int | None = None) -> Asking:
        """A caller by what is special about them, with one of their tokens by its place."""
        caller = self.world.story.callers[title]
        chosen = None if token is None else caller.passes[token]
        return Asking(caller, chosen, sight(self.world.story, caller, chosen))

    def everybody(self) -> Iterator[Asking]:
        """Everybody who may come in at all, in a session and with each good token."""
        for title, caller in self.world.story.callers.items():
            if not caller.is_disabled and not caller.is_program:
                yield self.asking(title)
            yield from (self.asking(title, place) for place, one in enumerate(caller.passes) if one.is_good)

    def leak(self, route: Route | str, one: Asking, address: str, what: str) -> None:
        """Note that something was wrong."""
        self.leaks.append(Leak(route if isinstance(route, str) else route.name, one.who, address, what))

    def ask(self, route: Route, one: Asking, address: str, **more: Any) -> Answer:
        """Ask, and hold what comes back against the words and links that the caller may see."""
        answer = self.asker.ask(route.method, address, one.caller, one.token, **more)
        self.asked += 1
        sent = words_in(address.upper()) | words_in(repr(more).upper())
        if answer.status >= 500:
            self.leak(route, one, address, f"a fault: {answer.status}")
        shown = answer.words - one.view.words - sent
        if shown:
            self.leak(route, one, address, f"words of what is hidden: {' '.join(sorted(shown)[:8])}")
        if MARKUP in answer.text and answer.headers.get("content-type", "").startswith("text/html"):
            self.leak(route, one, address, "markup from a text, as it was written")
        for what in self.led_to(one, answer):
            self.leak(route, one, address, what)
        return answer

    def led_to(self, one: Asking, answer: Answer) -> Iterator[str]:
        """The links in an answer that lead to what is hidden."""
        if not answer.headers.get("content-type", "").startswith("text/html") or answer.status >= 400:
            return
        text, view = answer.text, one.view
        seen = {
            "account": {str(self.world.account[key]) for key in view.firms},
            "person": {str(self.world.person[key]) for key in view.humans},
            "territory": set(view.shown | view.above_then),
        }
        for kind, pattern in _LINKS.items():
            hidden = set(pattern.findall(text)) - seen[kind] - {"options", "named"}
            if hidden:
                yield f"links to a hidden {kind}: {' '.join(sorted(hidden)[:8])}"

    def passes(self, route: Route, one: Asking) -> bool:
        """Whether somebody gets to a route at all: a token opens the API alone."""
        return one.token is None or route.pattern.startswith("/api/")

    def share(self, one: Asking, parts: int) -> list[Route]:
        """One of some parts of all routes, another for everybody: together they ask for each route as somebody."""
        return [r for r in self.routes if parts < 2 or crc32(f"{r.name}{one.who}{self.world.story.seed}".encode()) % parts == 0]

    def walk(self, one: Asking, parts: int = 1) -> None:
        """All that somebody can ask for: a look at what there is, changes that must be refused, what is somebody else's own."""
        routes = self.share(one, parts)
        self.look(one, routes)
        self.refuse(one, routes)
        self.own(one, routes)

    def look(self, one: Asking, routes: Iterable[Route]) -> None:
        """Every route that only looks, with what is seen, what is hidden and what does not exist."""
        for route in routes:
            if not route.is_safe or route.asked == OPEN or not self.passes(route, one):
                continue
            if route.asked != OWN and not one.view.may(route.asked):
                self.is_hidden(route, one)
            elif route.subject:
                self.subjects(route, one)
            elif route.pattern not in ENDLESS:
                self.lists(route, one)

    def is_hidden(self, route: Route, one: Asking) -> None:
        """A route of something that the caller may not do: not found, whatever it is asked for."""
        there, nowhere = self.values(route), dict.fromkeys(route.names, NO_NUMBER)
        knows = one.view.may("plan_read")  # what exists, where all that is refused is to change it
        answers = []
        for values in (there, nowhere):
            address = route.filled(values) + self.more(route)
            answer = self.ask(route, one, address, **bodies.for_route(self.world, route))
            answers.append(answer)
            if answer.status == 422 and not route.is_safe:
                self.refused_as_malformed += 1
            elif answer.status != 404 and not (knows and answer.status in {403, 409}):
                self.leak(route, one, address, f"answered with {answer.status} to one who may not {route.asked}")
        if not knows and len({answer.masked(*there.values(), *nowhere.values()) for answer in answers}) > 1:
            self.leak(route, one, route.filled(there), "tells what exists from what does not, to one who may see neither")

    def subjects(self, route: Route, one: Asking) -> None:
        """A route about one account, person, territory or scenario: shown where it is seen, else the same as what does not exist."""
        seen, hidden, missing = self.samples(route.subject, one.view)
        for value in seen[:2]:
            for query in ("", f"?at={BEFORE}", f"?at={BEFORE}&known={BEFORE}")[: 1 if self.more(route) else 3]:
                address = route.filled(self.values(route, value)) + self.more(route) + query
                answer = self.ask(route, one, address)
                if answer.status >= 400 and not query:
                    self.leak(route, one, address, f"hides what is seen: {answer.status}")
        nothing = self.ask(route, one, route.filled(self.values(route, missing)) + self.more(route))
        if nothing.status != 404:
            self.leak(route, one, nothing.text[:80], f"answers {nothing.status} for what does not exist")
        for value in hidden[:2]:
            for query in ("", f"?at={BEFORE}")[: 1 if self.more(route) else 2]:
                address = route.filled(self.values(route, value)) + self.more(route) + query
                answer = self.ask(route, one, address)
                named = (value, self.number(route.subject, value), missing, NO_NUMBER)
                if answer.masked(*named) != nothing.masked(*named):
                    self.leak(
                        route, one, address, f"tells what is hidden from what does not exist: {answer.status} {nothing.status}"
                    )

    def head(self, route: Route, one: Asking, address: str) -> None:
        """The same address asked for its headers alone, which tell no more than the page would."""
        answer = self.ask(replace(route, method="head"), one, address)
        if answer.status not in {405, 200, 303, 404} or answer.body:
            self.leak(route, one, address, f"HEAD is answered with {answer.status} and {len(answer.body)} bytes")

    def own(self, one: Asking, routes: Iterable[Route]) -> None:
        """Every route for what is one's own, asked for what is somebody else's: nothing of theirs shows, and nothing changes."""
        me = (self.world.numbers[f"user {one.caller.title}"], self.world.person.get(one.caller.person, 0))
        before = digest(self.world.database, *me)
        other = next(c for c in self.world.story.callers.values() if c.title not in {one.caller.title, "shut out"})
        for route in routes:
            if route.asked != OWN or route.pattern in ENDING or not self.passes(route, one):
                continue
            if route.names and ("token" in route.pattern or "users/" in route.pattern) and one.view.may("admin"):
                # Who runs the workspace sees what others see, and takes their tokens back.
                continue
            foreign, nowhere = (dict.fromkeys(route.names, value) for value in (self.of_other(route, other), NO_NUMBER))
            answers = [
                self.ask(route, one, route.filled(values), **bodies.for_route(self.world, route)) for values in (foreign, nowhere)
            ]
            is_told = "acknowledge" in route.pattern and one.view.person  # what a publication told the caller is theirs
            if (
                set(route.names) - {"kind"}
                and not is_told
                and len({a.masked(*foreign.values(), *nowhere.values()) for a in answers}) > 1
            ):
                self.leak(route, one, route.filled(foreign), "tells what is somebody else's from what does not exist")
            if not route.is_safe and self.was_written() and (after := digest(self.world.database, *me)) != before:
                changed = " ".join(name for name in after if after[name] != before.get(name))
                self.leak(route, one, route.filled(foreign), f"changed what is somebody else's: {changed}")
                before = after

    def of_other(self, route: Route, other: Caller) -> str:
        """The number of what is somebody else's, as a route names it."""
        numbers = self.world.numbers
        for word in ("notice", "view", "session"):
            if f"{word}s/" in route.pattern:
                return str(numbers[f"{word} {other.title}"])
        if "users/" in route.pattern:
            return other.name
        if "token" in route.pattern:
            return str(numbers[f"token {other.passes[0].secret}"])
        return str(numbers["publication"])

    def more(self, route: Route) -> str:
        """What the address of some routes needs beside its path."""
        if route.pattern == "/designs/remove":
            return f"?selected={self.world.numbers['design']}"
        if route.pattern in {"/api/v1/privacy/people", "/search", "/search/options"}:
            return f"?q={self.world.story.things['lead']}"
        if route.pattern.endswith("/options"):
            return f"?{route.pattern.split('/')[1].replace('people', 'person').replace('ies', 'y')}_text=q"
        if route.pattern in {"/map/points.json", "/api/v1/map/cells", "/api/v1/search"}:
            return figures.queries(route)[0]
        return f"?at={BEFORE}" if route.pattern.endswith("/restated") else ""

    def lists(self, route: Route, one: Asking) -> None:
        """A route that lists, sums or draws: held against the oracle's figures, and asked with hidden words."""
        values = self.values(route)
        base = route.filled(values)
        self.head(route, one, base)
        for query in figures.queries(route):
            self.ask(route, one, base + query)
        for probe in figures.probes(route):
            self.tells(route, one, base, probe)
        for check in figures.CHECKS.get(route.name, ()):
            try:
                for what in check(self.world, one.view, lambda address: self.ask(route, one, address)):
                    self.leak(route, one, base, what)
            except (KeyError, ValueError, TypeError, StopIteration) as error:
                self.leak(route, one, base, f"figures that cannot be read: {error!r}")

    def tells(self, route: Route, one: Asking, base: str, probe: figures.Probe) -> None:
        """Whether a list that is asked for something hidden answers as if it did not exist."""
        _, hidden, _ = self.samples(probe.kind, one.view)
        for value in hidden[:1]:
            missing = NO_MARK if value.isupper() else NO_MARK.lower()
            there = self.ask(route, one, base + probe.query.format(quote(value)))
            nowhere = self.ask(route, one, base + probe.query.format(quote(missing)))
            if there.masked(value) != nowhere.masked(missing) and not there.body.startswith(b"PK"):
                self.leak(
                    route,
                    one,
                    base + probe.query.format(value),
                    "answers otherwise for what is hidden than for what does not exist",
                )

    def refuse(self, one: Asking, routes: Iterable[Route]) -> None:
        """Every route that would change something, asked by one who may not: not found, and nothing changed."""
        before = digest(self.world.database)
        for route in routes:
            if route.is_safe or route.asked in {OPEN, OWN} or not self.passes(route, one):
                continue
            if not one.view.may(route.asked):
                self.is_hidden(route, one)
            elif route.subject == "account":
                self.foreign_change(route, one)
            else:
                continue
            if self.was_written() and (after := digest(self.world.database)) != before:
                changed = " ".join(name for name in after if after[name] != before.get(name))
                self.leak(route, one, route.pattern, f"changed what is not the caller's: {changed}")
                before = after

    def foreign_change(self, route: Route, one: Asking) -> None:
        """A change of an account that is hidden: the same answer as for none."""
        _, hidden, missing = self.samples(route.subject, one.view)
        body = bodies.for_route(self.world, route)
        nothing = self.ask(route, one, route.filled(self.values(route, missing)), **body)
        for value in hidden[:1]:
            address = route.filled(self.values(route, value))
            answer = self.ask(route, one, address, **body)
            named = (value, self.number("account", value), missing, NO_NUMBER)
            if answer.status != 404 or answer.masked(*named) != nothing.masked(*named):
                self.leak(route, one, address, f"changes what is hidden, or tells that it exists: {answer.status} {nothing.status}")

    def samples(self, kind: str, view: Sight) -> tuple[list[str], list[str], str]:
        """Of a kind of thing: what is seen, what is hidden, and what does not exist, as a caller of one route names them."""
        story = view.story
        if kind == "account":
            return sorted(view.firms), sorted(set(story.firms) - view.firms), NO_MARK
        if kind == "person":
            return sorted(view.humans), sorted(set(story.humans) - view.humans), NO_MARK
        if kind == "territory":
            return sorted(view.places), sorted(set(story.places) - view.shown - view.above_then), NO_MARK.lower()
        if kind == "scenario":
            known = [str(self.world.numbers["scenario"])]
            other = [str(self.world.numbers["other scenario"])]
            return (
                (known, [] if view.may("plan_read") else other, NO_NUMBER)
                if view.reads_scenario
                else ([], known + other, NO_NUMBER)
            )
        return [], sorted(self.other(kind) - view.words), NO_MARK

    def other(self, kind: str) -> set[str]:
        """Words of a kind of thing beside accounts, people and territories."""
        story = self.world.story
        return {
            "rule": {p.rule_mark for p in story.places.values() if p.rule_mark},
            "seat": {c.mark for c in story.chairs.values()},
        }[kind]

    def values(self, route: Route, subject: str = "") -> dict[str, str]:
        """What fills the parameters of a route: the subject where one is given, else what there is."""
        world, numbers, things = self.world, self.world.numbers, self.world.story.things
        place = world.story.places[world.story.reviewed]
        leaf = world.story.places[world.story.leaves()[0]]
        chair = next(chair for chair in world.story.chairs.values() if chair.territory == leaf.key)
        key = {"zones": ZONE_SET, "areas": things["area"].lower(), "lists": things["list"].lower(), "types": "geo", "seats": chair.key,
               "territories": leaf.key if "rules" in route.pattern else place.key}  # fmt: skip
        number = {"designs": numbers["design"], "jobs": numbers["job"], "import": numbers["import"], "imports": numbers["import"],
                  "publications": numbers["publication"], "comments": numbers["comment"]}  # fmt: skip
        parts = route.pattern.split("/")
        values = {
            "key": next((key[part] for part in reversed(parts) if part in key), leaf.key),
            "number": str(next((number[part] for part in reversed(parts) if part in number), 1)),
            "reference": str(numbers["scenario"]), "before": "active", "after": str(numbers["scenario"]), "rule": f"r0-{leaf.rule_mark.lower()}",
            "territory": leaf.key, "name": SCHEDULE if "schedules" in route.pattern else "company" if "settings" in route.pattern
            else next(iter(world.story.callers.values())).name, "zoom": "0", "x": "0", "y": "0", "form": "csv", "job": str(numbers["job"]),
            "publication": str(numbers["publication"]), "comment": str(numbers["comment"]), "kind": "comment", "account": next(iter(world.account)),
        }  # fmt: skip
        if subject:
            name = {"account": "account" if "account" in route.names else "key" if "named" in parts else "number", "person": "number",
                    "territory": "key", "scenario": "reference"}[route.subject]  # fmt: skip
            values[name] = self.number(route.subject, subject) if name == "number" else subject
        elif route.subject in {"account", "person"} and "number" in route.names:
            values["number"] = "1"
        return {name: values.get(name, "1") for name in route.names}

    def number(self, kind: str, key: str) -> str:
        """The number of an account or a person in this database."""
        known: Mapping[str, int] = self.world.account if kind == "account" else self.world.person
        return str(known.get(key, NO_NUMBER))


def digest(database: Path, user: int = 0, person: int = 0) -> dict[str, str]:
    """What stands in each table of a database, but for what any request may leave behind, and what is one user's own."""
    connection = sqlite3.connect(database)
    try:
        found = {}
        for name in _tables(database):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            shown = ", ".join(column for column in columns if column != "used_at")
            own = {"users": "id", "publication_messages": "person_id"}.get(name, "user_id" if "user_id" in columns else "NULL")
            rows = connection.execute(
                f"SELECT {shown} FROM {name} WHERE ifnull({own}, 0) <> ? OR ? = 0", (person if own == "person_id" else user, user)
            ).fetchall()
            found[name] = hashlib.blake2b(repr(rows).encode(), digest_size=16).hexdigest()
        return found
    finally:
        connection.close()


@lru_cache(maxsize=16)
def _tables(database: Path) -> tuple[str, ...]:
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    finally:
        connection.close()
    return tuple(sorted(row[0] for row in rows if row[0] not in VOLATILE and not row[0].startswith(("sqlite_", "audit"))))
