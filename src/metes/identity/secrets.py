"""Makes, hashes and checks passwords and tokens."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from metes.base.errors import InputError

MIN_PASSWORD, MAX_PASSWORD = 12, 256
TOKEN_PREFIX = "metes_"  # noqa: S105  the mark by which secret scanners know our tokens

_HASHER = PasswordHash((Argon2Hasher(),))


@cache
def _nobody() -> str:
    """A hash that is checked when the name is unknown, so that an answer takes as long as for a known one."""
    return _HASHER.hash(secrets.token_urlsafe(24))


def hash_password(password: str) -> str:
    """Argon2id hash of a password; InputError where it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(
            f"expected a password of {MIN_PASSWORD} to {MAX_PASSWORD} characters, got {len(password)}; choose a longer one"
        )
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one hashed; takes as long where there is no hash."""
    if len(password) > MAX_PASSWORD:
        return False
    right = _HASHER.verify(password, password_hash or _nobody())
    return right and password_hash is not None


def new_password() -> str:
    """A password that nobody has to remember for long."""
    return secrets.token_urlsafe(12)


def new_token() -> str:
    """A token for the API, with a prefix by which it can be found where it should not be."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_secret() -> str:
    """A secret for a session or a form."""
    return secrets.token_urlsafe(32)


def new_number() -> int:
    """A number that cannot be guessed and tells nothing, by which something secret is named."""
    return secrets.randbelow(2**53 - 1) + 1


def digest(secret: str) -> str:
    """SHA-256 of a random secret, the only form in which it is kept; not for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()
