"""Which names a server answers to, over http and https, and whose word on the client it believes."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import trustme
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from metes.base.errors import InputError
from metes.cli.serving import refuse_plain
from metes.web.guards import Guards
from metes.web.logs import Metrics
from metes.web.protection import LOOPBACK_NAMES, Protection, host_name, is_loopback, protection_of
from metes.web.server import tls_context
from tests.web.security.serving import asked, served

NAMED = protection_of(
    [".".join("0000"), "metes.example.com", "https://Ledger.example.com:8443/x"], is_plain_allowed=False, has_metrics=False
)
HOW = b"GET /how HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was told of the request, and sets a cookie."""
    request = Request(scope, receive)
    client = request.client.host if request.client else ""
    answer: Response = JSONResponse({"scheme": request.url.scheme, "client": client, "cookies": request.cookies})
    answer.set_cookie("metes_session", "secret", httponly=True, samesite="lax")
    answer.delete_cookie("metes_notice")
    answer.set_cookie("other", "x")
    await answer(scope, receive, send)


def guarded(protection: Protection) -> Guards:
    """The app within the guards."""
    return Guards(app, Metrics(), lambda _request, _error: PlainTextResponse("", 500), protection)


def asked_as(address: str, protection: Protection = NAMED, **headers: str) -> Response:
    """The answer to a request at an address, its headers' names written with underscores."""
    client = TestClient(guarded(protection), base_url="http://10.0.0.7")
    return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Metes.Example.com", "metes.example.com"),
        ("metes.example.com:8443", "metes.example.com"),
        ("metes.example.com.", "metes.example.com"),
        ("[::1]:8420", "::1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_a_host_has_a_name_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


def test_only_this_machine_is_the_loopback() -> None:
    assert all(is_loopback(host) for host in ("localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8420"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "localhost.evil.example", "10.0.0.1", "", "127.0.0.1.nip.io"))  # noqa: S104


def test_a_server_has_the_names_it_was_given_and_those_of_its_own_machine() -> None:
    assert NAMED.hosts == LOOPBACK_NAMES | {"metes.example.com", "ledger.example.com"}


@pytest.mark.parametrize(
    "host", ["metes.example.com", "METES.example.com:443", "ledger.example.com", "localhost", "10.0.0.7", "10.0.0.7:8420"]
)
def test_a_server_answers_to_its_names_and_to_the_address_it_was_reached_by(host: str) -> None:
    assert asked_as("https://10.0.0.7/", host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "metes.example.com.evil.example", "evil.example:443", "10.0.0.8", "", "xmetes.example.com"]
)
def test_another_name_is_refused_so_that_no_foreign_page_reaches_a_server_by_its_own(host: str) -> None:
    answer = asked_as("https://10.0.0.7/", host=host, x_forwarded_host="metes.example.com")
    assert answer.status_code == 421
    assert "evil" not in answer.text  # type: ignore[attr-defined]


def test_machines_that_watch_may_use_any_name_and_no_encryption() -> None:
    for path in ("/healthz", "/readyz"):
        assert asked_as(f"http://10.0.0.7{path}", host="pod-17.cluster").status_code == 200
    assert asked_as("http://10.0.0.7/healthz/x", host="pod-17.cluster").status_code == 421


def test_without_encryption_only_this_machine_is_served() -> None:
    refused = asked_as("http://10.0.0.7/", host="metes.example.com")
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers
    assert "location" not in refused.headers
    assert asked_as("http://10.0.0.7/", host="localhost:8420").status_code == 200
    assert asked_as("http://10.0.0.7/", host="metes.example.com", x_forwarded_proto="https").status_code == 403
    plain = protection_of(["metes.example.com"], is_plain_allowed=True, has_metrics=False)
    assert asked_as("http://10.0.0.7/", plain, host="metes.example.com").status_code == 200


def test_listening_for_other_machines_without_encryption_has_to_be_said() -> None:
    for host in ("0.0.0.0", "10.0.0.7", "metes.example.com", "::"):  # noqa: S104
        with pytest.raises(InputError, match="--certificate"):
            refuse_plain(host, is_allowed=False)
        refuse_plain(host, is_allowed=True)
    refuse_plain("127.0.0.1", is_allowed=False)


def test_cookies_by_https_are_secure_and_can_be_set_by_no_other_host() -> None:
    answer = asked_as("https://10.0.0.7/")
    lines = [line for line in answer.headers.get_list("set-cookie") if "metes" in line]  # type: ignore[attr-defined]
    assert [line.partition("=")[0] for line in lines] == ["__Host-metes_session", "__Host-metes_notice"]
    for line in lines:
        parts = line.split("; ")
        assert "Secure" in parts
        assert "Path=/" in parts
        assert not [part for part in parts if part.lower().startswith("domain")]


def test_cookies_by_https_are_read_under_their_long_names_alone() -> None:
    for sent, read in (
        ("__Host-metes_session=a; other=b", {"metes_session": "a", "other": "b"}),
        ("metes_session=planted; __Host-metes_session=a", {"metes_session": "a"}),
        ("__Host-metes_session=a; metes_session=planted", {"metes_session": "a"}),
        ("metes_session=planted", {}),
        ("__Host-__Host-metes_session=planted", {"__Host-__Host-metes_session": "planted"}),
    ):
        assert asked_as("https://10.0.0.7/", cookie=sent).json()["cookies"] == read, sent  # type: ignore[attr-defined]


def test_cookies_on_this_machine_need_no_https() -> None:
    answer = asked_as("http://10.0.0.7/", host="localhost", cookie="metes_session=a")
    assert answer.json()["cookies"] == {"metes_session": "a"}  # type: ignore[attr-defined]
    assert answer.headers["set-cookie"].startswith("metes_session=secret; HttpOnly; Path=/; SameSite=lax")
    assert "strict-transport-security" not in answer.headers


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the certificates."""
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA, tmp_path: Path) -> Iterator[int]:
    """The port of a server that speaks https."""
    signed = authority.issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    signed.cert_chain_pems[0].write_to_path(certificate)
    signed.private_key_pem.write_to_path(key)
    with served(guarded(NAMED), NAMED, certificate=certificate, key=key) as port:
        yield port


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client that checks certificates."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_with_a_certificate_a_server_speaks_https_and_nothing_else(secure: int, authority: trustme.CA) -> None:
    answer = asked(secure, HOW % (b"localhost", b""), trusting(authority))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"strict-transport-security: max-age=31536000; includeSubDomains\r\n" in answer
    assert b"__Host-metes_session=secret" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["scheme"] == "https"
    assert b"HTTP/1.1 200" not in asked(secure, HOW % (b"localhost", b""))


@pytest.mark.parametrize(("version", "is_taken"), [("TLSv1_3", True), ("TLSv1_2", True), ("TLSv1_1", False)])
def test_old_versions_of_tls_are_refused(secure: int, authority: trustme.CA, version: str, is_taken: bool) -> None:
    context = trusting(authority)
    if not is_taken:
        context.set_ciphers("ALL:@SECLEVEL=0")
    # The setter warns of versions that are old, which is what this test is about.
    with pytest.warns(DeprecationWarning, match="TLSv1_1") if not is_taken else nullcontext():
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if is_taken:
        assert asked(secure, HOW % (b"localhost", b""), context).startswith(b"HTTP/1.1 200 ")
    else:
        with pytest.raises(ssl.SSLError):
            asked(secure, HOW % (b"localhost", b""), context)


def test_weak_ciphers_are_refused(secure: int, authority: trustme.CA) -> None:
    context = trusting(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES256-SHA:AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        asked(secure, HOW % (b"localhost", b""), context)


def test_a_certificate_that_cannot_be_used_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    signed, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    with pytest.raises(InputError, match=r"certificate\.pem"):
        tls_context(certificate, None)
    signed.cert_chain_pems[0].write_to_path(certificate)
    other.private_key_pem.write_to_path(key)
    with pytest.raises(InputError, match=r"key\.pem"):
        tls_context(certificate, key)


def test_nobody_is_believed_about_the_client_unless_named() -> None:
    forged = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=203.0.113.9;proto=https\r\nX-Real-IP: 203.0.113.9\r\n"
    for proxy in (None, "192.0.2.1"):
        with served(guarded(NAMED), NAMED, proxy=proxy) as port:
            answer = asked(port, HOW % (b"localhost", forged))
            told = json.loads(answer.partition(b"\r\n\r\n")[2])
            assert (told["scheme"], told["client"]) == ("http", "127.0.0.1")
            assert asked(port, HOW % (b"metes.example.com", forged)).startswith(b"HTTP/1.1 403 ")


def test_a_proxy_that_was_named_is_believed_about_the_last_client_alone() -> None:
    with served(guarded(NAMED), NAMED, proxy="127.0.0.1") as port:
        headers = b"X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 198.51.100.2\r\n"
        answer = asked(port, HOW % (b"metes.example.com", headers))
        told = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert (told["scheme"], told["client"]) == ("https", "203.0.113.9")
        assert b"__Host-metes_session" in answer
        # A proxy that encrypts says so; one that does not is no reason to send a cookie in the clear.
        assert asked(port, HOW % (b"metes.example.com", b"X-Forwarded-Proto: http\r\n")).startswith(b"HTTP/1.1 403 ")


def test_a_message_with_two_lengths_or_a_broken_frame_is_refused() -> None:
    with served(guarded(NAMED), NAMED) as port:
        for lines in (
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Content-Length: 5, 6\r\n",
            b"Content-Length: +5\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Header without colon\r\n",
        ):
            answer = asked(port, HOW % (b"localhost", lines) + b"hello")
            assert answer.startswith(b"HTTP/1.1 400 "), lines
            assert b"content-security-policy: default-src 'none'" in answer
        both = HOW.replace(b"GET", b"POST") % (b"localhost", b"Content-Length: 100\r\nTransfer-Encoding: chunked\r\n")
        smuggled = asked(port, both + b"0\r\n\r\nGET /how HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert smuggled.count(b"HTTP/1.1 ") == 1
        assert asked(port, HOW % (b"localhost", b"X: " + b"a" * 100_000 + b"\r\n")).startswith(b"HTTP/1.1 431 ")
