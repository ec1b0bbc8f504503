"""What signing in costs: one hash of a password, a session looked at, and tokens checked one after the other on one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, median
from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.identity.passwords import STRONG, hash_password, is_password

PASSWORD = "a horse counts the stairs"
HASHES, TOKENS, CHECKS, SESSIONS = 9, 200, 20_000, 1_000
LEAST_MS, MOST_MS = 200, 500


def figures() -> Iterator[Figure]:
    """Hashing, tokens, sessions."""
    kept = hash_password(PASSWORD)
    spent = median([_core_seconds(lambda: is_password(PASSWORD, kept)) for _ in range(HASHES)]) * 1000
    of = f"Argon2id, {STRONG.passes} passes over {STRONG.memory_kib // 1024} MiB"
    note = "" if spent >= LEAST_MS else f"less than {LEAST_MS} ms: this machine is faster, more passes would do"
    yield Figure(f"checking a password, {of}, median", spent, MOST_MS, "ms", note)
    with TemporaryDirectory() as folder:
        workspace = open_workspace(AppSettings(f"sqlite:///{Path(folder) / 'metes.db'}", Path(folder)))
        workspace.user_add("ada", PASSWORD)
        yield from _tokens(workspace)
        yield from _session(workspace)
        workspace.close()


def _tokens(workspace: Workspace) -> Iterator[Figure]:
    secrets = [workspace.token_add(f"token {n}", "ada", 90) for n in range(TOKENS)]
    for secret in secrets:
        workspace.token_user(secret)

    def check() -> None:
        for n in range(CHECKS):
            if workspace.token_user(secrets[n % TOKENS]) is None:
                raise RuntimeError("a token that holds was not known")

    each = _core_seconds(check) / CHECKS
    yield Figure(f"checking a token, one of {TOKENS}, on one core", each * 1e6, 100, "µs", f"{1 / each:,.0f} a second; goal 10,000")

    def stranger() -> None:
        for n in range(CHECKS // 20):
            workspace.token_user(f"metes_{n}")

    yield Figure("refusing a token that nobody has", _core_seconds(stranger) / (CHECKS // 20) * 1e6, None, "µs")


def _session(workspace: Workspace) -> Iterator[Figure]:
    secret = workspace.sign_in("ada", PASSWORD, "127.0.0.1").secret

    def look() -> None:
        for _ in range(SESSIONS):
            workspace.session(secret)

    yield Figure("looking at a session, as each page does", _core_seconds(look) / SESSIONS * 1000, None, "ms")


def _core_seconds(work: Callable[[], object]) -> float:
    """Seconds of the processor: what others do meanwhile does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started
