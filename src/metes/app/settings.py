"""What the process is told from outside, read once: the database and where caches go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATABASE = "sqlite:///metes.db"


@dataclass(frozen=True, slots=True)
class AppSettings:
    """`database` is a URL; `cache_folder` holds Books, which can be made anew at any time."""

    database: str = DEFAULT_DATABASE
    cache_folder: Path | None = None

    @property
    def books(self) -> Path:
        """The folder of the Books of this database."""
        if self.cache_folder is not None:
            return self.cache_folder.absolute() / hashlib.sha256(self.database.encode()).hexdigest()[:16]
        if self.database.startswith("sqlite:///"):
            return Path(self.database.removeprefix("sqlite:///") + ".cache").absolute()
        return Path.home() / ".cache" / "metes" / hashlib.sha256(self.database.encode()).hexdigest()[:16]


def settings_from_environment(environment: Mapping[str, str], database: str | None = None) -> AppSettings:
    """The settings: what is named on the command line first, then METES_DB and METES_CACHE, then the defaults."""
    cache = environment.get("METES_CACHE")
    return AppSettings(database or environment.get("METES_DB") or DEFAULT_DATABASE, Path(cache) if cache else None)
