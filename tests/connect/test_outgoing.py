"""Requests over real sockets of the loopback: what is refused, and where a server misbehaves."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from metes.connect.gate import OutgoingRefused, gate_of
from metes.connect.outgoing import Outgoing, OutgoingFailed, understood
from tests.connect.servers import server_context

SOURCE = Path(__file__).parents[2] / "src" / "metes"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


@contextmanager
def answering(
    answer: bytes, *, then_wait: bool = False, context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a head and answers with these bytes; its port and the heads it read."""
    heads: list[bytes] = []
    is_over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) if context else connection as stream:
                    heads.append(_head(stream))
                    stream.sendall(answer)
                    if then_wait:
                        is_over.wait(30)
            except OSError:
                if listener.fileno() < 0 or is_over.is_set():
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heads
    finally:
        is_over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _head(stream: socket.socket) -> bytes:
    """The head of a request, and its body where it says how long that is."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += stream.recv(65536) or b"\r\n\r\n"
    length = re.search(rb"content-length: (\d+)", read.lower())
    while length and len(read.partition(b"\r\n\r\n")[2]) < int(length[1]):
        read += stream.recv(65536)
    return read


def opened(port: int, **more: object) -> Outgoing:
    """Requests that may go to that server by http."""
    return Outgoing(gate_of(f"http://127.0.0.1:{port}"), **more)  # type: ignore[arg-type]


def test_an_opened_host_answers() -> None:
    with answering(OK) as (port, heads), opened(port).client() as client:
        assert client.get(f"http://127.0.0.1:{port}/there?a=b").text == "hi"
        assert client.post(f"http://127.0.0.1:{port}/there", data={"a": "b"}).status_code == 200
    assert heads[0].startswith(b"GET /there?a=b HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{port}".encode() in heads[0].lower()
    assert b"accept-encoding: identity" in heads[0].lower()
    assert heads[1].endswith(b"\r\n\r\na=b")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_nothing_reaches_a_server_near_us_that_was_not_opened(host: str) -> None:
    with answering(OK) as (port, heads), Outgoing().client() as client:
        for scheme in ("https", "http"):
            with pytest.raises(OutgoingRefused), understood():
                client.get(f"{scheme}://{host}:{port}/")
    assert heads == []


def test_a_name_that_means_the_loopback_is_refused_however_it_is_written() -> None:
    with answering(OK) as (port, heads):
        near = Outgoing(resolve=lambda _host, _port: (ip_address("1.1.1.1"), ip_address("::ffff:127.0.0.1")))
        with near.client() as client, pytest.raises(OutgoingRefused, match=r"METES_ALLOW_HOSTS=rebound\.example"):
            client.get(f"https://rebound.example:{port}/")
    assert heads == []


def test_a_name_is_asked_once_so_that_it_cannot_mean_something_else_when_the_connection_is_made() -> None:
    authority = trustme.CA()
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> tuple[object, ...]:
        asked.append(host)
        return (ip_address("127.0.0.1"),)

    with answering(OK, context=server_context(authority.issue_cert("named.example"))) as (port, heads):
        with authority.cert_pem.tempfile() as file:
            out = Outgoing(gate_of(f"named.example:{port}"), authority=Path(file), resolve=rebinding)  # type: ignore[arg-type]
            with out.client() as client:
                assert client.get(f"https://named.example:{port}/").text == "hi"
        assert f"host: named.example:{port}".encode() in heads[0].lower()
    assert asked == ["named.example"]


def test_a_certificate_for_another_name_is_not_taken() -> None:
    authority = trustme.CA()
    context = server_context(authority.issue_cert("other.example"))
    with answering(OK, context=context) as (port, _), authority.cert_pem.tempfile() as file:
        out = Outgoing(gate_of("named.example"), authority=Path(file), resolve=lambda _host, _port: (ip_address("127.0.0.1"),))
        with out.client() as client, pytest.raises(OutgoingFailed, match="certificate that is not trusted"):
            client.get(f"https://named.example:{port}/")


def test_a_redirect_is_not_followed_and_one_that_is_asked_for_is_checked() -> None:
    with answering(OK) as (near, heads):
        moved = f"HTTP/1.1 302 Found\r\nlocation: http://localhost:{near}/\r\ncontent-length: 0\r\n\r\n".encode()
        with answering(moved) as (port, _), opened(port).client() as client:
            assert client.get(f"http://127.0.0.1:{port}/").status_code == 302
            with pytest.raises(OutgoingRefused):
                client.get(f"http://127.0.0.1:{port}/", follow_redirects=True)
    assert heads == []


def test_the_environment_names_no_proxy_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(OK) as (proxy, heads), answering(OK) as (port, _), opened(port).client() as client:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        assert client.get(f"http://127.0.0.1:{port}/").text == "hi"
    assert heads == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n" + b"x" * 3000, "more than 2,000 bytes"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b"x" * 9000, "more than 2,000 bytes"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nhi", "packed"),
        (b"SSH-2.0-OpenSSH_9\r\n", "does not answer as a web server"),
        (b"", "does not answer as a web server"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(answer: bytes, said: str) -> None:
    with (
        answering(answer) as (port, _),
        opened(port, largest_answer=2000).client() as client,
        pytest.raises(OutgoingFailed, match=said),
    ):
        client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"])
def test_a_server_that_takes_too_long_is_left(begun: bytes) -> None:
    with (
        answering(begun, then_wait=True) as (port, _),
        opened(port, seconds=0.3).client() as client,
        pytest.raises(OutgoingFailed, match="in time"),
    ):
        client.get(f"http://127.0.0.1:{port}/")


def test_a_port_at_which_nobody_listens_says_so() -> None:
    with answering(OK) as (port, _):
        pass
    with opened(port).client() as client, pytest.raises(OutgoingFailed, match="cannot be reached: Connection refused"):
        client.get(f"http://127.0.0.1:{port}/")


def test_a_name_that_nobody_knows_says_so() -> None:
    with Outgoing().client() as client, pytest.raises(OutgoingFailed, match=r"nowhere\.invalid:443 cannot be reached"):
        client.get("https://nowhere.invalid/")


def test_nothing_else_in_the_house_sends_requests() -> None:
    """Mail leaves by its own way: whoever runs the server names that host, and no user does."""
    pattern = re.compile(
        r"^\s*(?:import|from) (?:httpx2?|httpcore2?|requests|urllib3|aiohttp|urllib\.request|http\.client|smtplib)\b", re.M
    )
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if pattern.search(path.read_text())}
    assert found == {"connect/outgoing.py", "connect/mail_sending.py"}
