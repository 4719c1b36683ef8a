import datetime
import json

from conf.contract import TRACKS
from jobs.health.monitoring import snapshot_figures
from jobs.health.monitoring.snapshot_figures import of_accounting, of_manifest
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder

DAY = datetime.date(2024, 3, 10)
COUNTS = {"rows": 12, "fetched": 20, "clean": 14, "duplicate": 2, "quarantined": 3, "later": 1, "suppressed": 0}
ROW = {"date": DAY, "entity": "tracks", "revision": 1, "snapshot_date": DAY, **COUNTS}
TYPES = {field.name: {"string": 10} for field in TRACKS.fields}


def manifest(**changes):
    return {"rows": 10, "fields": TYPES, "attempts": 1, "retries": 0, **changes}


def test_shares_are_of_the_units_fetched():
    found = of_accounting(ROW, {"name_null": 2})
    assert found == {
        ("rows_fetched", "tracks"): 12,
        ("rows_clean", "tracks"): 14,
        ("rows_unaccounted", "tracks"): 0,
        ("duplicate_share", "tracks"): 0.1,
        ("quarantined_share", "tracks"): 0.15,
        ("quarantined_rows", "tracks.name_null"): 2,
    }


def test_units_that_are_in_no_column_and_in_two_are_unaccounted_for():
    for clean in (13, 15):
        assert of_accounting({**ROW, "clean": clean}, {})["rows_unaccounted", "tracks"] == 1


def test_an_empty_snapshot_has_no_shares():
    nothing = dict.fromkeys(COUNTS, 0)
    assert ("duplicate_share", "tracks") not in of_accounting({**ROW, **nothing}, {})
    assert of_manifest(TRACKS, manifest(rows=0, fields={}), {}, {}) == {
        ("rows_fetched", "tracks"): 0,
        ("torn_snapshots", "tracks"): 0,
        ("api_retries", "tracks"): 0,
    }


def test_nulls_missing_values_and_empty_texts_are_a_share_of_the_rows():
    fields = {**TYPES, "genres": {"null": 4, "string": 5}, "name": {"string": 10}, "album": {"string": 10}}
    found = of_manifest(TRACKS, manifest(fields=fields), {"name_empty": 1}, {"album": 3})
    shares = {label: value for (metric, label), value in found.items() if metric == "null_share" and value}
    assert shares == {"tracks.genres": 0.5, "tracks.name": 0.1, "tracks.album": 0.3}


def test_fields_that_came_or_went_and_tries_are_counted():
    fields = {name: types for name, types in TYPES.items() if name != "album"} | {"mood": {"string": 10}}
    found = of_manifest(TRACKS, manifest(fields=fields, attempts=3, retries=7), {}, {})
    assert found["fields_missing", "tracks"] == 1
    assert found["fields_unknown", "tracks"] == 1
    assert found["null_share", "tracks.album"] == 1
    assert (found["torn_snapshots", "tracks"], found["api_retries", "tracks"]) == (2, 7)


def test_a_date_is_read_from_the_folder_it_was_cleaned_from_with_blanks_of_its_rows(tmp_path):
    other = DAY - datetime.timedelta(days=3)
    folder = raw_folder(tmp_path, "tracks", other)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps(manifest(retries=5)))
    lake = Lake(str(tmp_path))
    lake.append_rows([{**ROW, "snapshot_date": other, "reasons": "{}"}], "accounting", "accounting/x")
    tracks = [(1, "", DAY), (2, "x", DAY), (3, "", other)]
    lake.append_rows([{"track_id": n, "album": album, "last_seen": seen} for n, album, seen in tracks], "tracks", "t/x")
    found = snapshot_figures.of_date(lake, DAY)
    assert found["api_retries", "tracks"] == 5
    assert found["null_share", "tracks.album"] == 0.1
