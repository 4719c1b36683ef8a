import datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import functions as F

from conf.tables import TABLES, marker
from jobs.runtime.frames import FEW, SparkLake, frame
from lake.access import Lake
from lake.delta import arrow_schema

DAY, NEXT = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)


def decision(date, step="retrain", decision="keep"):
    return {
        "date": date,
        "step": step,
        "decision": decision,
        "reason": "",
        "figures": "{}",
        "model_version": "",
        "champion_version": "",
    }


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


def test_every_declared_table_can_be_made_and_read_empty(lake):
    for name, table in TABLES.items():
        lake.ensure(name)
        assert lake.arrow(name).schema.names == table.names
        assert lake.rows(name) == []


def test_a_table_that_is_not_there_has_no_rows_and_no_marker(lake):
    assert lake.rows("decisions", [("date", "=", DAY)], ["decision"]) == []
    assert not lake.committed(marker("decisions", "DecideRetrain", DAY))


def test_writing_replaces_its_own_slice_alone(lake):
    lake.replace_rows([decision(DAY)], "decisions", "decisions/A/1", date=DAY, step="retrain")
    lake.replace_rows([decision(NEXT)], "decisions", "decisions/A/2", date=NEXT, step="retrain")
    lake.replace_rows([decision(DAY, "promote", "none")], "decisions", "decisions/B/1", date=DAY, step="promote")
    found = {(row["date"], row["step"], row["decision"]) for row in lake.rows("decisions")}
    assert found == {(DAY, "retrain", "keep"), (NEXT, "retrain", "keep"), (DAY, "promote", "none")}


def test_a_marker_that_stands_makes_a_second_write_nothing(lake):
    lake.replace_rows([decision(DAY)], "decisions", "decisions/A/1", date=DAY, step="retrain")
    lake.replace_rows([decision(DAY, decision="train")], "decisions", "decisions/A/1", date=DAY, step="retrain")
    assert [row["decision"] for row in lake.rows("decisions")] == ["keep"]


def test_no_rows_are_committed_too(lake):
    lake.replace_rows([], "decisions", "decisions/A/1", date=DAY, step="retrain")
    assert lake.committed("decisions/A/1")


def test_a_partial_day_gives_way_to_the_whole_one(tmp_path):
    partial, whole = Lake(str(tmp_path), revision=0), Lake(str(tmp_path))
    partial.replace_rows([decision(DAY)], "decisions", "decisions/A/1", date=DAY, step="retrain")
    assert partial.committed("decisions/A/1")
    assert not whole.committed("decisions/A/1")
    whole.replace_rows([decision(DAY, decision="train")], "decisions", "decisions/A/1", date=DAY, step="retrain")
    assert [row["decision"] for row in whole.rows("decisions")] == ["train"]


def test_rows_are_found_by_dates_lists_and_text_with_quotes(lake):
    rows = [decision(DAY, decision="it's"), decision(NEXT)]
    lake.append_rows(rows, "decisions", "decisions/A/1")
    assert [row["date"] for row in lake.rows("decisions", [("decision", "=", "it's")])] == [DAY]
    assert [row["date"] for row in lake.rows("decisions", [("date", ">", DAY)])] == [NEXT]
    assert [row["date"] for row in lake.rows("decisions", [("decision", "in", ["keep", "other"])])] == [NEXT]


@pytest.mark.parametrize("at_most", [1, FEW + 1])
def test_a_frame_is_written_once_from_memory_or_by_spark(spark, tmp_path, at_most):
    lake = SparkLake(str(tmp_path), spark)
    for value in ("keep", "train"):
        frame = spark.createDataFrame([tuple(decision(DAY, decision=value).values())], TABLES["decisions"].ddl)
        lake.replace(frame, "decisions", "decisions/A/1", at_most, date=DAY, step="retrain")
    assert [row["decision"] for row in lake.rows("decisions")] == ["keep"]
    assert lake.committed("decisions/A/1")


def test_two_writers_of_one_table_do_not_take_each_other_for_a_repeat(spark, tmp_path):
    lake = SparkLake(str(tmp_path), spark)
    for step in ("retrain", "promote"):
        frame = spark.createDataFrame([tuple(decision(DAY, step).values())], TABLES["decisions"].ddl)
        lake.merge(frame, "decisions", f"decisions/{step}/1", {"reason": "s.reason"})
    assert sorted(row["step"] for row in lake.rows("decisions")) == ["promote", "retrain"]


MOMENT = datetime.datetime(2024, 3, 1, 10, tzinfo=datetime.UTC)
PLAYS = [(1, 5, MOMENT, position, MOMENT, DAY) for position in (0, 1)]


@pytest.mark.parametrize("at_most", [2, FEW + 1])
def test_an_insert_adds_what_is_new_and_leaves_what_is_there(spark, tmp_path, at_most):
    lake = SparkLake(str(tmp_path), spark)
    lake.append_rows([dict(zip(TABLES["listens"].names, (1, 9, *PLAYS[0][2:5], NEXT), strict=True))], "listens", "a/1")
    lake.insert(spark.createDataFrame(PLAYS, TABLES["listens"].ddl), "listens", "listens/A/1", at_most)
    found = sorted((row["position"], row["track_id"], row["first_seen"]) for row in lake.rows("listens"))
    assert found == [(0, 9, NEXT), (1, 5, DAY)]
    assert not lake.committed("listens/A/1")


def test_rows_that_another_writer_adds_meanwhile_are_not_added_again(spark, tmp_path):
    lake, came = SparkLake(str(tmp_path), spark), tmp_path / "came"
    path, schema = lake.ensure("listens"), arrow_schema(TABLES["listens"])

    def another_writer(position):
        """Evaluated as the frame is written, after the transaction has read the table."""
        if not came.exists():
            came.touch()
            rows = [dict(zip(schema.names, play, strict=True)) for play in PLAYS]
            write_deltalake(path, schema.empty_table().from_pylist(rows, schema=schema), mode="append")
        return position

    meanwhile = F.udf(another_writer, "int")
    frame = spark.createDataFrame(PLAYS[:1], TABLES["listens"].ddl).coalesce(1)
    lake.insert(frame.withColumn("track_id", F.col("track_id") + meanwhile("position")), "listens", "listens/A/1")
    assert came.exists()
    assert sorted(row["position"] for row in lake.rows("listens")) == [0, 1]


def test_rows_held_here_are_a_frame_although_there_are_none(spark):
    none = pa.table({"user_id": pa.array([], pa.int64()), "piece": pa.array([], pa.binary())})
    assert frame(spark, none).schema.simpleString() == "struct<user_id:bigint,piece:binary>"
    assert frame(spark, none).count() == 0
