"""Search over everything."""

from __future__ import annotations

import re

from tests.web.pages.conftest import Visitor


def test_a_text_finds_accounts_territories_and_people_at_once(visitor: Visitor) -> None:
    found = visitor.workspace.search("west", 25)
    page = visitor.get("/search?q=west")
    for row in found.accounts:
        assert f'href="/accounts/{row["account"]}"' in page
    for territory in found.territories:
        assert f'href="/territories/{territory.key}"' in page
    assert found.territories


def test_the_options_are_links_a_key_can_walk_through(visitor: Visitor) -> None:
    page = visitor.get("/search/options?q=west")
    options = re.findall(r'<a role="option" tabindex="-1" aria-selected="false" id="([\w-]+)" href="(/[\w/-]+)"', page)
    assert len({name for name, _ in options}) == len(options) > 1
    assert "<html" not in page


def test_nothing_found_and_nothing_asked_say_so(visitor: Visitor) -> None:
    assert "Nothing found" in visitor.get("/search?q=zzzzzz")
    assert "Nothing found." in visitor.get("/search/options?q=zzzzzz")
    assert visitor.get("/search/options?q=").strip() == ""
    assert "What are you looking for?" in visitor.get("/search")


def test_a_very_long_text_does_no_harm(visitor: Visitor) -> None:
    assert "Nothing found" in visitor.get("/search?q=" + "x" * 5000)
