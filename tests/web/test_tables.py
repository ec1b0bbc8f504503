"""Addresses and the links of a table."""

from __future__ import annotations

from metes.web.addresses import Address
from metes.web.tables import Cell, Column, Filter, Table

NAME, REVENUE = Column("name", "Account", Cell.LINK), Column("revenue", "Revenue", Cell.MONEY)


def table(sort: str, query: str = "") -> Table:
    return Table("Accounts", [NAME, REVENUE, Column("id", "Id", is_shown=False)], [], Address.parse("/accounts", query), sort=sort)


def test_an_address_reads_back_as_written() -> None:
    text = "/accounts?region=US-CO&region=US-WY&q=a+%26+b"
    path, query = text.split("?")
    address = Address.parse(path, query)
    assert str(address) == text
    assert address.values("region") == ("US-CO", "US-WY")
    assert address.get("q") == "a & b"
    assert address.get("none", "?") == "?"


def test_one_value_of_a_parameter_can_be_taken_out_or_all() -> None:
    address = Address.parse("/a", "region=US-CO&region=US-WY&q=x")
    assert str(address.drop("region", "US-CO")) == "/a?region=US-WY&q=x"
    assert str(address.drop("region").put(q=None)) == "/a"
    assert str(address.add("region", "US-UT")).endswith("region=US-UT")
    assert address.hidden("region") == (("q", "x"),)


def test_sorting_begins_with_the_largest_figure_and_the_first_text_and_then_turns() -> None:
    assert table("").sort_href(REVENUE) == "/accounts?sort=-revenue"
    assert table("").sort_href(NAME) == "/accounts?sort=name"
    assert table("-revenue").sort_href(REVENUE) == "/accounts?sort=revenue"
    assert table("name").sort_href(NAME) == "/accounts?sort=-name"
    assert [table("-revenue").direction(c) for c in (NAME, REVENUE)] == ["none", "descending"]


def test_another_sort_filter_or_page_forgets_the_place_but_no_filter() -> None:
    at = table("name", "region=US-CO&after=K9&q=x")
    assert at.sort_href(REVENUE) == "/accounts?region=US-CO&q=x&sort=-revenue"
    assert at.page_href(before="K1") == "/accounts?region=US-CO&q=x&before=K1"
    assert at.without(Filter("Region", "region", "US-CO")) == "/accounts?q=x"


def test_clearing_keeps_the_sort() -> None:
    at = Table("A", [NAME], [], Address.parse("/a", "sort=name&region=US-CO&q=x"), filters=[Filter("Region", "region", "US-CO")])
    assert at.cleared() == "/a?sort=name"


def test_hidden_columns_are_not_shown() -> None:
    assert [c.key for c in table("").shown] == ["name", "revenue"]
