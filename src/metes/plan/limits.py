"""How large a plan may grow; past these a file is an accident or an attack, not a plan."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_NESTING: Final = 200
MAX_TERRITORY_DEPTH: Final = 64
MAX_TERRITORIES: Final = 200_000
MAX_REFUSALS: Final = 100
COLOURS: Final = 12
MAX_LICENCES: Final = 100
MAX_LICENCE_CHARACTERS: Final = 40
MAX_AREAS: Final = 10_000
MAX_AREA_BYTES: Final = 16 * 1024 * 1024
MAX_AREA_VERTICES: Final = 100_000
