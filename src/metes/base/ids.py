"""Content hashes and keys."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any

KEY_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,78}[a-z0-9])?")


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no blanks, real Unicode."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def is_key(text: str) -> bool:
    """Whether a text may stand as a stable key: 1-80 of a-z, 0-9, '_', '.', '-', beginning and ending with a letter or digit."""
    return KEY_PATTERN.fullmatch(text) is not None


def key_from(name: str) -> str:
    """A key made from a name ('Front Range' gives 'front-range'); 'x' where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "x"
