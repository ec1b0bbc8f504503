"""Whoever is slow on purpose is cut off: at the head of a request, in its body, and in taking the answer. On real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from metes.web.guards import Guards
from metes.web.logs import Metrics
from metes.web.protection import Protection
from tests.web.security.serving import asked, connected, rest_of, served

# A part of a second stands for what is half a minute outside; what a test is not about waits for long, as the machine may be busy.
PATIENT = Protection(head_seconds=60, body_seconds=60, taking_seconds=60)
QUICK = {
    "head": replace(PATIENT, head_seconds=0.5),
    "body": replace(PATIENT, body_seconds=0.1, bytes_a_second=10_000_000),
    "taking": replace(PATIENT, taking_seconds=0.1),
    "few": replace(PATIENT, most_connections=6),
}
HEAD = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
GET = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSING_GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ANSWER = b"taken in: "


class App:
    """Reads the body at /read, ignores it at /ignore, sends for ever at /endless, and tells when such an answer has ended."""

    def __init__(self) -> None:
        self.has_ended = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if scope["path"] == "/endless":
            try:
                await StreamingResponse(self._endless())(scope, receive, send)
            finally:
                self.has_ended.set()
            return
        body = await request.body() if scope["path"] == "/read" else b""
        await PlainTextResponse(ANSWER + str(len(body)).encode())(scope, receive, send)

    async def _endless(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000
            await anyio.sleep(0)


def guarded(app: App, protection: Protection) -> Guards:
    """The app within the guards."""
    return Guards(app, Metrics(), lambda _request, error: PlainTextResponse(str(type(error)), 500), protection)


@pytest.fixture
def app() -> App:
    """An app that reads or ignores."""
    return App()


@pytest.fixture
def port(app: App, request: pytest.FixtureRequest) -> Iterator[int]:
    """A server that has no patience with one thing."""
    protection = QUICK[request.param]
    with served(guarded(app, protection), protection) as port:
        yield port


def impatient(with_what: str) -> pytest.MarkDecorator:
    """Gives a test the server without patience for one thing."""
    return pytest.mark.parametrize("port", [with_what], indirect=True)


@impatient("head")
def test_a_connection_that_says_nothing_is_ended(port: int) -> None:
    assert asked(port, b"") == b""


@impatient("head")
@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: aaa"])
def test_a_head_that_never_ends_is_cut_off(port: int, start: bytes) -> None:
    assert asked(port, start) == b""


@impatient("head")
def test_a_head_that_dribbles_is_cut_off_however_often_something_comes(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(GET[:-2] % b"first")
        ended = threading.Event()
        answers: list[bytes] = []

        def listen() -> None:
            answers.append(rest_of(connection))
            ended.set()

        listening = threading.Thread(target=listen)
        listening.start()
        try:
            while not ended.wait(0.01):
                connection.sendall(b"X-More: a\r\n")
        except OSError:
            pass
        listening.join()
    assert answers == [b""]


@impatient("head")
def test_the_head_of_a_second_request_is_waited_for_no_longer(port: int) -> None:
    received = asked(port, GET % b"first" + b"GET /second HT")
    assert received.count(b"HTTP/1.1 200") == 1
    assert received.endswith(ANSWER + b"0")


@impatient("body")
@pytest.mark.parametrize("sent", [b"", b"half of what was promised"])
def test_a_body_that_stops_is_answered_with_408_and_the_connection_ended(port: int, sent: bytes) -> None:
    answer = asked(port, HEAD % 1000 + sent)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert b"content-security-policy" in answer
    assert answer.endswith(b"Nothing was changed; try again.")


@impatient("body")
def test_a_body_in_chunks_that_never_ends_is_cut_off(port: int) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert asked(port, head + b"1\r\na\r\n" * 5).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_dribbles_earns_no_more_time_than_its_bytes_are_worth() -> None:
    assert QUICK["body"].patience(0) == 0.1
    assert QUICK["body"].patience(10_000_000) == pytest.approx(1.1)
    ordinary = Protection()
    assert ordinary.patience(ordinary.form_bytes) < 20 * 60, "even the largest form ends"
    assert ordinary.patience(ordinary.upload_bytes) > 24 * 3600, "the largest file comes through a slow line"


@impatient("head")
def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for(port: int) -> None:
    received = asked(port, b"POST /ignore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\nabc")
    assert received.startswith(b"HTTP/1.1 200 ")


@impatient("body")
def test_a_body_larger_than_a_form_is_refused_on_the_way(port: int) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with connected(port) as connection:
        connection.sendall(head)
        try:
            for _ in range(PATIENT.form_bytes // 0x10000 + 2):
                connection.sendall(chunk)
        except ConnectionError:
            pass
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@impatient("taking")
def test_an_answer_that_nobody_takes_is_given_up(app: App, port: int) -> None:
    with connected(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(GET % b"endless")
        assert app.has_ended.wait(60)


def test_others_are_served_while_many_dribble(app: App) -> None:
    with served(guarded(app, PATIENT), PATIENT) as port, ExitStack() as held:
        for start in (b"", b"GET / HTTP/1.1\r\n", HEAD % 1000) * 10:
            held.enter_context(connected(port)).sendall(start)
        with connected(port) as connection:
            connection.sendall(HEAD.replace(b"Host", b"Connection: close\r\nHost") % 5 + b"hello")
            assert rest_of(connection).endswith(ANSWER + b"5")


def test_an_answer_that_is_taken_slowly_but_steadily_comes_through(app: App) -> None:
    steady = replace(QUICK["taking"], taking_seconds=0.5, bytes_a_second=1)
    with served(guarded(app, steady), steady) as port, connected(port) as connection:
        connection.sendall(GET % b"endless")
        for _ in range(100):
            assert connection.recv(20_000)
            assert not app.has_ended.wait(0.01)


@impatient("few")
def test_more_connections_than_a_server_takes_are_told_so_and_let_in_later(port: int) -> None:
    with ExitStack() as held:
        for _ in range(QUICK["few"].most_connections):
            held.enter_context(connected(port))
        refused = asked(port, CLOSING_GET)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"content-security-policy" in refused
    # The server learns of those that went when it next looks.
    while not (answer := asked(port, CLOSING_GET)).endswith(ANSWER + b"0"):
        assert answer.startswith(b"HTTP/1.1 503 ")


def test_a_whole_request_is_never_hurried(app: App) -> None:
    """The time the answer takes is ours; an answer for ever, such as of a job's progress, is only cut off where nobody takes it."""
    hasty = replace(QUICK["head"], body_seconds=0.1, taking_seconds=5)
    with served(guarded(app, hasty), hasty) as port, connected(port) as connection:
        connection.sendall(GET % b"endless")
        taken = 0
        while taken < 30_000_000:
            taken += len(connection.recv(1_000_000))
        assert not app.has_ended.is_set()
