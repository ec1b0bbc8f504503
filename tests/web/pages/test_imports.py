"""The import's pages: files looked at, questions answered, mapped, taken in, taken back."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from metes.base.errors import NotFound
from tests.web.pages.browsing import Browser

SCRIPT = "<script>alert('x')</script>"
SOUND = "id,name,country,region\nN1,Northern Pines,US,US-WA\nN2,Reno Works,US,US-NV\n"
DOUBTFUL = (
    "Account Number;Company;Country;Since;Employees;Loyalty\n"
    f"X1;{SCRIPT};US;03/04/2024;12;gold\n"
    "X2;Beta;Philipines;05/06/2024;=1+1;silver\n"
    "X3;;US;01/02/2024;3;gold\n"
)


def send(browser: Browser, text: str, kind: str = "accounts", source: str = "crm") -> str:
    """Send a file and look at it; the address of the review."""
    answer = browser.post("/import", {"kind": kind, "source": source}, files={"file": ("up.csv", text.encode(), "text/csv")})
    assert answer.status_code == 303
    browser.work()
    return str(answer.headers["location"])


def decide(browser: Browser, review: str, act: str, **more: Any) -> str:
    """Press a button of the review; where it leads when all jobs have run."""
    answer = browser.post(review, {"act": act, **more})
    assert answer.status_code == 303, answer.text
    browser.work()
    return str(answer.headers["location"])


def test_the_first_page_offers_every_kind_and_the_newest_imports(reader: Browser) -> None:
    page = reader.get("/import?kind=zones").text
    assert page.count('name="kind"') == 12
    assert re.search(r'value="zones" checked', page)
    assert "seats.csv" in page
    assert "/import/3" in reader.get("/import/history").text


def test_without_a_file_or_a_kind_nothing_is_queued(browser: Browser) -> None:
    assert browser.post("/import", {"kind": "accounts"}).status_code == 422
    files = {"file": ("up.csv", b"id,name\n", "text/csv")}
    assert browser.post("/import", {"kind": "nonsense"}, files=files).status_code == 422
    assert browser.post("/import", {"kind": "accounts", "source": "x" * 81}, files=files).status_code == 422
    assert not [job for job in browser.workspace.jobs() if job.kind in ("import", "undo")]


def test_a_sound_file_is_looked_at_then_taken_in_then_taken_back(browser: Browser) -> None:
    review = send(browser, SOUND)
    page = browser.get(review).text
    assert "Every row is in order." in page
    with pytest.raises(NotFound):
        browser.workspace.owner("N1")
    job = decide(browser, review, "import")
    landed = browser.get(job, follow_redirects=False).headers["location"]
    assert re.fullmatch(r"/import/\d+", landed)
    assert browser.workspace.account("N1").facts.record["name"] == "Northern Pines"
    assert "2 records</p>" not in browser.get(landed).text
    asked = browser.get(f"{landed}/undo").text
    assert "2\u00a0records that it made will be closed." in asked
    undone = browser.post(f"{landed}/undo").headers["location"]
    browser.work()
    assert browser.get(undone, follow_redirects=False).headers["location"] == landed
    assert "Taken back by demo" in browser.get(landed).text
    assert "It cannot be taken back" in browser.get(f"{landed}/undo").text


def test_the_same_file_again_says_that_nothing_changed(browser: Browser) -> None:
    decide(browser, send(browser, SOUND), "import")
    again = send(browser, SOUND)
    assert "Nothing would change" in browser.get(again).text
    job = decide(browser, again, "import")
    assert "nothing was written" in browser.get(job).text


def test_an_ambiguous_day_is_asked_and_the_answer_kept(browser: Browser) -> None:
    review = send(browser, DOUBTFUL)
    page = browser.get(review).text
    assert "day first and month first are both possible" in page
    assert 'value="import"' not in page
    number = re.search(r'name="date_format:(\d+)"', page)
    assert number is not None
    answered = decide(browser, review, "look", **{f"date_format:{number[1]}": "dmy"})
    page = browser.get(answered).text
    assert 'value="import"' in page
    assert re.search(r'<option value="dmy" selected', page)
    decide(browser, answered, "import")
    since = browser.workspace.account("X1").facts.record["customer_since"]
    assert str(since) == "2024-04-03"


def test_findings_are_filtered_by_code_and_come_as_csv_that_cannot_run(browser: Browser) -> None:
    review = send(browser, DOUBTFUL.replace("03/04/2024", "23/04/2024"))
    page = browser.get(review).text
    assert "unknown-country" in page
    assert "missing-name" in page
    only = browser.get(f"{review}?code=missing-name").text
    assert "Philipines" not in only.split('id="findings"')[1]
    text = browser.get(f"{review}/findings.csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["code"] for row in rows} >= {"unknown-country", "missing-name"}
    assert all(not cell.startswith("=") for row in rows for cell in row.values())
    assert any(row["value"] == "'=1+1" for row in rows)


def test_a_columns_guess_is_corrected_and_remembered(browser: Browser) -> None:
    review = send(browser, "id,name,country,grade\nG1,Grade One,US,gold\n")
    page = browser.get(review).text
    number = page.index('aria-label="What grade becomes"')
    name = re.findall(r'name="(to:\d+)"', page[:number])[-1]
    corrected = decide(browser, review, "look", **{name: "segment"})
    assert re.search(r'<option value="segment" selected', browser.get(corrected).text)
    decide(browser, corrected, "import")
    assert browser.workspace.account("G1").facts.record["segment"] == "gold"
    again = browser.get(send(browser, "id,name,country,grade\nG2,Grade Two,US,gold\n")).text
    assert re.search(r'<option value="segment" selected', again)


def test_two_columns_cannot_fill_one_field(browser: Browser) -> None:
    review = send(browser, "id,name,country,grade\nG1,Grade One,US,gold\n")
    answer = browser.post(review, {"act": "look", "to:3": "name"})
    assert answer.status_code == 422
    assert "cannot both be name" in answer.text
    assert browser.post(review, {"act": "look", "default_country": "USA"}).status_code == 422


def test_a_complete_file_shows_what_it_would_close_before_it_does(browser: Browser) -> None:
    decide(browser, send(browser, SOUND), "import")
    review = send(browser, SOUND.rsplit("N2", 1)[0])
    shown = decide(browser, review, "import", full="1")
    assert shown.startswith("/import/review/")
    page = browser.get(shown).text
    assert "and close 1" in page
    assert browser.workspace.account("N2").facts.record["closed_on"] is None
    decide(browser, shown, "import", full="1")
    assert browser.workspace.account("N2").facts.record["closed_on"] is not None


def test_all_or_nothing_writes_nothing_with_a_row_refused(browser: Browser) -> None:
    review = send(browser, SOUND + "N3,,US,US-WA\n")
    job = decide(browser, review, "import", strict="1")
    assert "nothing was written" in browser.get(job).text
    with pytest.raises(NotFound):
        browser.workspace.owner("N1")


def test_stored_script_text_is_shown_and_never_run(browser: Browser) -> None:
    review = send(browser, f"id,name,country,{SCRIPT}\nS1,{SCRIPT},{SCRIPT},{SCRIPT}\n", source=SCRIPT)
    page = browser.get(review).text
    job = decide(browser, review, "import")
    for text in (page, browser.get(job).text, browser.get("/import").text, browser.get("/import/history").text):
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_a_file_that_cannot_be_read_says_why_and_where_to_go_on(browser: Browser) -> None:
    review = send(browser, "")
    page = browser.get(review).text
    assert 'data-state="failed"' in page
    assert "Choose another file" in page


def test_territories_become_a_draft(browser: Browser) -> None:
    review = send(
        browser,
        "key,name,parent,type,rule\nnorth,North,,area,region = 'US-WA'\nsouth,South,,area,region = 'US-TX'\n",
        "territories",
    )
    job = decide(browser, review, "import")
    assert "became a draft" in browser.get(job).text
    assert "North" in browser.get("/plan?revision=draft").text


def test_dropped_files_are_gone(browser: Browser) -> None:
    review = send(browser, SOUND)
    assert decide(browser, review, "drop") == "/import?kind=accounts"
    assert "no longer kept here" in browser.get(review).text


@pytest.mark.parametrize("address", ["/import/999", "/import/999/undo", "/import/999/findings.csv", "/import/review/999"])
def test_what_is_not_there_is_said_to_be_not_there(reader: Browser, address: str) -> None:
    assert reader.get(address).status_code == 404


def test_a_form_without_its_token_takes_nothing(browser: Browser) -> None:
    files = {"file": ("up.csv", SOUND.encode(), "text/csv")}
    assert browser.client.post("/import", data={"kind": "accounts"}, files=files).status_code == 403
    assert browser.client.post("/import/3/undo").status_code == 403
    assert not [job for job in browser.workspace.jobs() if job.kind in ("import", "undo")]
