"""The server that the app runs in: its limits, its certificate, and whom it believes about the client."""

from __future__ import annotations

import ssl
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from metes.base.errors import InputError
from metes.web.logs import log_config
from metes.web.patience import protocol_of
from metes.web.protection import Protection

# Those with forward secrecy that authenticate what they encrypt; of TLS 1.3 all are so.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_config(
    app: ASGIApp,
    protection: Protection,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    proxy: str | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    is_logging: bool = True,
) -> uvicorn.Config:
    """What uvicorn is told; `proxy` is whose word on the client's address and scheme is believed, nobody's without one."""
    context = None if certificate is None else tls_context(certificate, key)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol_of(protection),
        ws="none",
        lifespan="off",
        log_config=log_config() if is_logging else None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy or "",
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with a certificate (its chain below it) and its key, else in the same file; InputError where they do not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        # The files' own words are not shown: OpenSSL's name no file.
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"expected a certificate in {certificate} and its key in {key or certificate}: {why}") from None
    return context


def _no_password() -> str:
    """Instead of asking at the terminal, where nobody sits."""
    raise ValueError("the key is locked by a password; take it off, and let nobody but Metes read the file")
