"""No table feature is switched on that would shut out readers without Spark."""

import pytest
from deltalake import DeltaTable

from conf.tables import TABLES
from jobs.runtime.frames import SparkLake
from lake.access import Lake
from tests.jobs.sql.tiny_lake import SECOND


@pytest.mark.parametrize("name", TABLES)
def test_a_new_table_is_of_reader_version_1_without_features(tmp_path, name):
    protocol = DeltaTable(Lake(str(tmp_path)).ensure(name)).protocol()
    assert (protocol.min_reader_version, protocol.reader_features) == (1, None)


def test_it_stays_so_when_spark_writes(spark, tmp_path):
    lake = SparkLake(str(tmp_path), spark)
    row = f"SELECT DATE '{SECOND}' AS date, 'tracks' AS entity, array('id_null') AS reasons, '{{}}' AS row"
    lake.replace(spark.sql(row), "quarantine", "quarantine/t/1", at_most=10**9, date=SECOND, entity="tracks")
    table = DeltaTable(lake.path("quarantine"))
    assert table.history(1)[0]["engineInfo"].startswith("Apache-Spark")
    assert (table.protocol().min_reader_version, table.protocol().reader_features) == (1, None)
    assert table.to_pyarrow_table()["reasons"].to_pylist() == [["id_null"]]
