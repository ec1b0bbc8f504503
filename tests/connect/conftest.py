"""A provider that lies, and the clock by which it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from joserfc.jwk import RSAKey

from tests.conftest import NOW
from tests.connect.providers import LyingProvider, key_named, lying_provider


class Clock:
    """A clock that tests move."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """What it shows."""
        return self.at

    def move(self, **more: float) -> None:
        """Let time pass."""
        self.at += timedelta(**more)


@pytest.fixture(scope="session")
def signing_key() -> RSAKey:
    """The key of the provider that lies: making one takes a while."""
    return key_named("first")


@pytest.fixture
def clock() -> Clock:
    """The clock of Metes and of the provider that lies."""
    return Clock(NOW)


@pytest.fixture
def liar(signing_key: RSAKey, clock: Clock) -> Iterator[LyingProvider]:
    """The provider that lies."""
    with lying_provider(signing_key, clock) as provider:
        yield provider
