"""Enciphers what must be read again and may not lie open in the database."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from metes.base.errors import InputError
from metes.identity.secrets import new_secret

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

SHORTEST_KEY = 32
_PURPOSE = b"metes: secrets kept in the database"


@dataclass(frozen=True, slots=True)
class SealAccess:
    """Where the key lies: given, in a file that was named, or in a file of our own beside the database (None: there is none).

    A key is any text of 32 characters or more. Several, a line each, let one be changed: the first enciphers, all decipher.
    """

    key: str = field(default="", repr=False)
    key_file: Path | None = None
    own_file: Path | None = None

    def seal(self, text: str) -> str:
        """A text enciphered, with a key made now where it is ours to make."""
        return _cipher(self._keys(make=True)).encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text that was enciphered; InputError where the key is another."""
        from cryptography.fernet import InvalidToken

        try:
            return _cipher(self._keys(make=False)).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise InputError(
                "second factors were enciphered with another key; give back the key that METES_SECRET_KEY or METES_SECRET_KEY_FILE "
                "held, or take the second factors away with 'metes user second-factor-off NAME'"
            ) from None

    def require(self) -> None:
        """InputError where nothing could be sealed; a file of our own is made when it is needed."""
        if self.key or self.key_file is not None or self.own_file is None:
            self._keys(make=False)

    def _keys(self, *, make: bool) -> list[str]:
        text = self.key
        if not text and self.key_file is not None:
            text = _read(self.key_file)
        if not text and self.own_file is not None:
            if make:
                _make(self.own_file)
            text = _read_own(self.own_file)
        keys = [line.strip() for line in text.splitlines() if line.strip()]
        if not keys:
            raise InputError(
                "there is no key to encipher second factors with; name a file with 32 random characters or more in "
                "METES_SECRET_KEY_FILE, such as 'openssl rand -hex 32' makes, then start Metes again"
            )
        if any(len(key) < SHORTEST_KEY for key in keys):
            raise InputError(
                f"expected a secret key of {SHORTEST_KEY} characters or more in METES_SECRET_KEY or METES_SECRET_KEY_FILE"
            )
        return keys


def _cipher(keys: list[str]) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def of(key: str) -> Fernet:
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(key.encode("utf-8", "surrogateescape"))
        return Fernet(base64.urlsafe_b64encode(derived))

    return MultiFernet([of(key) for key in keys])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"cannot read the secret key in {file.name}: {why}; see METES_SECRET_KEY_FILE") from None


def _read_own(file: Path) -> str:
    """The text of our own file, which nobody else may read; of one that somebody named, its owner says who may."""
    text = _read(file)
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise InputError(f"others can read the secret key in {file.name}; 'chmod 600' it, and think of it as known to them")
    return text


def _make(file: Path) -> None:
    """Make a key file, unless another process has made one meanwhile."""
    with suppress(FileExistsError):
        # Complete before it has its name: whoever finds it finds a whole key.
        fresh = file.with_name(f"{file.name}.{new_secret()[:8]}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(new_secret() + "\n")
            os.link(fresh, file)
        finally:
            fresh.unlink()
