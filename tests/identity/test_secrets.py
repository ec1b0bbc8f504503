"""Secrets for machines."""

from __future__ import annotations

from metes.identity.passwords import MIN_PASSWORD, hash_password, is_password
from metes.identity.secrets import TOKEN_PREFIX, digest, new_number, new_password, new_secret, new_token


def test_random_secrets_are_long_and_never_the_same() -> None:
    made = [new_token(), new_token(), new_secret(), new_secret(), new_password(), new_password()]
    assert len(set(made)) == len(made)
    assert made[0].startswith(TOKEN_PREFIX)
    assert min(map(len, made)) >= MIN_PASSWORD
    assert is_password(made[-1], hash_password(made[-1]))


def test_a_number_tells_nothing_and_fits_everywhere() -> None:
    made = {new_number() for _ in range(100)}
    assert len(made) == 100
    assert all(0 < number < 2**53 for number in made)


def test_a_digest_is_that_of_the_secret() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
