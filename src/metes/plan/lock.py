"""What a plan's folder was written from: the content's hash, the revision, and how each file was left, in a file beside them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from metes.base.findings import Finding, Place, Severity
from metes.plan.text import files_in

LOCK_FILE: Final = "plan.lock"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ABOUT: Final = "What this folder was written from; written by metes, to be committed with it."
_REMEDY: Final = "Export the plan into the folder again, or go on with --whole."


@dataclass(frozen=True, slots=True)
class Lock:
    """The hash of the content that a folder was written from, the revision that had it, and SHA-256 of each file's bytes.

    `forms` are the hashes of the canonical text of those files that were left in another form.
    """

    root: str
    revision: int
    files: Mapping[str, str]
    forms: Mapping[str, str] = field(default_factory=dict)

    def is_untouched(self, folder: Path) -> bool:
        """Whether a folder's files are those that were written, byte for byte, and no others."""
        return hashes_of(folder) == dict(self.files)

    def says(self, name: str, text: str, digest: str) -> bool:
        """Whether a file with this digest is as it was left and says what the canonical text says."""
        return self.files.get(name) == digest and self.forms.get(name, digest) == digest_of(text.encode())

    @property
    def text(self) -> str:
        """The lock as it stands in its file: always the same for the same content."""
        content: dict[str, Any] = {"about": _ABOUT, "root": self.root, "revision": self.revision, "files": dict(self.files)}
        if self.forms:
            content["forms"] = dict(self.forms)
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def lock_of(folder: Path, root: str, revision: int, texts: Mapping[str, str]) -> Lock:
    """The lock of a folder that holds a content, given the canonical text of its files."""
    files = hashes_of(folder)
    canonical = {name: digest_of(text.encode()) for name, text in texts.items()}
    forms = {name: canonical[name] for name, digest in files.items() if name in canonical and canonical[name] != digest}
    return Lock(root, revision, files, forms)


def read_lock(text: str) -> tuple[Lock | None, tuple[Finding, ...]]:
    """The lock of a file's text; None with a warning where it cannot be read, such as with marks of a merge in it."""
    try:
        content = json.loads(text)
        root, revision, files, forms = content["root"], content["revision"], content["files"], content.get("forms", {})
        is_whole = _HASH.fullmatch(root) is not None and 0 < revision < 2**63 and all(isinstance(p, dict) for p in (files, forms))
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        is_whole = False
    if not is_whole:
        message = "it cannot be read, so the folder is compared as a whole, not with what it was written from"
        return None, (Finding("plan-lock", Severity.WARNING, message, Place(LOCK_FILE), remedy=_REMEDY),)
    return Lock(root, revision, files, forms), ()


def lock_in(folder: Path) -> tuple[Lock | None, tuple[Finding, ...]]:
    """The lock of a folder; None with a warning where it has none or one that cannot be read."""
    try:
        return read_lock((folder / LOCK_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "the folder has none, so it is compared as a whole: what it lacks goes from the plan"
        return None, (Finding("plan-lock", Severity.WARNING, message, Place(LOCK_FILE), remedy=_REMEDY),)
    except (OSError, UnicodeDecodeError):
        return read_lock("")


def hashes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of the bytes of each of the plan's files in a folder, by name, in the order of their names."""
    return {name: digest_of(path.read_bytes()) for name, path in sorted(files_in(folder).items())}


def digest_of(content: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
