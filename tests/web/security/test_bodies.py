"""Bodies made to break their reader: nested, repeated, of another kind than they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.security.attacking import Attacker

COUNT = "/api/v1/rules/count"


def sent(attacker: Attacker, address: str, content: bytes, kind: str = "application/json") -> Any:
    """The answer to a body with the session's token in the header."""
    return attacker.client.post(address, content=content, headers={"content-type": kind, "x-csrf-token": attacker.token()})


@pytest.mark.parametrize("depth", [200, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"when":', "}")])
def test_json_of_any_depth_is_answered_in_words(attacker: Attacker, depth: int, opening: str, closing: str) -> None:
    answer = sent(attacker, COUNT, (opening * depth + "1" + closing * depth).encode())
    assert answer.status_code in {400, 422}, answer.text[:300]
    assert set(answer.json()) == {"error"}
    assert len(answer.content) < 100_000


def test_json_of_another_kind_than_it_says_is_refused(attacker: Attacker) -> None:
    body = json.dumps({"when": "country = 'US'"}).encode()
    assert sent(attacker, COUNT, body).status_code == 200
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""):
        assert sent(attacker, COUNT, body, kind).status_code in {400, 403, 415, 422}, kind
    for encoding in ("utf-16", "utf-32"):
        assert sent(attacker, COUNT, "null".encode(encoding)).status_code in {400, 422}


@pytest.mark.parametrize(
    "body", [b'{"when": NaN}', b'{"when": 1e999}', b'{"when": "a", "when": "b", "x": ', b"\xff\xfe", b"{}{}", b""]
)
def test_json_that_is_none_is_answered_in_words(attacker: Attacker, body: bytes) -> None:
    answer = sent(attacker, COUNT, body)
    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"error"}


def test_values_of_another_type_are_refused_and_not_bent(attacker: Attacker) -> None:
    for when in (1, True, None, ["country = 'US'"], {"country": "US"}):
        assert sent(attacker, COUNT, json.dumps({"when": when}).encode()).status_code == 422, when


def test_fields_beyond_those_of_a_form_or_resource_change_nothing(attacker: Attacker) -> None:
    """Mass assignment: what an address does not take stays as it is, whatever is sent along."""
    more = {
        "id": 999,
        "user_id": 1,
        "state": "active",
        "is_disabled": False,
        "hash": "x",
        "principal": "local",
        "role": "administrator",
    }
    before = attacker.workspace.config_list()
    answer = attacker.client.put(
        "/api/v1/settings/company", json={"value": "Able", **more}, headers={"x-csrf-token": attacker.token()}
    )
    assert answer.status_code == 200, answer.text
    after = attacker.workspace.config_list()
    assert {name for name in after if after[name] != before[name]} <= {"company"}
    made = attacker.post("/accounts/views", {"name": "view", "query": "q=a", **{name: str(value) for name, value in more.items()}})
    assert made.status_code == 303
    with attacker.workspace.store.read() as connection:
        owners = connection.exec_driver_sql("SELECT DISTINCT user_id FROM saved_views").scalars().all()
    assert owners == [1], "a view belongs to whoever saved it"


def test_a_form_of_more_fields_or_files_than_any_of_ours_is_refused(attacker: Attacker) -> None:
    many = "&".join(f"a{n}=1" for n in range(20_001)).encode()
    assert sent(attacker, "/settings", many, "application/x-www-form-urlencoded").status_code in {400, 422}
    files = [("file", (f"{n}.csv", b"id\n1\n")) for n in range(51)]
    assert attacker.post("/import", {"kind": "accounts"}, files=files).status_code in {400, 422}
    assert attacker.get("/more").status_code == 200


def test_a_parameter_that_is_repeated_is_one_of_those_sent_and_never_both(attacker: Attacker) -> None:
    for address in ("/accounts?q=Able&q=nothing-like-it", "/api/v1/accounts?limit=1&limit=2", "/accounts?sort=name&sort=id"):
        assert attacker.get(address).status_code in {200, 422}, address
    twice = f"csrf_token={attacker.token()}&csrf_token=forged"
    form = "application/x-www-form-urlencoded"
    answers = {
        attacker.client.post("/jobs/assign", content=text, headers={"content-type": form}).status_code
        for text in (twice, "&".join(reversed(twice.split("&"))))
    }
    assert answers <= {303, 403}
    assert 403 in answers
