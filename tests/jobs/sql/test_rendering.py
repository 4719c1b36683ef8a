import csv
import datetime
import decimal
import io
import json

import pyarrow as pa
import pytest

from conf.errors import Refused
from jobs.sql.rendering import as_csv, as_json, as_table, text

ROWS = pa.table(
    {
        "n": pa.array([1, None], pa.int64()),
        "name": ['日本, "x"\nb', "é"],
        "share": pa.array([0.6, 1 / 3], pa.float32()),
        "at": pa.array([datetime.datetime(2024, 3, 1, 9, tzinfo=datetime.UTC), None], pa.timestamp("us", "UTC")),
        "because": [["Blue", "Red"], []],
        "sure": [True, None],
    }
)


def test_a_table_has_names_a_rule_and_how_many_rows_there_are():
    assert as_table(ROWS).splitlines() == [
        "   n | name         |    share | at                  | because         | sure",
        "-----+--------------+----------+---------------------+-----------------+-----",
        '   1 | 日本, "x"\\nb |      0.6 | 2024-03-01 09:00:00 | ["Blue", "Red"] | true',
        "NULL | é            | 0.333333 | NULL                | []              | NULL",
        "(2 rows)",
    ]


def test_a_table_says_that_there_is_more_than_it_shows():
    lines = as_table(pa.table({"n": [1, 2, 3]}), at_most=2).splitlines()
    assert lines == ["n", "-", "1", "2", "(the first 2 rows; CSV and JSON have all)"]


def test_one_row_and_none():
    assert as_table(pa.table({"n": [1]})).endswith("(1 row)\n")
    assert as_table(pa.table({"n": pa.array([], pa.int64())})) == "n\n-\n(0 rows)\n"
    assert as_table(pa.table({})) == "ok\n"


def test_csv_is_read_back_as_it_was():
    header, first, second = csv.reader(io.StringIO(as_csv(ROWS)))
    assert header == ROWS.column_names
    assert first == ["1", '日本, "x"\nb', "0.6", "2024-03-01T09:00:00Z", '["Blue", "Red"]', "True"]
    assert second == ["", "é", "0.3333333", "", "[]", ""]


def test_json_is_a_list_of_objects_one_a_line():
    rows = pa.table(
        {
            "day": [datetime.date(2024, 3, 1)],
            "nan": [float("nan")],
            "price": [decimal.Decimal("1.50")],
            "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
            "inner": [{"x": [1, None]}],
        }
    )
    shown = as_json(pa.concat_tables([rows, rows]))
    assert shown.count("\n") == 2
    expected = {"day": "2024-03-01", "nan": None, "price": 1.5, "map": {"a": 1}, "inner": {"x": [1, None]}}
    assert json.loads(shown) == [expected, expected]


def test_json_refuses_two_columns_of_one_name():
    with pytest.raises(Refused, match="name them with AS"):
        as_json(pa.table([[1], [2]], names=["a", "a"]))


def test_a_table_shows_two_columns_of_one_name():
    assert text(pa.table([[1], [2]], names=["a", "a"]), "table").splitlines()[2] == "1 | 2"
