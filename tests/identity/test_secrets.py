"""Passwords and tokens."""

from __future__ import annotations

import pytest

from metes.base.errors import InputError
from metes.identity.secrets import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    TOKEN_PREFIX,
    digest,
    hash_password,
    is_password,
    new_password,
    new_secret,
    new_token,
)

PASSWORD = "correct horse battery"


def test_a_password_is_known_by_its_hash_alone() -> None:
    hashed = hash_password(PASSWORD)
    assert PASSWORD not in hashed
    assert hashed.startswith("$argon2id$")
    assert is_password(PASSWORD, hashed)
    assert not is_password(PASSWORD + " ", hashed)
    assert not is_password("", hashed)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_nobody_has_no_password() -> None:
    assert not is_password(PASSWORD, None)


@pytest.mark.parametrize("length", [0, MIN_PASSWORD - 1, MAX_PASSWORD + 1])
def test_a_password_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match=f"{MIN_PASSWORD} to {MAX_PASSWORD} characters, got {length}"):
        hash_password("x" * length)


def test_a_password_too_long_to_be_one_is_not_even_hashed() -> None:
    assert not is_password("x" * 1_000_000, "not even looked at")


def test_random_secrets_are_long_and_never_the_same() -> None:
    made = [new_token(), new_token(), new_secret(), new_secret(), new_password(), new_password()]
    assert len(set(made)) == len(made)
    assert made[0].startswith(TOKEN_PREFIX)
    assert min(map(len, made)) >= MIN_PASSWORD
    assert is_password(made[-1], hash_password(made[-1]))


def test_a_digest_is_that_of_the_secret() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
