"""A session of Apache Spark: the one the environment gives, or one that is started for a master."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metes.base.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOPBACK = "127.0.0.1"


@contextmanager
def session(master: str | None, settings: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """The running session of this process, which stays, or a new one, which ends with the block.

    `master` is a URL such as `local[4]` or `spark://host:7077`; None leaves it to the environment (`spark-submit`, SPARK_REMOTE,
    spark-defaults.conf), and to all cores of this machine where that says nothing. `settings` are Spark's own.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("Spark is not installed; run: pip install 'metes[spark]', and have Java 17 or newer") from None
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    # Executors on this machine take the interpreter that Metes runs in; on others the environment says which.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("metes")
    for name, value in {**_defaults(master), **(settings or {})}.items():
        builder = builder.config(name, value)
    if master is not None:
        builder = builder.master(master)
    try:
        started = builder.getOrCreate()
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"no Spark session for {master or 'the environment'} ({first}); is the master right, and Java there?"
        ) from error
    try:
        yield started
    finally:
        started.stop()


def _defaults(master: str | None) -> dict[str, str]:
    """Settings of a session of our own: no console of its own, time in UTC, and on this machine alone nothing but loopback."""
    own = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.ui.showConsoleProgress": "false"}
    if master is not None and master.startswith("local"):
        own |= {"spark.driver.host": _LOOPBACK, "spark.driver.bindAddress": _LOOPBACK}
    return own
