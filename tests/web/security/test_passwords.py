"""What standards ask of passwords, where no other test says it: nothing is bent, nothing runs out, and browsers may help."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from metes.base.errors import InputError
from metes.identity.passwords import MAX_PASSWORD, MIN_PASSWORD, checked_password, hash_password, is_password
from metes.identity.sealing import SealAccess
from metes.web.rendering import TEMPLATES
from tests.conftest import NOW
from tests.web.security.attacking import NAME, PASSWORD, Attacker

PATTERN = "Correct Horse Battery Staple "


@pytest.mark.parametrize(
    "other",
    [
        PATTERN.strip(),
        PATTERN.lower(),
        PATTERN.upper(),
        PATTERN.swapcase(),
        PATTERN[:-2],
        f"{PATTERN} ",
        f" {PATTERN}",
        PATTERN.replace(" ", ""),
    ],
)
def test_a_password_is_compared_letter_by_letter(other: str) -> None:
    kept = hash_password(PATTERN)
    assert is_password(PATTERN, kept)
    assert not is_password(other, kept)


def test_the_longest_password_counts_to_its_last_letter() -> None:
    longest = ("ab cd ef gh " * MAX_PASSWORD)[:MAX_PASSWORD]
    kept = hash_password(longest)
    assert is_password(longest, kept)
    assert not is_password(longest[:-1] + "z", kept)
    assert not is_password(longest[:72], kept)
    assert not is_password(longest + "z", kept)
    assert MAX_PASSWORD >= 64


def test_the_three_thousand_most_common_passwords_of_our_length_are_refused() -> None:
    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8][:3000]
    assert len(common) == 3000
    for word in common:
        for spelled in (word, word.upper(), word.capitalize()):
            with pytest.raises(InputError):
                checked_password(spelled)
            if len(spelled) < MIN_PASSWORD:
                with pytest.raises(InputError):
                    checked_password(spelled + "1234!"[: MIN_PASSWORD - len(spelled)] + "1" * (MIN_PASSWORD - len(spelled) - 5))


def test_what_is_sealed_is_not_read_where_one_letter_of_it_was_changed() -> None:
    seal = SealAccess("a key for tests that nobody else has")
    sealed = seal.seal("a secret")
    for at in range(0, len(sealed), 7):
        changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        with pytest.raises(InputError):
            seal.unseal(changed)


def test_a_password_lasts_as_long_as_nobody_changes_it(stranger: Attacker) -> None:
    stranger.workspace.clock = lambda: NOW + timedelta(days=4000)
    assert stranger.sign_in(NAME, PASSWORD).status_code == 303
    assert stranger.get("/more").status_code == 200


def test_fields_of_passwords_hide_what_is_typed_and_let_browsers_help() -> None:
    found = 0
    for path in TEMPLATES.rglob("*.html"):
        for field in re.findall(r"<input\b[^>]*>", path.read_text(encoding="utf-8")):
            is_password_field = 'type="password"' in field
            assert is_password_field or 'name="password"' not in field, path.name
            if is_password_field:
                found += 1
                assert re.search(r'autocomplete="(?:current|new)-password"', field), field
                assert "readonly" not in field
    assert found >= 3
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (TEMPLATES.parent / "static").glob("*.js"))
    assert not re.findall(r"[\"']paste[\"']|onpaste|clipboardData", scripts)


def test_every_page_of_somebody_signed_in_has_a_way_out(shared: Attacker) -> None:
    seen = 0
    for address in (
        "/",
        "/accounts",
        "/accounts/1",
        "/territories",
        "/plan",
        "/map",
        "/users",
        "/settings",
        "/audit",
        "/jobs",
        "/more",
        "/nowhere",
    ):
        answer = shared.get(address)
        assert 'action="/sign-out"' in answer.text, address
        seen += "<html" in answer.text
    assert seen >= 11
