"""How long the server takes for 200 requests on a million accounts: every page, five filters, three sorts, searches.

The list stands in requests.txt. One client, one connection, warm: the list is asked for once, then measured.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.figures import FOLDER, Figure, median, metes, percentile, served

ACCOUNTS = 1_000_000
REQUESTS = Path(__file__).with_name("requests.txt")
WAIT_SECONDS = 120.0


def prepared() -> Path:
    """The demo company of a million accounts in a database, made once."""
    folder = FOLDER / "demo1m"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "files" / "sign-in.json").exists():
        metes("demo", "--folder", folder / "files", "--accounts", str(ACCOUNTS), database=folder / "metes.db")
    return folder


def figures() -> Iterator[Figure]:
    """Median and 95th percentile over the list, as one client sees them on the loopback, and the slowest page."""
    folder = prepared()
    with served(folder / "metes.db") as address:
        seconds = measure(address, json.loads((folder / "files" / "sign-in.json").read_text()))
    values = [s for _, s in seconds]
    slowest = max(seconds, key=lambda pair: pair[1])
    yield Figure("200 requests on 1,000,000 accounts, median", median(values) * 1000, 50, "ms")
    yield Figure("  95th percentile", percentile(values, 0.95) * 1000, 150, "ms")
    yield Figure("  slowest", slowest[1] * 1000, None, "ms", slowest[0])
    if os.environ.get("METES_BENCH_ALL"):
        for path, value in sorted(seconds, key=lambda pair: -pair[1])[:40]:
            print(f"      {value * 1000:8.1f} ms {path}")


def measure(address: str, user: dict[str, str]) -> list[tuple[str, float]]:
    """Sign in, ask for the whole list once, then again and measure each request."""
    paths = REQUESTS.read_text().split()
    with httpx.Client(base_url=address, timeout=WAIT_SECONDS) as client:
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                client.get("/healthz").raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        client.post("/sign-in", data={"name": user["user"], "password": user["password"]})
        for path in paths:
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")
        out = []
        for path in paths:
            started = time.perf_counter()
            client.get(path)
            out.append((path, time.perf_counter() - started))
        return out
