"""The tree, one territory, and the type-ahead."""

from __future__ import annotations

import re

import pytest

from metes.web.pages import territories
from tests.web.pages.conftest import Visitor


def nodes(page: str) -> list[str]:
    """The keys of the rows of a tree in order."""
    return re.findall(r'data-node="([\w-]+)"', page)


def test_the_tree_opens_two_levels_and_closed_ones_fetch_their_children(visitor: Visitor) -> None:
    tree = visitor.workspace.tree()
    page = visitor.get("/territories")
    assert nodes(page) == [n.territory.key for n in tree if n.depth <= 2]
    rows = visitor.get("/territories/pacific-northwest/children")
    assert nodes(rows) == [n.territory.key for n in tree if n.territory.parent == "pacific-northwest"]
    assert "<html" not in rows


def test_what_is_open_stands_in_the_address(visitor: Visitor) -> None:
    tree = visitor.workspace.tree()
    assert nodes(visitor.get("/territories?open=all")) == [n.territory.key for n in tree]
    assert nodes(visitor.get("/territories?open=")) == [n.territory.key for n in tree if n.depth == 0]
    page = visitor.get("/territories?open=united-states")
    toggle = re.search(r'data-node="west".*?href="(/territories\?[^"]*)" role="button"', page, re.DOTALL)
    assert toggle
    opened = nodes(visitor.get(toggle[1].replace("&amp;", "&")))
    assert [n.territory.key for n in tree if n.territory.parent == "west"] == [k for k in opened if k not in nodes(page)]


def test_sums_are_of_the_territory_alone_or_with_all_below(visitor: Visitor) -> None:
    west = next(n for n in visitor.workspace.tree() if n.territory.key == "west")

    def accounts(page: str) -> str:
        row = page.split('data-node="west"')[1].split("</tr>")[0]
        return re.findall(r'<td class="figure">(.*?)</td>', row)[0]

    assert accounts(visitor.get("/territories")) == f"{west.whole.accounts:,}"
    assert accounts(visitor.get("/territories?sums=own")) == f"{west.own.accounts:,}"


def test_a_territory_shows_its_rules_people_accounts_and_children(visitor: Visitor) -> None:
    profile = visitor.workspace.territory("pacific-northwest")
    page = visitor.get("/territories/pacific-northwest")
    for child in profile.children:
        assert f'href="/territories/{child.territory.key}"' in page
    for seat in profile.seats:
        assert seat.person in page
    for rule in profile.territory.rules:
        assert f"/plan/active/territories/pacific-northwest/rules/{rule.key}" in page
    assert 'href="/accounts?territory=pacific-northwest&amp;sort=-potential"' in page
    assert re.search(r'data-bounds="-1\d\d\.\d+,\d+\.\d+,-\d+\.\d+,\d+\.\d+"', page)


@pytest.mark.parametrize("address", ["/territories/atlantis", "/territories/atlantis/children"])
def test_a_territory_that_the_plan_lacks_is_not_found(visitor: Visitor, address: str) -> None:
    assert visitor.client.get(address).status_code == 404


def test_the_type_ahead_finds_words_anywhere_and_names_the_way_down(visitor: Visitor) -> None:
    page = visitor.get("/territories/options?target_text=enterprise+denver")
    assert "Nothing found." in page
    page = visitor.get("/territories/options?target_text=range+enter")
    assert 'data-key="front-range-enterprise"' in page
    assert "United States / West / Mountain West / Front Range" in page
    assert visitor.get("/territories/options?target_text=").strip() == ""


def test_without_a_plan_the_tree_says_how_to_get_one(newcomer: Visitor) -> None:
    assert "No plan is active yet" in newcomer.get("/territories")
    assert newcomer.client.get("/territories/west").status_code == 404


def test_many_children_of_one_parent_are_shown_in_parts(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(territories, "_MANY", 2)
    tree = visitor.workspace.tree()
    own = [n.territory.key for n in tree if n.territory.parent == "united-states"]
    page = visitor.get("/territories?open=united-states")
    shown = nodes(page)
    assert [key for key in shown if key in own] == own[:2]
    more = 'data-node="united-states/more" data-parent="united-states"><td colspan="5">'
    assert more in page
    assert f'href="/territories/united-states?after=2#below">{len(own) - 2} more</a>' in page
    assert page.index(f'data-node="{own[1]}"') < page.index(more)
    assert f">{len(own) - 2} more</a>" in visitor.get("/territories/united-states/children")
    first, second = visitor.get("/territories/united-states"), visitor.get("/territories/united-states?after=2")
    assert 'rel="next" href="/territories/united-states?after=2#below"' in first
    assert 'rel="prev" href="/territories/united-states?after=0#below"' in second
    for odd in ("after=-1", "after=999999", "after=x"):
        assert 'rel="prev"' not in visitor.get(f"/territories/united-states?{odd}")
    everything = visitor.get("/territories?open=all")
    assert max(len(address) for address in re.findall(r'href="(/territories\?[^"]*)"', everything)) < 200
    monkeypatch.setattr(territories, "_MOST", 4)
    assert "more stand open and are not shown" in visitor.get("/territories?open=all")
