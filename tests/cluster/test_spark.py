"""Assignment on Spark with real executors of their own, held against this machine's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from metes.app.files import assign_files
from metes.assigning.files import assigner_for
from metes.base.errors import InputError
from metes.base.progress import SILENT
from metes.cluster import assign, session
from metes.rules.batches import FilePaths
from tests.files_world import DAY, rows_of, write_world

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER = "local-cluster[2,1,1024]"
# What makes a short session begin sooner; none of it changes an answer.
QUICK = {
    "spark.executor.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company, in four files."""
    return write_world(tmp_path_factory.mktemp("spark") / "world", accounts=1200, files=4)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """One session for all tests: a driver and two executors, each a process of its own."""
    with session.session(MASTER, QUICK) as started:
        yield started


def given(world: Path, out: Path) -> FilePaths:
    """The company's files."""
    return FilePaths(str(world / "accounts"), str(out), str(world / "orders.parquet"), str(world / "products.parquet"))


def test_executors_give_what_this_machine_gives(spark: SparkSession, world: Path, tmp_path: Path) -> None:
    assigner = assigner_for(world / "plan.yaml", assign.schema_of(spark, str(world / "accounts")), DAY, "USD", SILENT)
    report = assign.assign(spark, assigner, given(world, tmp_path / "spark"))
    here = assign_files(
        str(world / "accounts"), world / "plan.yaml", str(tmp_path / "here.parquet"), day=DAY,
        orders=str(world / "orders.parquet"), products=str(world / "products.parquet"),
    )  # fmt: skip
    assert rows_of(tmp_path / "spark") == rows_of(tmp_path / "here.parquet")
    assert report == here
    assert report.accounts == 1200


def test_the_work_is_done_outside_this_process(spark: SparkSession, world: Path) -> None:
    def processes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_arrays([pa.array([os.getpid()] * batch.num_rows, pa.int64())], ["process"])

    frame = spark.read.parquet(str(world / "accounts")).repartition(8)
    found = {row[0] for row in frame.mapInArrow(processes, "process long").distinct().collect()}
    assert os.getpid() not in found
    assert len(found) >= 2


def plan_of_accounts_alone(world: Path, folder: Path) -> Path:
    """The company's plan without the rules on purchase history and families, which want joins before."""
    lines, is_left_out = [], False
    for line in (world / "plan.yaml").read_text().splitlines():
        if line.startswith("      - key: "):
            is_left_out = line.endswith(("buyers", "groups"))
        if not is_left_out:
            lines.append(line)
    plan = folder / "plan.yaml"
    plan.write_text("\n".join(lines))
    return plan


def test_all_rules_are_one_job(spark: SparkSession, world: Path, tmp_path: Path) -> None:
    plan = plan_of_accounts_alone(world, tmp_path)
    assigner = assigner_for(plan, assign.schema_of(spark, str(world / "accounts")), DAY, "USD", SILENT)
    context: Any = spark.sparkContext
    frame = assign.holdings(spark, assigner, given(world, tmp_path / "out"))
    context.setJobGroup("rules", "all rules")
    frame.write.parquet(str(tmp_path / "out"))
    assert len(context.statusTracker().getJobIdsForGroup("rules")) == 1
    assert len(assigner.compiled.rules) == 5


def test_a_folder_that_is_there_is_not_written_into(spark: SparkSession, world: Path, tmp_path: Path) -> None:
    assigner = assigner_for(world / "plan.yaml", assign.schema_of(spark, str(world / "accounts")), DAY, "USD", SILENT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("kept")
    with pytest.raises(InputError, match="there already"):
        assign.assign(spark, assigner, given(world, tmp_path / "out"))
    assert (tmp_path / "out" / "precious").read_text() == "kept"


def test_a_fault_on_an_executor_is_said_in_its_own_words(spark: SparkSession, world: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(world / "accounts").slice(0, 3)
    pq.write_table(table.set_column(0, "id", pa.array(["A1", None, "A2"])), tmp_path / "accounts.parquet")
    assigner = assigner_for(world / "plan.yaml", assign.schema_of(spark, str(tmp_path / "accounts.parquet")), DAY, "USD", SILENT)
    paths = FilePaths(
        str(tmp_path / "accounts.parquet"), str(tmp_path / "out"), str(world / "orders.parquet"), str(world / "products.parquet")
    )
    with pytest.raises(InputError, match="no id"):
        assign.assign(spark, assigner, paths)


def test_the_command_runs_in_the_session_that_the_environment_gives(world: Path, tmp_path: Path) -> None:
    plan = plan_of_accounts_alone(world, tmp_path)
    command = [
        sys.executable, "-m", "metes", "assign", "--accounts", str(world / "accounts"), "--plan", str(plan),
        "--out", str(tmp_path / "out"), "--engine", "spark", "--day", DAY.isoformat(), "--json",
    ]  # fmt: skip
    settings = tmp_path / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(
        "spark.master local[1]\nspark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n"
        + "\n".join(f"{name} {value}" for name, value in QUICK.items())
    )
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SPARK_CONF_DIR": str(settings)}, check=False)
    assert done.returncode == 0, done.stderr
    assert '"accounts": 1200' in done.stdout
    assert len(rows_of(tmp_path / "out")) >= 1200
