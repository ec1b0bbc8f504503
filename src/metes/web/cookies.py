"""Cookies at the edge: by https each of ours carries the prefix `__Host-`, which no other host and no http page can set."""

from __future__ import annotations

PREFIX = b"__Host-"
OURS = b"metes_"

Headers = list[tuple[bytes, bytes]]


def taken_in(headers: Headers) -> Headers:
    """The headers of a request by https: our cookies under their short names, if they came under their long ones."""
    return [(name, _read(value)) if name == b"cookie" else (name, value) for name, value in headers]


def sent_out(headers: Headers) -> Headers:
    """The headers of an answer by https: our cookies under their long names, and Secure, which that asks for."""
    return [(name, _written(value)) if name.lower() == b"set-cookie" else (name, value) for name, value in headers]


def _read(value: bytes) -> bytes:
    kept = []
    for pair in value.split(b";"):
        pair = pair.strip()
        if pair.startswith(PREFIX + OURS):
            kept.append(pair.removeprefix(PREFIX))
        elif not pair.startswith(OURS):  # a short name may have been set by a neighbour, or by a page without https
            kept.append(pair)
    return b"; ".join(kept)


def _written(value: bytes) -> bytes:
    if not value.startswith(OURS):
        return value
    parts = {part.strip().lower() for part in value.split(b";")[1:]}
    return PREFIX + value + (b"" if b"secure" in parts else b"; Secure")
