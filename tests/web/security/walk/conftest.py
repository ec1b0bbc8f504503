"""The worlds of the walk: each is built once and copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from metes.web.application import create_app
from tests.web.security.walk.story import tell
from tests.web.security.walk.walk import Walk
from tests.web.security.walk.worlds import World, build

Builds = Callable[..., World]


@pytest.fixture(scope="session")
def builds(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """Builds the world of a seed and a size, each once."""
    made: dict[tuple[int, int, int], World] = {}

    def of(seed: int = 1, territories: int = 20, accounts: int = 90) -> World:
        size = (seed, territories, accounts)
        if size not in made:
            told = tell(seed, territories=territories, accounts=accounts)
            made[size] = build(told, sqlite_with_schema, tmp_path_factory.mktemp(f"world-{seed}"))
        return made[size]

    return of


@pytest.fixture
def world(builds: Builds, tmp_path: Path) -> World:
    """A copy of the world of the first seed, to be changed."""
    return builds().copy(tmp_path / "world")


@pytest.fixture
def walk(world: World) -> Iterator[Walk]:
    """A server on it, and who walks there."""
    with walking(world) as made:
        yield made


@contextmanager
def walking(world: World) -> Iterator[Walk]:
    """Somebody who walks through a world."""
    workspace = world.open()
    made = Walk(world, create_app(workspace))
    try:
        yield made
    finally:
        made.close()
        workspace.close()
