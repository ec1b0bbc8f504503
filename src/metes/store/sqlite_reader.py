"""Reads whole tables of a large SQLite file as Arrow, in a process of its own: several times faster than row by row.

ADBC reads in C, but brings a second copy of SQLite, which must not open a file in a process where the first one has it open
(`metes.store.sqlite_bulk` tells why). In another process it may: locks between processes work. Run as a program, this module takes
queries as lines of JSON and answers each with a stream of Arrow.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from metes.base.errors import MetesError

BATCH_ROWS = 65_536
BUSY_SECONDS = 10


class Reader:
    """A reading process on one consistent state of the file, which begins with the first query."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query. The batches of one query must all be taken before the next one is asked."""
        questions, answers = self._process.stdin, self._process.stdout
        if questions is None or answers is None:
            raise MetesError("the reading process has no pipes; start it with `reader`")
        try:
            questions.write(json.dumps(sql).encode() + b"\n")
            questions.flush()
            yield from pa.ipc.open_stream(answers)
        except (pa.ArrowInvalid, OSError) as error:
            raise MetesError(f"reading the database failed ({error}): {self._last_words()}") from None

    def _last_words(self) -> str:
        """What the process wrote before it ended, which it does when it is asked no more."""
        _, errors = self._process.communicate()
        return errors.decode(errors="replace").strip()[-500:]


@contextmanager
def reader(path: Path) -> Iterator[Reader]:
    """A process that reads the file; it ends with the block, or with the process that began it."""
    command = [sys.executable, "-m", "metes.store.sqlite_reader", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield Reader(process)
        finally:
            process.kill()


def answer(path: str, questions: IO[str], answers: IO[bytes]) -> None:
    """Answer queries until there are no more."""
    import adbc_driver_sqlite.dbapi as driver

    connection: Any = driver.connect(path)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.fetchall()
        for line in questions:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
            cursor.execute(json.loads(line))
            rows = cursor.fetch_record_batch()
            with pa.ipc.new_stream(answers, rows.schema) as writer:
                for batch in rows:
                    writer.write_batch(batch)
            answers.flush()


if __name__ == "__main__":
    try:
        answer(sys.argv[1], sys.stdin, sys.stdout.buffer)
    except Exception as error:
        sys.exit(str(error))
