"""What a server puts up with: the names it answers to, how much a request may hold, and how slow it may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Protection:
    """Limits of one server. Whoever is slower than these seconds is cut off; waiting for our own answer never counts."""

    # A request may also name the address it came in by, which no foreign site can make a browser do under its own name.
    hosts: frozenset[str] = LOOPBACK_NAMES
    # Whether a name other than the loopback's may be reached by http.
    is_plain_allowed: bool = True
    has_metrics: bool = True
    head_bytes: int = 64 * 1024
    form_bytes: int = 4 * 1024**2
    upload_bytes: int = 4 * 1024**3
    # Until the head of a request is complete, counted from the connection, or from the end of the answer before.
    head_seconds: float = 20.0
    # What the slowest line still carries.
    bytes_a_second: int = 4096
    # A body may keep us waiting for this long, and for as long as it takes at that speed.
    body_seconds: float = 30.0
    # How long an answer may lie ready, unless it is taken at that speed.
    taking_seconds: float = 60.0
    most_connections: int = 800

    def answers_to(self, host: str, server: str) -> bool:
        """Whether a request may name this host, having come in by the address `server`."""
        name = host_name(host)
        return bool(name) and (name in self.hosts or name == host_name(server))

    def patience(self, taken_bytes: int) -> float:
        """For how many seconds in all a body may keep us waiting of which so many bytes have come."""
        return self.body_seconds + taken_bytes / self.bytes_a_second


def protection_of(names: Iterable[str], *, is_plain_allowed: bool, has_metrics: bool) -> Protection:
    """The protection of a server that has these names, given as hosts or as addresses such as https://metes.example.com."""
    hosts = (urlsplit(name).netloc if "://" in name else name for name in names)
    named = {host_name(host.strip()) for host in hosts} - {"", "0.0.0.0", "::"}  # noqa: S104  not listened on here
    return Protection(LOOPBACK_NAMES | named, is_plain_allowed=is_plain_allowed, has_metrics=has_metrics)


def host_name(host: str) -> str:
    """The name of a host without its port, in lower case; of an address of version 6 without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return (host if host.count(":") > 1 else host.partition(":")[0]).lower().rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host of this name."""
    name = host_name(host)
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name in LOOPBACK_NAMES
