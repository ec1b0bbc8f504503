"""What the process is told of signing in: the key of second factors, and a list of stolen passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metes.identity.sealing import SealAccess


@dataclass(frozen=True, slots=True)
class SigningAccess:
    """`seal` enciphers second factors; `breached` is a folder with a list of stolen passwords."""

    seal: SealAccess = field(default_factory=SealAccess)
    breached: Path | None = None


def signing_access(environment: Mapping[str, str]) -> SigningAccess:
    """What METES_SECRET_KEY, METES_SECRET_KEY_FILE and METES_BREACHED_PASSWORDS say."""
    file, breached = environment.get("METES_SECRET_KEY_FILE"), environment.get("METES_BREACHED_PASSWORDS")
    seal = SealAccess(environment.get("METES_SECRET_KEY", ""), Path(file) if file else None)
    return SigningAccess(seal, Path(breached) if breached else None)
