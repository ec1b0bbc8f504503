"""Makes secrets for machines, and the digests by which they are known again."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "metes_"  # noqa: S105  the mark by which secret scanners know our tokens


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
