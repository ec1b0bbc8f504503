"""The rule's sheet with terms: each by its inputs, without a script, and back from text."""

from __future__ import annotations

import re
from pathlib import Path

from metes.model.catalogue import FieldType
from tests.web.pages.browsing import Browser

PLACE = "/plan/1/territories/puget-sound"
RULE = f"{PLACE}/rules/main"


def rows(*parts: dict[str, str], edit: str = "save", root: str = "") -> dict[str, str]:
    """The form of rows under one group."""
    form = {"mode": "form", "root": root, "priority": "7", "kind:0": "and", "edit": edit}
    for i, part in enumerate(parts):
        form |= {f"{name}:0-{i}": value for name, value in part.items()}
    return form


def saved(browser: Browser, *parts: dict[str, str]) -> object:
    """The condition that rows are saved as."""
    answer = browser.post(RULE, rows(*parts, root=str(browser.workspace.plan_find("active").root_hash)))
    assert answer.status_code == 303, answer.text
    plan = browser.workspace.plan_show("2")[1]
    return plan.territory_by_key["puget-sound"].rules[0].condition


def test_terms_saved_as_rows_mean_what_they_say(browser: Browser) -> None:
    condition = saved(
        browser,
        {"field": "term:distance", "operator": "<=", "value": "30", "unit": "mi", "point": "47.6, -122.33"},
        {"field": "term:postal", "operator": "from", "value": "980", "high": "984"},
        {"field": "term:month", "operator": "in", "order": "", "month-12": "on", "month-3": "on"},
        {"field": "family.term:orders:count", "operator": ">=", "value": "3", "of": "product", "which": "gtx", "months": "12"},
        {"field": "family.country", "operator": "=", "value": "us"},
    )
    assert browser.workspace.rule_text(condition) == (  # type: ignore[arg-type]
        "distance to (47.6, -122.33) <= 48.28032 km and postal_code from '980' to '984' and month in (3, 12)"
        " and family.orders count of 'GTX' in last 12 months >= 3 and family.country = 'US'"
    )
    page = browser.get("/plan/2/territories/puget-sound/rules/main").text
    for shown in ('value="47.6, -122.33"', 'name="month-3:0-2" checked', 'name="which:0-3" value="GTX"', 'value="48.28032"'):
        assert shown in page
    assert (
        "Nothing is wrong"
        in browser.post(
            "/plan/2/territories/puget-sound/rules/main", rows({"field": "term:month", "operator": "=", "value": "3"}, edit="check")
        ).text
    )


def test_a_row_that_becomes_a_term_shows_its_inputs_at_the_next_check(browser: Browser) -> None:
    page = browser.post(RULE, rows({"field": "term:orders:sum", "operator": "starts", "value": "80"}, edit="refresh")).text
    assert 'name="of:0-0"' in page
    assert re.search(r'<option value="&gt;=" selected>is at least', page)
    page = browser.post(RULE, rows({"field": "term:distance", "operator": "<=", "value": "5"}, edit="check")).text
    assert 'name="point:0-0"' in page
    assert re.search(r'<div class="rule-row" data-term="distance">.*?finding-line error', page, re.S)
    assert "Expected a coordinate in degrees" in page


def test_areas_are_offered_where_the_plan_has_some(browser: Browser) -> None:
    assert "term:area" not in browser.get(RULE).text
    said = browser.post(RULE, {"mode": "text", "text": "in area 'rockies'", "edit": "check"}).text
    assert "The plan has no area &#39;rockies&#39;" in said or "the plan has no area &#39;rockies&#39;" in said


def test_what_rows_do_not_offer_stays_text(browser: Browser) -> None:
    text = "distance to (1, 2) in (3 km, 4 km)"
    page = browser.post(RULE, {"mode": "text", "text": text, "edit": "mode:form"}).text
    assert "rows do not offer" in page
    assert "So it is shown as text." in page
    assert text in page


def test_a_distance_is_shown_in_the_unit_of_the_workspace(browser: Browser) -> None:
    browser.workspace.config_set("distance_unit", "mi")
    page = browser.post(RULE, {"mode": "text", "text": "distance to (1, 2) <= 30 mi", "edit": "mode:form"}).text
    assert 'name="value:0-0" value="30"' in page
    assert '<option value="mi" selected>' in page


def test_script_text_in_a_term_is_shown_and_never_run(browser: Browser) -> None:
    nasty = "<script>alert('x')</script>"
    page = browser.post(RULE, rows({"field": "term:distance", "operator": "<=", "value": nasty, "point": nasty}, {"field": nasty, "operator": "=", "value": "5"},
                                   {"field": "term:orders:count", "operator": "=", "of": "product", "which": nasty, "months": nasty}, edit="check")).text  # fmt: skip
    assert nasty not in page
    assert page.count("&lt;script&gt;") >= 4


VALUES = {
    FieldType.TEXT: ("Gold", "Silver"),
    FieldType.CODE: ("g1", "s1"),
    FieldType.INTEGER: ("5", "6"),
    FieldType.DECIMAL: ("0.5", "0.75"),
    FieldType.MONEY: ("10.50", "11"),
    FieldType.DATE: ("2024-03-14", "2024-03-15"),
    FieldType.BOOLEAN: ("true", "false"),
}


def test_a_custom_field_of_each_type_is_asked_for_in_text_and_form(browser: Browser, tmp_path: Path) -> None:
    names = {type: f"custom_{type.value}" for type in VALUES}
    file = tmp_path / "accounts.csv"
    lines = [
        ",".join(["id", "name", *names.values()]),
        *(",".join([f"Z{i}", f"Zed {i}", *(v[i] for v in VALUES.values())]) for i in (0, 1)),
    ]
    file.write_text("\n".join([*lines, "Z2,Zed 2" + "," * len(names)]) + "\n", encoding="utf-8")
    mapping = "columns:\n" + "".join(f"  {name}: custom:{name}:{type.value}\n" for type, name in names.items())
    assert browser.workspace.import_("accounts", [file], source="custom", mapping=mapping).created == 3
    for type, name in names.items():
        value = VALUES[type][0]
        shown = value if type.is_number or type is FieldType.BOOLEAN else f"'{value}'"
        for text, count in ((f"{name} = {shown}", 1), (f"{name} is not missing", 2), (f"family.{name} in ({shown})", 1)):
            assert browser.workspace.rule_count(browser.workspace.rule_parse(text)) == count, text
        page = browser.post(f"{PLACE}/take", rows({"field": name, "operator": "=", "value": value})).text
        assert page.startswith("<span><b>1</b>"), (name, page)
