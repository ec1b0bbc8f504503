"""What people choose to sign in with: how it is kept, and what speaks against a choice."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from metes.base.errors import InputError
from metes.identity.common_passwords import is_common, is_word, longest_common_start

MIN_PASSWORD, MAX_PASSWORD = 12, 256
# What anybody knows of a user counts for nothing; so many characters must be left beside it.
LEFT_BESIDE_KNOWN = 8
LEFT_BESIDE_COMMON = 4
DIFFERENT_CHARACTERS = 5
SHORTEST_KNOWN = 4
_DIGITS_AND_SIGNS = re.compile(r"[\W\d_]+")
_ENDING = re.compile(r"[\W\d_]+$")
_BEGINNING = re.compile(r"^[\W\d_]+")
# Each hash takes its memory: more at once would let anybody fill the machine's.
_AT_ONCE = threading.BoundedSemaphore(4)
log = logging.getLogger("metes.identity")


@dataclass(frozen=True, slots=True)
class Effort:
    """What one check of a password costs: passes over so much memory, in so many lanes."""

    passes: int
    memory_kib: int
    lanes: int = 1


# Three times what OWASP asks at least (19 MiB, two passes, one lane): 200 to 500 ms on the machines that Metes runs on.
STRONG = Effort(5, 64 * 1024)


class _Present:
    """The effort of this process, with what was made for it."""

    hasher: PasswordHash
    nobody: str

    def __init__(self, effort: Effort) -> None:
        self.hasher = PasswordHash(
            (Argon2Hasher(time_cost=effort.passes, memory_cost=effort.memory_kib, parallelism=effort.lanes),)
        )
        self.nobody = ""


_present = _Present(STRONG)


def set_effort(effort: Effort) -> None:
    """From now on hash with another effort in this process; what was hashed before is still known, and hashed anew at sign-in."""
    global _present
    _present = _Present(effort)


def hash_password(password: str) -> str:
    """Argon2id hash of a password; InputError where it is too short or too long."""
    text = normal_form(password)
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise InputError(_wrong_length(text))
    with _AT_ONCE:
        return _present.hasher.hash(text)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one hashed; takes as long where there is no hash."""
    return checked_against(password, password_hash)[0]


def checked_against(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether the password is the one hashed, and a new hash of it where the one kept was made with another effort.

    Where there is no hash, or an empty one, a hash of nobody's is checked, so that the answer takes as long.
    """
    if len(password) > MAX_PASSWORD * 4:
        return False, None
    try:
        text = normal_form(password)
    except InputError:
        text = ""
    present = _present
    with _AT_ONCE:
        if not present.nobody:
            present.nobody = present.hasher.hash(secrets.token_urlsafe(24))
        try:
            right, anew = present.hasher.verify_and_update(text, password_hash or present.nobody)
        except UnknownHashError:
            return False, None
    return (True, anew) if right and password_hash else (False, None)


def normal_form(password: str) -> str:
    """A password as it is hashed, so that it is the same typed on any keyboard: Unicode's normal form KC."""
    text = unicodedata.normalize("NFKC", password)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError("this password holds half a character; type it anew") from None
    return text


def checked_password(password: str, known: Iterable[str] = (), breached: Path | None = None) -> str:
    """A password that somebody may choose; InputError says everything that speaks against it.

    `known` is what anybody knows of its user: name, address, company. `breached` is a folder of files, each named by the first five
    digits of SHA-1 hashes and holding the rest of each, as lists of stolen passwords are given out.
    """
    text = normal_form(password)
    problems = _problems(text, tuple(known))
    if not problems and breached is not None and is_breached(text, breached):
        problems = ["it stands in a list of stolen passwords, which attackers try first"]
    if problems:
        raise InputError(f"this password cannot be used: {'; '.join(problems)}. Take three or four words that do not go together")
    return password


def is_breached(password: str, folder: Path) -> bool:
    """Whether a list of stolen passwords holds it. Of the list one file is read, that of the hash's first five digits."""
    digest = hashlib.sha1(normal_form(password).encode(), usedforsecurity=False).hexdigest().upper()
    start, rest = digest[:5], digest[5:].encode()
    for name in (start, f"{start}.txt", start.lower(), f"{start.lower()}.txt"):
        try:
            with (folder / name).open("rb") as lines:
                return any(line[:35].upper() == rest for line in lines)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("the list of stolen passwords cannot be read: %s", error.strerror)
            return False
    log.warning("the list of stolen passwords lacks a file; see that METES_BREACHED_PASSWORDS names a whole one")
    return False


def _problems(text: str, known: tuple[str, ...]) -> list[str]:
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        return [_wrong_length(text)]
    problems = []
    lower = text.casefold()
    if len(set(lower)) < DIFFERENT_CHARACTERS:
        problems.append(f"it has fewer than {DIFFERENT_CHARACTERS} different characters")
    if _is_guessed_first(lower):
        problems.append("it is one of the passwords that are tried first, or little more than one")
    found = [word for word in _words(known) if word in lower]
    rest = lower
    for word in found:
        rest = rest.replace(word, "")
    if found and len(rest) < LEFT_BESIDE_KNOWN:
        problems.append(f"it is little more than '{found[0]}', which anybody knows of you")
    return problems


def _is_guessed_first(lower: str) -> bool:
    """Whether a password is a common one or a single word, as it stands, without the digits and signs behind it, or with little more."""
    bare = _ENDING.sub("", lower)
    if is_common(lower) or is_common(bare) or is_word(bare):
        return True
    rest, has_common = lower, False
    while start := longest_common_start(rest):
        rest, has_common = _BEGINNING.sub("", rest[len(start) :]), True
    return has_common and len(_DIGITS_AND_SIGNS.sub("", rest)) < LEFT_BESIDE_COMMON


def _words(known: tuple[str, ...]) -> tuple[str, ...]:
    """What is known of a user, whole and in words, the longest first."""
    words = set()
    for text in known:
        lower = unicodedata.normalize("NFKC", text).casefold()
        words |= {lower, _DIGITS_AND_SIGNS.sub("", lower), *_DIGITS_AND_SIGNS.split(lower)}
    return tuple(sorted((word for word in words if len(word) >= SHORTEST_KNOWN), key=lambda word: (-len(word), word)))


def _wrong_length(text: str) -> str:
    remedy = "shorter" if len(text) > MAX_PASSWORD else "longer"
    return f"expected a password of {MIN_PASSWORD} to {MAX_PASSWORD} characters, got {len(text)}; choose a {remedy} one"
