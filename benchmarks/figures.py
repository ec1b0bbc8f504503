"""How figures are taken and printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".bench")


@dataclass(frozen=True)
class Run:
    """One finished process: wall seconds, processor seconds, peak memory in megabytes, exit code."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    code: int


@dataclass(frozen=True)
class Figure:
    """A measured figure beside its goal, lower is better; a goal of None is reported only."""

    name: str
    measured: float
    goal: float | None
    unit: str = "s"
    note: str = ""

    def __str__(self) -> str:
        verdict = "" if self.goal is None else ("ok" if self.measured <= self.goal else "MISSED")
        goal = "" if self.goal is None else f"goal {self.goal:g} {self.unit}"
        return f"{self.name:<62} {self.measured:>10.3g} {self.unit:<4} {goal:<16} {verdict:<7} {self.note}".rstrip()


def run(arguments: Sequence[str | Path], *, environment: dict[str, str] | None = None, quiet: bool = True) -> Run:
    """Run a command to its end and measure it as the operating system accounts for it."""
    started = time.perf_counter()
    out = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen([str(a) for a in arguments], stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)


def peak_mb() -> float:
    """Peak memory of this process since its program began, in megabytes; unlike `ru_maxrss` it holds nothing of the process before."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def metes(*arguments: str | Path, database: Path | str | None = None) -> Run:
    """Run a `metes` command in a fresh process; RuntimeError where it cannot go on."""
    url = [] if database is None else ["--db", f"sqlite:///{database}" if isinstance(database, Path) else database]
    measured = run([sys.executable, "-m", "metes", *url, *arguments])
    if measured.code not in (0, 1):
        raise RuntimeError(f"metes {' '.join(map(str, arguments))} ended with {measured.code}; run it by hand to see why")
    return measured


@contextmanager
def served(database: Path) -> Iterator[str]:
    """The address of a server of a database on the loopback, without a worker, which ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "metes", "--db", f"sqlite:///{database}", "serve", "--no-worker", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return sorted(values)[len(values) // 2]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
