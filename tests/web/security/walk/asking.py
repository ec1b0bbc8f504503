"""Asks an app as anybody, and reads whatever comes back: texts, headers, archives, packed tiles."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from metes.web.visits import COOKIE
from tests.web.security.walk.story import Caller, Pass
from tests.web.security.walk.worlds import csrf_of, session_of

WORD = re.compile(rb"Q[A-Z]X\d{4}Z")
_DRAWN = re.compile(r"(?s)<svg.*?</svg>")
_REQUEST_ID = "x-request-id"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, body, and all that its body holds when it is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def unpacked(self) -> bytes:
        """All bytes that can be read of it: of archives and sheets what is in them, of packed tiles what they unpack to."""
        if self.body.startswith(b"\x1f\x8b"):
            return gzip.decompress(self.body)
        if self.body.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
                return b"\n".join(name.encode() + b"\n" + archive.read(name) for name in archive.namelist())
        return self.body

    @property
    def words(self) -> frozenset[str]:
        """Every marked word in it, wherever it stands."""
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return words_in(self.unpacked + b"\n" + lines.encode("latin-1", "replace"))

    def masked(self, *words: str) -> tuple[int, str]:
        """Status and text, without what differs from one request to the next, and without some words that were asked for."""
        text = _DRAWN.sub("", self.text)
        for word in (self.headers.get(_REQUEST_ID, ""), *words):
            if word:
                text = re.sub(rf"(?<=[\s/>]){word}\b" if word.isdecimal() else rf"(?i){re.escape(word)}", "…", text)
        return self.status, text


def words_in(text: bytes | str) -> frozenset[str]:
    """The marked words in a text."""
    found = text.encode() if isinstance(text, str) else text
    return frozenset(word.decode() for word in WORD.findall(found.upper()))


@dataclass
class Asker:
    """One server, asked by many, without a browser between: each request stands alone.

    Its loop runs in a thread of its own, for the one that asks may have the loop of a browser's driver.
    """

    app: FastAPI
    client: httpx.AsyncClient = field(init=False)
    portal: BlockingPortal = field(init=False)
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.portal = self.stack.enter_context(start_blocking_portal())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://testserver", follow_redirects=False)

    def close(self) -> None:
        """Let go of the loop."""
        self.portal.call(self.client.aclose)
        self.stack.close()

    def ask(
        self, method: str, address: str, caller: Caller | None = None, token: Pass | None = None, *, headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Answer:  # fmt: skip
        """What is answered to somebody: in their session, or by one of their tokens."""
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token.secret}"
        elif caller is not None:
            sent["cookie"] = f"{COOKIE}={session_of(caller)}"
            if method not in {"get", "head"}:
                sent["x-csrf-token"] = csrf_of(caller)
        got = self.portal.call(partial(self.client.request, method.upper(), address, headers=sent, **more))
        return Answer(got.status_code, got.headers, got.content)
