"""The walk itself: its oracle knows what is so, its list of routes is whole, and whoever may not come in stays outside."""

from __future__ import annotations

import os

import pytest

from metes.model.access import Capability
from metes.model.scope import Principal
from tests.web.security.walk import oracle
from tests.web.security.walk.conftest import Builds
from tests.web.security.walk.story import BEFORE, TODAY
from tests.web.security.walk.walk import Walk
from tests.web.security.walk.worlds import World

IS_SOAK = bool(os.environ.get("METES_SOAK"))
SEEDS = [(seed, 8 + seed * 7 % 33, 60 + seed * 37 % 240) for seed in range(1, 25)] if IS_SOAK else [(1, 20, 90)]


@pytest.mark.parametrize(("seed", "territories", "accounts"), SEEDS)
def test_the_oracle_knows_who_holds_what_and_who_may_what(builds: Builds, seed: int, territories: int, accounts: int) -> None:
    world = builds(seed, territories, accounts)
    story, workspace = world.story, world.open()
    for day in (TODAY, BEFORE):
        for firm in story.firms:
            held = {fact.territory for fact in workspace.owner(firm, at=day).holdings}
            assert held == {key for key in story.places if firm in oracle.held_by(story, key, day=day)}, (firm, day)
    for caller in story.callers.values():
        access = workspace.acting_as(Principal(caller.name, world.numbers[f"user {caller.title}"])).access
        view, scope = oracle.sight(story, caller), access.scope(Capability.LOOK)
        assert scope.territories == (None if view.is_everything else view.places), caller.title
        assert {c.value for c in Capability if access.may(c)} == {c.value for c in Capability if view.may(c.value)}, caller.title
    workspace.close()


def test_every_route_says_what_it_asks(walk: Walk) -> None:
    assert walk.unclassed == ()
    assert len(walk.routes) > 380


def test_whoever_may_not_come_in_gets_nothing(walk: Walk, world: World) -> None:
    for title, caller in world.story.callers.items():
        bad = [place for place, one in enumerate(caller.passes) if not one.is_good]
        for one in [walk.asking(title, place) for place in bad] + ([walk.asking(title)] if caller.is_disabled else []):
            for address in (
                "/api/v1/accounts",
                "/api/v1/people",
                f"/api/v1/accounts/{next(iter(world.account))}",
                "/api/v1/nothing",
            ):
                answer = walk.asker.ask("get", address, None if one.token else caller, one.token)
                assert answer.status == (404 if "nothing" in address else 401), (title, address, answer.status)
                assert not answer.words, (title, address)


def test_a_program_has_tokens_and_no_pages(walk: Walk) -> None:
    one = walk.asking("integration")
    for route in walk.routes:
        if route.is_safe and route.asked not in {"open"} and not route.names:
            answer = walk.asker.ask(route.method, route.pattern, one.caller)
            assert answer.status >= 400, route.name
            assert not answer.words, route.name
    assert walk.asker.ask("get", "/api/v1/accounts", one.caller, one.caller.passes[0]).status == 200
