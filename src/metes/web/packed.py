"""Answers that are kept packed by gzip, and named by the digest of what they show."""

from __future__ import annotations

import gzip

from fastapi import Request
from fastapi.responses import Response


def packed_answer(request: Request, digest: str, packed: bytes, kind: str) -> Response:
    """Packed bytes, or that the reader has them already; for the reader's own cache alone, since they may be a company's secret.

    Asked for under the digest as the query's `v` they may be kept for good.
    """
    tag, version = f'"{digest[:32]}"', request.query_params.get("v", "")
    kept = "max-age=31536000, immutable" if len(version) >= 12 and digest.startswith(version) else "no-cache"
    headers = {"etag": tag, "cache-control": f"private, {kept}", "vary": "accept-encoding, cookie"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers={**headers, "content-encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=kind, headers=headers)
