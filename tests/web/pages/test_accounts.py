"""The list of accounts: filters, sort, columns, paging, views and exports."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from metes.model.query import AccountQuery
from tests.web.pages.conftest import ACCOUNTS, Visitor


def names(page: str) -> list[str]:
    """The accounts of a list in order."""
    return re.findall(r'<th scope="row"><a href="/accounts/\d+">(.*?)</a>', page)


def shown(page: str) -> str:
    """The line that says which rows of how many are shown."""
    found = re.search(r'aria-label="Pages">\s*<span>(.*?)</span>', page)
    assert found
    return found[1].replace("\xa0", " ")


def test_the_list_tells_how_many_and_what_they_add_up_to(visitor: Visitor) -> None:
    page = visitor.get("/accounts")
    assert shown(page) == f"1–50 of {ACCOUNTS} accounts"
    assert len(names(page)) == 50
    total = visitor.workspace.accounts(AccountQuery()).sums["potential"]
    assert f"${total / 1e8:.0f}" in page or f"${total / 1e8:.1f}" in page


def test_pages_lead_on_and_back_without_losing_or_repeating_an_account(visitor: Visitor) -> None:
    address, seen = "/accounts?sort=-potential", []
    while address:
        page = visitor.get(address)
        seen += names(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == ACCOUNTS
    assert shown(page) == f"551–600 of {ACCOUNTS} accounts"
    back = re.search(r'rel="prev" href="([^"]+)"', page)
    assert back
    page = visitor.get(back[1].replace("&amp;", "&"))
    assert names(page) == seen[500:550]
    assert shown(page) == f"501–550 of {ACCOUNTS} accounts"


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("industry=Landscaping", "industry = 'Landscaping'"),
        ("size=50-249", "employees between 50 and 249"),
        ("size=unknown", "employees is missing"),
        ("where=employees+%3E+100&region=US-TX", "employees > 100 and region = 'US-TX'"),
    ],
)
def test_filters_take_what_their_condition_takes(visitor: Visitor, query: str, condition: str) -> None:
    expected = visitor.workspace.accounts(AccountQuery(condition=visitor.workspace.rule_parse(condition)))
    page = visitor.get(f"/accounts?{query}")
    assert expected.total > 0
    assert len(names(page)) == min(50, expected.total)
    assert f" of {expected.total} account" in shown(page)


def test_a_territory_takes_what_stands_below_it_and_an_overlay_what_it_helps_with(visitor: Visitor) -> None:
    tree = {node.territory.key: node for node in visitor.workspace.tree()}
    for key in ("west", "irrigation"):
        assert f" of {tree[key].whole.accounts} account" in shown(visitor.get(f"/accounts?territory={key}"))


def test_a_condition_that_cannot_be_read_is_kept_with_what_is_wrong_beside_it(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts", params={"where": 'employes > 5 and "><b>'})
    assert answer.status_code == 422
    assert "there is no field &#39;employes&#39;" in answer.text
    assert "Did you mean &#39;employees&#39;?" in answer.text
    assert 'value="employes &gt; 5 and &#34;&gt;&lt;b&gt;"' in answer.text
    assert not names(answer.text)


def test_a_list_that_the_plan_lacks_is_a_finding_of_the_condition(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts", params={"where": "id in list 'nowhere'"})
    assert answer.status_code == 422
    assert "the plan has no list &#39;nowhere&#39;" in answer.text


def test_columns_and_their_order_are_those_of_the_address(visitor: Visitor) -> None:
    page = visitor.get("/accounts?column=name&column=region&column=customer_since&column=nonsense")
    heads = re.findall(r'aria-sort="\w+" class="[^"]*"><a [^>]*>(.*?)<svg', page)
    assert heads == ["Name", "Region", "Customer since"]


@pytest.mark.parametrize("address", ["/accounts?sort=nonsense", "/accounts?after=51~nonsense"])
def test_what_no_list_has_is_an_error_that_says_so(visitor: Visitor, address: str) -> None:
    assert visitor.client.get(address).status_code == 422


def test_an_unknown_territory_is_not_found(visitor: Visitor) -> None:
    assert visitor.client.get("/accounts?territory=atlantis").status_code == 404


def test_htmx_gets_the_sums_out_of_band(visitor: Visitor) -> None:
    page = visitor.get("/accounts?q=golf", headers={"hx-request": "true"})
    assert 'id="sums" hx-swap-oob="true"' in page
    assert "hx-swap-oob" not in visitor.get("/accounts?q=golf")


def test_csv_holds_all_rows_in_the_list_s_columns(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts/export.csv?size=50-249&sort=-potential&column=name&column=potential")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    total = visitor.workspace.accounts(AccountQuery(condition=visitor.workspace.rule_parse("employees between 50 and 249"))).total
    assert rows[0] == ["id", "name", "potential"]
    assert len(rows) == total + 1
    assert "attachment" in answer.headers["content-disposition"]


def test_excel_is_a_workbook(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts/export.xlsx?size=50-249")
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def test_an_export_of_a_condition_that_cannot_be_read_is_refused(visitor: Visitor) -> None:
    assert visitor.client.get("/accounts/export.csv?where=employes").status_code == 422


def test_a_view_is_saved_offered_and_dropped(editor: Visitor) -> None:
    answer = editor.post("/accounts/views", name="Big <b>ones</b>", query="size=1000-&sort=-potential")
    assert answer.headers["location"] == "/accounts?size=1000-&sort=-potential"
    page = editor.get("/accounts?size=1000-&sort=-potential")
    assert 'aria-current="page">Big &lt;b&gt;ones&lt;/b&gt;</a>' in page
    number = re.search(r"/accounts/views/(\d+)/delete", editor.get("/accounts/views"))
    assert number
    editor.post(f"/accounts/views/{number[1]}/delete")
    assert "Big" not in editor.get("/accounts")


def test_a_view_without_a_name_keeps_the_form(editor: Visitor) -> None:
    answer = editor.post("/accounts/views", name=" ", query="size=1-9")
    assert answer.status_code == 422
    assert 'value="size=1-9"' in answer.text


def test_a_form_without_its_token_is_refused(visitor: Visitor) -> None:
    assert visitor.client.post("/accounts/views", data={"name": "x", "query": ""}).status_code == 403


def test_an_account_s_key_leads_to_its_page(visitor: Visitor) -> None:
    row = visitor.workspace.accounts(AccountQuery(rows=1)).rows[0]
    answer = visitor.client.get(f"/accounts/named/{row['id']}", follow_redirects=False)
    assert answer.headers["location"] == f"/accounts/{row['account']}"
    assert visitor.client.get("/accounts/named/nobody").status_code == 404


def test_an_empty_workspace_says_where_to_begin(newcomer: Visitor) -> None:
    page = newcomer.get("/accounts")
    assert "No account yet" in page
    assert 'href="/import"' in page
