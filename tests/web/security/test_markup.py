"""Hostile text, brought in by real imports and a real plan, on every page and in every file: shown, never run."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import pytest

from tests.web.security.attacking import ADDRESS, FORMULA, MARKUP, SCRIPT, Attacker, apart, api_routes, filled, page_routes, some_of

OWN_SCRIPT = re.compile(r"/static/[0-9a-f]{12}/[\w./-]+\.m?js")
ADDRESSES = (
    "href",
    "src",
    "action",
    "formaction",
    "data-href",
    "hx-get",
    "hx-post",
    "hx-sse:connect",
    "data-points",
    "data-next",
    "xlink:href",
)
RUNS_TEXT = re.compile(r"on\w+|hx-on.*|hx-vals|hx-vars|style|srcdoc|x-.*|hx-headers")

DRAWN = re.compile(r"data:image/svg\+xml;charset=utf-8,<svg [^<>]*>(?:</?(?:g|path|rect)\b[^<>]*>)*</svg>")


class Page(HTMLParser):
    """Gathers whatever in a page could run, or lead off this server."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """One element with its attributes."""
        given = {name: value or "" for name, value in attributes}
        if tag == "script" and not OWN_SCRIPT.fullmatch(given.get("src", "")):
            self.trouble.append((tag, "src", str(given)))
        if tag in {"iframe", "object", "embed", "base", "style"} or (tag == "meta" and "http-equiv" in given):
            self.trouble.append((tag, "", str(given)))
        if tag == "img" and given.get("src") == "x":
            self.trouble.append((tag, "", str(given)))
        for name, value in given.items():
            if RUNS_TEXT.fullmatch(name) and (name, value) != ("hx-vals", '{"edit": "refresh"}'):
                self.trouble.append((tag, name, value))
            # Of pictures one is drawn by the server, of squares alone, and what a picture holds cannot run.
            is_drawn = (tag, name) == ("img", "src") and DRAWN.fullmatch(unquote(value)) is not None
            if name in ADDRESSES and not (_is_ours(value) or is_drawn):
                self.trouble.append((tag, name, value))

    def handle_data(self, data: str) -> None:
        """Text between elements."""
        self.text.append(data)


# What gives a file, or events, and no page.
FILES = (".csv", ".xlsx", ".zip", ".json", ".jsonl", "/events", "/audit/anchor")


def _is_ours(address: str) -> bool:
    if address.startswith("//") or "\\" in address[:3]:
        return False
    return address == "" or address.startswith(("/", "#", "?", "mailto:"))


def check(answer: Any, address: str) -> Page:
    """The page, which must hold nothing that runs."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8", address
    page = Page()
    page.feed(answer.text)
    page.close()
    assert page.trouble == [], address
    assert "Traceback" not in answer.text
    return page


def addresses(attacker: Attacker) -> list[str]:
    """Every page with every parameter that exists, and with hostile parameters."""
    workspace = attacker.workspace
    numbers = {
        "/accounts/": [str(workspace.account_number(key)) for key in ("a1", "a2", MARKUP)],
        "/people/": ["1"],
        "/import/": [str(past.id) for past in workspace.imports()],
        "/jobs/": [str(job.id) for job in workspace.jobs(100)],
        "/import/review/": [str(job.id) for job in workspace.jobs(100) if job.kind == "import"],
    }
    found: list[str] = []
    references = ["active", "draft", *(str(r.id) for r in workspace.plan_list())]
    for method, pattern in page_routes():
        if method != "get" or pattern.endswith(FILES):
            continue
        prefix = pattern.partition("{")[0]
        for number in numbers.get(prefix, ["1"]):
            for reference in references if "{reference}" in pattern else ["active"]:
                for key in ("world", "west") if "{key}" in pattern else ["west"]:
                    found.append(filled(pattern, number=number, reference=reference, key=key, rule="r1"))
                    found.append(filled(pattern, number=number, reference=reference, key=key, rule="r2"))
    return sorted(set(found))


HOSTILE_QUERY = dict.fromkeys(("q", "where", "sort", "column", "territory", "after", "before", "at", "known", "kind", "source", "next", "revision", "parent", "mode", "code", "zone", "selected", "target", "target_text", "reason", "from", "to", "draft", "author", "type", "preview", "all", "a", "b", "by", "state", "on", "person_text"), f'{MARKUP}{ADDRESS}')  # fmt: skip


def test_every_page_shows_hostile_text_and_runs_none_of_it(shared: Attacker) -> None:
    seen = 0
    shown = ""
    for address in addresses(shared):
        answer = shared.get(address)
        if answer.status_code == 303:
            continue
        assert answer.status_code < 500, address
        page = check(answer, address)
        shown += "".join(page.text)
        seen += answer.status_code == 200
    assert seen > 100
    # Each place really held the text: what was never shown was never attacked.
    for prefix in ("Able", "Person", "World", "West", "House", "Rule", "Scenario", "Because", "Said", "Wild West"):
        assert f"{prefix}{SCRIPT}" in shown, prefix


@pytest.mark.parametrize("pattern", [p for m, p in page_routes() if m == "get" and not p.endswith(FILES)])
def test_hostile_parameters_are_answered_with_pages_that_run_nothing(shared: Attacker, pattern: str) -> None:
    address = filled(pattern)
    alone = (
        (query, shared.get(address, params=query))
        for query in ({n: HOSTILE_QUERY[n]} for n in some_of(list(HOSTILE_QUERY), pattern, 7))
    )
    for query, answer in (*apart(lambda query: shared.get(address, params=query), HOSTILE_QUERY), *alone):
        assert answer.status_code < 500, (address, query, answer.text[:500])
        if answer.status_code != 303:
            check(answer, f"{address} {query}")
        else:
            assert _is_ours(answer.headers["location"])


@pytest.mark.parametrize("pattern", [p for m, p in page_routes() if m == "get" and "{" in p])
def test_hostile_paths_are_answered_with_pages_that_run_nothing(shared: Attacker, pattern: str) -> None:
    for value in (
        "<script>alert(1)<%2Fscript>",
        "%22%3E%3Cimg src=x onerror=alert(1)%3E",
        "javascript:alert(1)",
        "..%2f..%2fetc%2fpasswd",
    ):
        address = re.sub(r"\{\w+\}", value, pattern)
        answer = shared.get(address)
        assert answer.status_code in {303, 401, 403, 404, 422}, (address, answer.status_code)
        if answer.headers.get("content-type", "").startswith("text/html"):
            check(answer, address)


def test_forms_answered_with_what_was_typed_run_none_of_it(attacker: Attacker) -> None:
    fields = dict.fromkeys(("name", "token", "days", "kind", "source", "act", "text", "note", "priority", "accounts", "reason", "from", "until", "on", "company", "locale", "time_zone", "rates", "colour", "type", "parent", "key", "query", "target", "target_text", "seat", "role", "pin", "root", "revision", "title", "rationale", "due_on", "correction", "subject", "comment", "decision", "part", "hash", "reply_to", "publication", "user", "right", "person", "person_text", "territory_text", "a", "b", "choice:x", "default_country", "to:0", "f0", "v0", "edit", "mode"), f"{MARKUP}{ADDRESS}")  # fmt: skip
    # These end the session, or what it may.
    leave = {"/sign-out", "/sign-in", "/sign-in/leave", "/users/{name}/view-as", "/users/{name}/sessions/remove"}
    for method, pattern in page_routes():
        if method == "get" or pattern in leave or pattern.endswith(("/password", "/disable", "/enable", "/end", "/revoke")):
            continue
        for more in ({}, {"mode": "text", "edit": "check"}, {"mode": "form", "edit": "save"}):
            address = filled(pattern)
            answer = attacker.post(address, {**fields, **more})
            assert answer.status_code < 500, (address, answer.text[:800])
            if answer.status_code != 303:
                check(answer, address)


def test_json_answers_are_json_and_cannot_be_sniffed_as_pages(shared: Attacker) -> None:
    for method, pattern in api_routes():
        if method == "get" and not pattern.endswith(".csv"):
            answer = shared.get(filled(pattern, key="west", account="a1"), params={"q": SCRIPT})
            assert answer.headers["content-type"] == "application/json", pattern
            assert answer.headers["x-content-type-options"] == "nosniff"
    for address in ("/map/fills.json", "/map/points.json?bbox=-180,-90,180,90&zoom=3"):
        assert shared.get(address).headers["content-type"].startswith("application/"), address
    told = shared.get("/nowhere", headers={"accept": "application/json"})
    assert told.headers["content-type"] == "application/json"


def test_no_cell_of_an_export_runs_as_a_formula(shared: Attacker) -> None:
    columns = "&".join(f"column={name}" for name in ("id", "name", "city", "industry", "channel", "website", "phone", "street"))
    answer = shared.get(f"/accounts/export.csv?{columns}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert any(FORMULA in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    sheet = shared.get(f"/accounts/export.xlsx?{columns}")
    assert sheet.headers["content-disposition"] == 'attachment; filename="accounts.xlsx"'
    from openpyxl import load_workbook

    cells = [cell for row in load_workbook(io.BytesIO(sheet.content)).active.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    for past in shared.workspace.imports():
        findings = shared.get(f"/import/{past.id}/findings.csv")
        assert findings.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(findings.text)))
        assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_plan_s_archive_holds_no_path_that_leads_out_of_it(shared: Attacker) -> None:
    import zipfile

    answer = shared.get("/plan/export.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="[\w.-]+\.zip"', answer.headers["content-disposition"])
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert all(re.fullmatch(r"hostile/[\w./-]+", name) and ".." not in name for name in names)


def test_only_our_own_templates_write_markup() -> None:
    from metes.web.rendering import TEMPLATES

    text = "\n".join(path.read_text() for path in sorted(TEMPLATES.rglob("*.html")))
    assert not re.findall(r"\|\s*safe\b|autoescape\s+false|Markup\(", text)
    code = "\n".join(path.read_text() for path in sorted(TEMPLATES.parent.rglob("*.py")))
    assert not re.findall(r"markupsafe|Markup\(", code)
    scripts = "\n".join(path.read_text() for path in sorted((TEMPLATES.parent / "static").glob("*.js")))
    assert not re.findall(r"innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", scripts)
