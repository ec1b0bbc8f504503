"""Territory management: one verifiable chain from market to map to owner to credit.

`metes.open(url)` gives the Workspace, whose verbs are the commands and the REST resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metes.app.workspace import Workspace

__all__ = ["open"]
__version__ = "0.1.0"


def open(database: str | None = None) -> Workspace:
    """The workspace of a database, named by URL; None takes METES_DB, else sqlite:///metes.db. A new one gets its tables."""
    import os

    from metes.app.settings import settings_from_environment
    from metes.app.workspace import open_workspace

    return open_workspace(settings_from_environment(os.environ, database))
