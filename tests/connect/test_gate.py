"""Where requests may go: every way of writing an address that is not public, and what opens the gate."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from metes.base.errors import InputError
from metes.connect.gate import Address, Gate, OutgoingRefused, gate_of, is_public, resolved


def pointing_to(*addresses: str) -> object:
    """A resolver that knows one answer."""
    return lambda _host, _port: tuple(ip_address(address) for address in addresses)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_the_public_network_may_be_asked(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200",
        "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
        "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "5f00::1",
    ],
)  # fmt: skip
def test_what_is_near_us_may_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "127.1",
        "::1",
        "::ffff:127.0.0.1",
    ],
)
def test_no_way_of_writing_the_loopback_leads_there(host: str) -> None:
    with pytest.raises(OutgoingRefused, match="no public address"):
        Gate().addresses("https", host, 443, resolved)


def test_one_address_near_us_among_public_ones_closes_a_name() -> None:
    with pytest.raises(OutgoingRefused, match=r"both\.example is at 10\.0\.0\.1|both\.example: it is at 10\.0\.0\.1"):
        Gate().addresses("https", "both.example", 443, pointing_to("1.1.1.1", "10.0.0.1"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://idp.example/", "by http"),
        ("ftp://idp.example/", "not by 'ftp'"),
        ("file:///etc/passwd", "not by 'file'"),
        ("gopher://idp.example/", "not by 'gopher'"),
        ("javascript:alert(1)", "not by 'javascript'"),
        ("//idp.example/", "not by ''"),
        ("https:///path", "not by 'https'"),
        ("https://user:secret@idp.example/", "carries a name"),
        ("https://127.0.0.1@idp.example/", "carries a name"),
        ("https://[::1/", "cannot be read"),
        ("https://idp.example:99999/", "cannot be read"),
    ],
)
def test_an_address_of_another_kind_is_refused_by_its_text(url: str, said: str) -> None:
    with pytest.raises(OutgoingRefused, match=said) as refused:
        Gate().require_url(url)
    assert "secret" not in str(refused.value)


def _addresses(gate: Gate, url: str, *at: str) -> Sequence[Address]:
    return gate.addresses(*gate.require_url(url), pointing_to(*at))  # type: ignore[arg-type]


def test_a_host_is_opened_by_name_by_port_and_by_network() -> None:
    gate = gate_of("sso.corp.example, vault.corp.example:8443, 10.2.0.0/16, http://localhost:8080, fd00::/8,")
    assert _addresses(gate, "https://sso.corp.example:444/", "192.168.7.7")
    assert _addresses(gate, "https://SSO.corp.example./", "192.168.7.7")
    assert _addresses(gate, "https://vault.corp.example:8443/", "192.168.7.7")
    assert _addresses(gate, "https://other.example/", "10.2.9.9", "::ffff:10.2.9.9", "fd00::9")
    assert _addresses(gate, "http://localhost:8080/", "127.0.0.1")
    for url, at in (
        ("https://vault.corp.example/", "192.168.7.7"),
        ("https://sub.sso.corp.example/", "192.168.7.7"),
        ("https://other.example/", "10.3.0.1"),
        ("http://localhost:8081/", "127.0.0.1"),
        ("http://sso.corp.example/", "192.168.7.7"),
        ("http://other.example/", "10.2.9.9"),
    ):
        with pytest.raises(OutgoingRefused):
            _addresses(gate, url, at)


def test_every_opening_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InputError, match=r"got '\*\.example', 'ftp://a', 'a:b', '10\.0\.0\.1/8'") as wrong:
        gate_of("*.example, ftp://a, good.example, a:b, 10.0.0.1/8")
    assert len(wrong.value.findings) == 4
