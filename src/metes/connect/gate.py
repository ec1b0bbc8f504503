"""Where requests of ours may go: the public network by https, and what whoever runs the server opens by name."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from metes.base.errors import InputError, MetesError
from metes.base.findings import Finding, Place, Severity

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[Address]]

VARIABLE = "METES_ALLOW_HOSTS"
_PORTS = {"https": 443, "http": 80}
# Written out, since what Python's `is_global` says differs between its releases: the special-purpose blocks of IANA's registry, and the
# one public address at which a cloud answers the machines in it alone.
_CLOSED_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_TRANSLATED = IPv6Network("64:ff9b::/96")


class OutgoingRefused(MetesError):
    """A request that must not leave: its address is not one that may be asked."""

    code = "outgoing-refused"


@dataclass(frozen=True, slots=True)
class Opening:
    """One exception: a host by name (None for `port`: each), or a `network`; plain http only where it says so."""

    host: str = ""
    port: int | None = None
    network: Network | None = None
    is_plain: bool = False

    def fits_name(self, scheme: str, host: str, port: int) -> bool:
        """Whether it opens a host by its name."""
        return self.host == host and self.port in (None, port) and (scheme == "https" or self.is_plain)


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be asked: every public address by https, and what the openings say."""

    openings: tuple[Opening, ...] = ()

    def require_url(self, url: str) -> tuple[str, str, int]:
        """Scheme, host and port of an address that may be asked as far as its text tells; OutgoingRefused otherwise."""
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise OutgoingRefused("requests do not leave for an address that cannot be read") from None
        if scheme not in _PORTS or not host:
            raise OutgoingRefused(f"requests leave by https alone, not by '{scheme[:20]}'")
        if "@" in parts.netloc:
            raise OutgoingRefused(f"requests do not leave for {host}: the address carries a name or a password")
        port = port or _PORTS[scheme]
        if scheme == "http" and not self._is_opened(scheme, host, port):
            raise OutgoingRefused(
                f"requests do not leave for {host} by http, which everybody on the way can read and change; "
                f"{VARIABLE}=http://{_shown(host, port)} allows it for this host"
            )
        return scheme, host, port

    def addresses(self, scheme: str, host: str, port: int, resolve: Resolver) -> Sequence[Address]:
        """The addresses of a host, each checked; OutgoingRefused where one of them may not be asked.

        Whoever asks connects to one of these and not to the name again, which may mean something else by then.
        """
        found = resolve(host, port)
        if self._is_opened(scheme, host, port):
            return found
        closed = next((address for address in found if not self._may_reach(address)), None)
        if closed is not None:
            at = "" if host == str(closed) else f" is at {closed}, which"
            raise OutgoingRefused(
                f"requests do not leave for {host}: it{at} is no public address; {VARIABLE}={host} allows it where it should be asked"
            )
        return found

    def _is_opened(self, scheme: str, host: str, port: int) -> bool:
        return any(opening.fits_name(scheme, host, port) for opening in self.openings)

    def _may_reach(self, address: Address) -> bool:
        inside = _unwrapped(address)
        opened = (opening.network for opening in self.openings)
        return is_public(inside) or any(n is not None and inside.version == n.version and inside in n for n in opened)


def is_public(address: Address) -> bool:
    """Whether an address stands for one machine that the whole world reaches, and not for one near us."""
    inside = _unwrapped(address)
    if isinstance(inside, IPv4Address):
        return not any(inside in block for block in _CLOSED_4)
    return inside in _PUBLIC_6 and not any(inside in block for block in _CLOSED_6)


def resolved(host: str, port: int) -> Sequence[Address]:
    """The addresses that the system knows of a host, IPv6 first where it prefers that; OSError where it knows none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


def gate_of(text: str) -> Gate:
    """The gate with the openings of a text such as `sso.corp.example, 10.2.0.0/16, http://localhost:8080`; InputError names each wrong one."""
    openings, findings = [], []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            openings.append(_opening(part))
        except ValueError:
            expected = "expected a host, HOST:PORT, http://HOST:PORT or a network such as 10.2.0.0/16"
            findings.append(Finding("allowed-host", Severity.ERROR, expected, Place(subject=VARIABLE), part[:100], "mend it"))
    if findings:
        wrong = ", ".join(repr(finding.value) for finding in findings)
        raise InputError(f"{VARIABLE}: {findings[0].message}, got {wrong}", findings)
    return Gate(tuple(openings))


def _opening(text: str) -> Opening:
    """One opening; ValueError where it is none."""
    if "://" not in text:
        try:
            return Opening(network=ip_network(text))
        except ValueError:
            text = f"https://{text}"
    parts = urlsplit(text)
    is_right = parts.scheme in _PORTS and parts.hostname and "@" not in parts.netloc and parts.path in ("", "/")
    if not is_right or not parts.hostname or parts.query or parts.fragment or any(c in parts.hostname for c in "*, "):
        raise ValueError(text)
    return Opening(parts.hostname.rstrip("."), parts.port, None, parts.scheme == "http")


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
