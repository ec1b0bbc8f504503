"""A real server on the loopback address, run as `metes serve` runs it, and a client that speaks plain bytes."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from metes.web.protection import Protection
from metes.web.server import server_config

PATIENCE_SECONDS = 60


@contextmanager
def served(app: ASGIApp, protection: Protection, **more: Any) -> Iterator[int]:
    """The port of a server that runs until the end of the block."""
    server = uvicorn.Server(server_config(app, protection, is_logging=False, **more))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def connected(port: int, context: ssl.SSLContext | None = None) -> Iterator[socket.socket]:
    """A connection to it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as plain:
        if context is None:
            yield plain
            return
        with context.wrap_socket(plain, server_hostname="localhost") as wrapped:
            yield wrapped


def rest_of(connection: socket.socket) -> bytes:
    """All that still comes until the server ends the connection."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionError:
        pass
    return received


def asked(port: int, request: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """What the server answers to some bytes, until it ends the connection."""
    with connected(port, context) as connection:
        connection.sendall(request)
        return rest_of(connection)
