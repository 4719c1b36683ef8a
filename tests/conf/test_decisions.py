import datetime

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from conf.decisions import PLACE, STEPS, moment
from lake.delta import query

MONDAY, TUESDAY = datetime.date(2024, 3, 4), datetime.date(2024, 3, 5)


def test_decisions_stand_in_the_order_in_which_they_are_taken(tmp_path):
    rows = [{"date": date, "step": step} for date in (TUESDAY, MONDAY) for step in ("unheard of", *reversed(STEPS))]
    expected = [(date, step) for date in (MONDAY, TUESDAY) for step in ("retrain", "promote", "rollback", "unheard of")]
    assert [(row["date"], row["step"]) for row in sorted(rows, key=moment)] == expected
    write_deltalake(tmp_path, pa.Table.from_pylist(rows))
    found = query(DeltaTable(tmp_path), f"SELECT date, step FROM stored ORDER BY date, {PLACE}")
    assert [(row["date"], row["step"]) for row in found.to_pylist()] == expected
