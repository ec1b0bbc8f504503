"""The static files and their addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Assets:
    """Static files under one prefix that names their digest.

    The digest stands in the path and not in a query, because style sheets, modules and the map's worker name one another by
    relative addresses, which carry a path along and drop a query; so every file can be cached for good.
    """

    root: Path
    digest: str

    def url(self, name: str) -> str:
        """The address of a file below the root: `/static/3f9a…/metes.css`; LookupError where there is none."""
        if not (self.root / name).is_file():
            raise LookupError(
                f"there is no static file {name} below {self.root}; run `python hatch_build.py` if it is a vendor file"
            )
        return f"/static/{self.digest}/{name}"

    def path(self, digest: str, name: str) -> tuple[Path, bool] | None:
        """The file behind an address and whether it may be cached for good (the digest is today's); None where there is none."""
        try:
            found = (self.root / name).resolve()
            is_there = found.is_relative_to(self.root.resolve()) and found.is_file()
        except (OSError, ValueError):  # a name too long for the file system, or with a null byte
            return None
        return (found, digest == self.digest) if is_there else None


@cache
def assets(root: Path = STATIC) -> Assets:
    """The static files below a folder, read once."""
    hashed = hashlib.sha256()
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        hashed.update(file.relative_to(root).as_posix().encode())
        hashed.update(file.read_bytes())
    return Assets(root, hashed.hexdigest()[:12])
