"""A lake that the version before wrote is refused, brought up to date once, and loses nothing."""

import argparse
import datetime
import json
import subprocess
import sys

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from conf.errors import Refused
from conf.settings import Settings
from conf.tables import SCHEMA, TABLES
from jobs.runtime.command import Job
from jobs.upkeep import migrations
from jobs.upkeep.migrations import new_columns
from lake.access import Lake
from lake.delta import arrow_schema
from lake.layout import schema_file
from lake.schema_version import write_schema

DAY = datetime.date(2024, 3, 1)
MARKER = f"accounting/CleanTracks/{DAY}"
JOB = Job(DAY, Settings(), argparse.Namespace(revision=1))


@pytest.fixture
def old(tmp_path):
    """A lake of schema 1: accounting without reasons, and no file that says which schema it is."""
    schema = arrow_schema(TABLES["accounting"])
    schema = schema.remove(schema.get_field_index("reasons"))
    figures = dict.fromkeys(("rows", "fetched", "clean", "duplicate", "quarantined", "later", "suppressed"), 3)
    row = {
        "date": DAY,
        "entity": "tracks",
        "revision": 1,
        "snapshot_date": DAY,
        "fetched_at": datetime.datetime(2024, 3, 2),
        **figures,
    }
    write_deltalake(
        tmp_path / "accounting",
        pa.Table.from_pylist([row], schema=schema),
        partition_by=["date", "entity"],
        commit_properties=CommitProperties(app_transactions=[Transaction(MARKER, 1)]),
    )
    bad = [
        {"date": DAY, "entity": "tracks", "reasons": reasons, "row": "{}"}
        for reasons in (["id_null"], ["id_null", "name_empty"])
    ]
    quarantined = pa.Table.from_pylist(bad, schema=arrow_schema(TABLES["quarantine"]))
    write_deltalake(tmp_path / "quarantine", quarantined, partition_by=["date", "entity"])
    attempt = {"date": DAY, "task": "CleanTracks", "status": "done", "attempt": 1, "seconds": 2.5}
    runs = pa.schema(list(arrow_schema(TABLES["runs"]))[:14])  # up to error
    write_deltalake(tmp_path / "runs", pa.Table.from_pylist([attempt], schema=runs))
    return str(tmp_path)


def test_a_lake_of_an_older_schema_is_refused_with_what_to_do(old):
    with pytest.raises(
        Refused, match=rf"schema 1, this version needs {SCHEMA}; run python -m jobs migrate --lake-root"
    ):
        Lake(old)


@pytest.mark.slow
def test_the_migration_keeps_rows_and_markers_and_is_done_once(old):
    command = [sys.executable, "-m", "jobs", "migrate", f"--lake-root={old}"]
    first, second = (subprocess.run(command, capture_output=True, text=True) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "migrated by v2, v3, v4" in first.stdout
    assert f"of schema {SCHEMA} already" in second.stdout
    lake = Lake(old)
    [row] = lake.rows("accounting")
    assert (row["clean"], json.loads(row["reasons"])) == (3, {"id_null": 2, "name_empty": 1})
    assert lake.committed(MARKER)
    assert DeltaTable(lake.path("accounting")).metadata().partition_columns == ["date", "entity"]


def test_a_migration_that_was_killed_before_it_said_so_runs_again(old):
    migrations.STEPS[2](Lake(old, any_schema=True), JOB)
    assert migrations.migrate(Lake(old, any_schema=True), JOB) == [2, 3, 4]
    assert len(Lake(old).rows("accounting")) == 1


def test_attempts_of_before_have_no_spark_figures_and_new_ones_do(old):
    migrations.migrate(Lake(old, any_schema=True), JOB)
    new_columns.migrate(Lake(old), JOB)  # again does nothing
    lake = Lake(old)
    lake.append_rows([{"date": DAY, "task": "CleanUsers", "shuffle_mb": 1.5, "torn": 1}], "runs", "runs/x")
    found = {row["task"]: (row["seconds"], row["shuffle_mb"], row["torn"]) for row in lake.rows("runs")}
    assert found == {"CleanTracks": (2.5, None, None), "CleanUsers": (None, 1.5, 1)}
    assert [field.name for field in DeltaTable(lake.path("runs")).schema().fields] == TABLES["runs"].names


def test_a_new_lake_says_its_schema_and_one_that_is_newer_is_refused(tmp_path):
    Lake(str(tmp_path)).ensure("tracks")
    assert json.loads(schema_file(tmp_path).read_text()) == {"version": SCHEMA}
    write_schema(str(tmp_path), SCHEMA + 1)
    with pytest.raises(Refused, match="newer than this version's"):
        Lake(str(tmp_path))
    with pytest.raises(Refused, match="update the code"):
        migrations.migrate(Lake(str(tmp_path), any_schema=True), JOB)
