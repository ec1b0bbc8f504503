"""The second factor: codes of a telephone (RFC 6238), and codes on paper for when it is lost."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime

from metes.identity.secrets import digest

STEP_SECONDS = 30
# Clocks differ: the code before and the code after count as well.
TOLERATED_STEPS = 1
RECOVERY_CODES = 10
# Twenty-four of thirty-two characters are 120 bits, which no digest gives away; letters and digits that look alike are left out.
_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
_GROUPS, _GROUP = 4, 6
_BLANKS = re.compile(r"[\s-]+")


def new_factor_secret() -> str:
    """A secret that a telephone shares: 160 bits in base 32."""
    import pyotp

    return pyotp.random_base32()


def is_short(code: str) -> bool:
    """Whether this has the form of a telephone's code: six digits."""
    text = _BLANKS.sub("", code)
    return len(text) == 6 and text.isascii() and text.isdecimal()


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step of time whose code this is, if it lies after `last_step`; None where the code is wrong or was used."""
    import pyotp

    if not is_short(code):
        return None
    text = _BLANKS.sub("", code)
    present = int(now.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    found = None
    for step in range(present - TOLERATED_STEPS, present + TOLERATED_STEPS + 1):
        is_right = hmac.compare_digest(generator.generate_otp(step), text)
        if is_right and step > last_step:
            found = step
    return found


def factor_address(secret: str, user: str, issuer: str) -> str:
    """What the telephone's app reads: the secret, and what it calls it."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=user, issuer_name=issuer or "Metes")


def picture_of(address: str) -> str:
    """An address as a QR code, as the source of an image."""
    import segno

    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def spaced(secret: str) -> str:
    """A secret as it is typed where no camera is at hand."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def new_recovery_codes() -> tuple[str, ...]:
    """Codes that take the place of a telephone, once each."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)
    )


def recovery_digest(code: str) -> str:
    """The digest of a recovery code, however it was spaced and in whichever case."""
    return digest(_BLANKS.sub("", code).lower())
