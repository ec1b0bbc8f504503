"""How passwords are kept, and which are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from metes.base.errors import InputError
from metes.identity.passwords import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    STRONG,
    Effort,
    checked_against,
    checked_password,
    hash_password,
    is_breached,
    is_password,
    set_effort,
)

PASSWORD = "correct horse battery"
LIGHT = Effort(1, 8)


@pytest.fixture
def light() -> Iterator[None]:
    """The tests' effort again, whatever the test sets."""
    yield
    set_effort(LIGHT)


def test_a_password_is_known_by_its_hash_alone() -> None:
    hashed = hash_password(PASSWORD)
    assert PASSWORD not in hashed
    assert hashed.startswith("$argon2id$")
    assert is_password(PASSWORD, hashed)
    assert not is_password(PASSWORD + " ", hashed)
    assert not is_password("", hashed)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


@pytest.mark.parametrize("kept", [None, ""])
def test_nobody_has_no_password(kept: str | None) -> None:
    assert not is_password(PASSWORD, kept)


@pytest.mark.parametrize("length", [0, MIN_PASSWORD - 1, MAX_PASSWORD + 1])
def test_a_password_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match=f"{MIN_PASSWORD} to {MAX_PASSWORD} characters, got {length}"):
        hash_password("x" * length)


def test_a_password_too_long_to_be_one_is_not_even_hashed() -> None:
    assert not is_password("x" * 1_000_000, "not even looked at")


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    # é as one character and as two, and a ligature as two letters
    assert is_password("cafe\u0301 flotille \ufb01n", hash_password("caf\u00e9 flotille fin"))


@pytest.mark.parametrize(
    "password", ["   spaces all over   ", "пароль из кириллицы", "🐎🔋📎🐎🔋📎 and so on", "a\tb\x00c control characters"]
)
def test_any_characters_may_stand_in_a_password(password: str) -> None:
    assert is_password(password, hash_password(checked_password(password)))


def test_half_a_character_is_refused_and_is_nobodys_password() -> None:
    with pytest.raises(InputError, match="half a character"):
        hash_password("\ud83d is half of something")
    assert not is_password("\ud83d is half of something", hash_password(PASSWORD))


def test_a_hash_made_with_less_effort_is_made_anew(light: None) -> None:
    before = hash_password(PASSWORD)
    assert checked_against(PASSWORD, before) == (True, None)
    set_effort(Effort(2, 16))
    is_right, after = checked_against(PASSWORD, before)
    assert is_right
    assert after is not None
    assert "t=2" in after
    assert is_password(PASSWORD, after)
    assert checked_against("another password", before) == (False, None)


def test_the_effort_is_at_least_what_owasp_asks() -> None:
    assert STRONG.memory_kib >= 19 * 1024
    assert STRONG.passes >= 2


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password1234!!",
        "PASSWORDPASSWORD",
        "letmein1letmein",
        "qwertyuiop12",
        "123456789012",
        "administration1",
        "unbelievable!?",
        "Password 1 2 3",
        "iloveyou2026!x",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(InputError, match="tried first"):
        checked_password(password)


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abababababab", "111111222222333333"])
def test_few_characters_again_and_again_are_refused(password: str) -> None:
    with pytest.raises(InputError, match="different characters"):
        checked_password(password)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("V.Marsh-20261", "v.marsh"),
        ("marshmarsh99!", "marsh"),
        ("northwind-2026", "northwind"),
        ("vera@northwind.example", "northwind"),
    ],
)
def test_what_anybody_knows_of_a_user_does_not_count(password: str, word: str) -> None:
    known = ("v.marsh", "vera.marsh@northwind.example", "Northwind Sales Inc", "metes")
    with pytest.raises(InputError, match=word):
        checked_password(password, known)


def test_a_word_that_is_known_may_stand_in_a_long_password() -> None:
    assert checked_password("marsh violets by the canal", ("v.marsh",))


@pytest.mark.parametrize(
    "password", [PASSWORD, "passwords are a nuisance", "Tr0ub4dor&3 climbs", "x7$kQ!m2vR9z", "dEn_5sVuYbO4kIhA"]
)
def test_good_passwords_pass(password: str) -> None:
    assert checked_password(password, ("ada",)) == password


def test_everything_that_speaks_against_a_password_is_said_at_once() -> None:
    with pytest.raises(InputError) as refused:
        checked_password("mayamaya1111", ("maya",))
    assert "different characters" in str(refused.value)
    assert "'maya'" in str(refused.value)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("ending", ["", ".txt"])
def test_a_stolen_password_is_found_by_its_prefix_alone(tmp_path: Path, lower: bool, ending: str) -> None:
    digest = hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
    start, rest = (digest[:5].lower() if lower else digest[:5]), digest[5:]
    (tmp_path / f"{start}{ending}").write_text(f"{'0' * 35}:3\r\n{rest}:12\r\n{'F' * 35}:1\r\n")
    assert is_breached(PASSWORD, tmp_path)
    with pytest.raises(InputError, match="stolen"):
        checked_password(PASSWORD, breached=tmp_path)
    (tmp_path / f"{start}{ending}").write_text(f"{rest[:-1]}{'0' if rest[-1] != '0' else '1'}:12\n")
    assert checked_password(PASSWORD, breached=tmp_path) == PASSWORD


def test_a_list_that_is_not_whole_is_complained_of_without_a_trace_of_the_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not is_breached(PASSWORD, tmp_path)
    assert "METES_BREACHED_PASSWORDS" in caplog.text
    assert hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()[:5] not in caplog.text
