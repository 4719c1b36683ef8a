import datetime

import pytest

from jobs.privacy.table_rows import quarantined
from lake.access import Lake

DATE = datetime.date(2024, 3, 1)


def bad(row: str, entity: str = "users") -> dict:
    return {"date": DATE, "entity": entity, "reasons": ["id_wrong_type"], "row": row}


@pytest.mark.parametrize("spelt", ["17", "17.0", "1.7e1", '"17"', '"\\u00317"'])
def test_row_of_quarantine_is_found_however_its_id_is_spelt(tmp_path, spelt):
    lake = Lake(str(tmp_path))
    rows = [bad(f'{{"id": {spelt}, "email": "***"}}'), bad('{"id": 170}'), bad('{"id": 17}', "tracks")]
    lake.append_rows(rows, "quarantine", "quarantine/test/1")
    assert [row["row"] for row in quarantined(lake, 17)] == [rows[0]["row"]]


def test_history_row_of_quarantine_is_found_by_its_user(tmp_path):
    lake = Lake(str(tmp_path))
    rows = [bad(f'{{"user_id": {user}, "items": [1]}}', "listen_history") for user in (17, 18)]
    lake.append_rows(rows, "quarantine", "quarantine/test/1")
    assert [row["row"] for row in quarantined(lake, 17)] == [rows[0]["row"]]
