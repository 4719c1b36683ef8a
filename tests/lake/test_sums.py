"""Files that never change are held against their sums."""

import json

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake import sums
from lake.layout import sums_file

TABLE = pa.table({"track_id": list(range(100))})


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "tracks"
    for _ in range(3):
        write_deltalake(str(folder), TABLE, mode="append")
    return folder


def recorded(root):
    return sums.read_sums(sums_file(root, "tracks"))


def test_a_difference_says_what_was_found_and_what_was_written(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    known = sums.Sum.of(path)
    assert sums.difference(path, known) == ""
    path.write_bytes(b"abd")
    assert sums.difference(path, known).startswith("found sha256 a52d159f262b…, written was ba7816bf8f01…")
    assert sums.difference(path, known, every_byte=False) == ""
    path.write_bytes(b"ab")
    assert sums.difference(path, known) == "found 2 bytes, written were 3"
    path.unlink()
    assert sums.difference(path, known) == "no such file, though it is listed"


def test_data_and_log_of_a_table_get_their_sums_once(table, tmp_path):
    assert sums.record(str(tmp_path), "tracks") == 6
    assert sums.record(str(tmp_path), "tracks") == 0
    write_deltalake(str(table), TABLE, mode="append")
    assert sums.record(str(tmp_path), "tracks") == 2
    assert recorded(tmp_path) == {name: sums.Sum.of(path) for name, path in sums.lasting(table).items()}


def test_the_first_sum_of_a_file_holds(table, tmp_path):
    sums.record(str(tmp_path), "tracks")
    before = recorded(tmp_path)
    part = next(table.glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b"x")
    sums.record(str(tmp_path), "tracks")
    assert recorded(tmp_path) == before


def test_a_file_that_no_version_lists_gets_no_sum(table, tmp_path):
    """Spark writes it under its last name; a job may be at it, or was killed."""
    (table / "part-00000-half.parquet").write_bytes(b"PAR1")
    assert sums.record(str(tmp_path), "tracks") == 6
    assert set(recorded(tmp_path)) == set(sums.lasting(table)) - {"part-00000-half.parquet"}


def test_what_is_damaged_already_gets_no_sum(table, tmp_path):
    part = next(table.glob("*.parquet"))
    part.write_bytes(b"PAR1")
    assert sums.record(str(tmp_path), "tracks") == 5
    (table / "_delta_log" / f"{1:020}.json").write_text("{")
    assert sums.record(str(tmp_path), "tracks") == 0
    assert part.name not in recorded(tmp_path)


def test_a_file_that_cannot_be_read_costs_the_others_no_sum(table, tmp_path, monkeypatch):
    part, of = next(table.glob("*.parquet")), sums.Sum.of

    def bad_block(path):
        if path == part:
            raise OSError("Input/output error")
        return of(path)

    monkeypatch.setattr(sums.Sum, "of", bad_block)
    assert sums.record(str(tmp_path), "tracks") == 5
    assert part.name not in recorded(tmp_path)


def test_sums_of_vacuumed_files_and_of_a_cleaned_log_go(table, tmp_path):
    sums.record(str(tmp_path), "tracks")
    stored = DeltaTable(str(table))
    stored.optimize.compact()
    stored.vacuum(0, dry_run=False, enforce_retention_duration=False)
    stored.create_checkpoint()
    (table / "_delta_log" / f"{0:020}.json").unlink()
    sums.record(str(tmp_path), "tracks")
    assert set(recorded(tmp_path)) == set(sums.lasting(table))


def test_a_version_that_is_gone_from_the_end_of_the_log_stays_listed(table, tmp_path):
    sums.record(str(tmp_path), "tracks")
    last = f"_delta_log/{2:020}.json"
    (table / last).unlink()
    sums.record(str(tmp_path), "tracks")
    assert last in recorded(tmp_path)
    assert sums.lost(last, sums.lasting(table))


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"bytes": 1}}'])
def test_sums_that_cannot_be_read_say_so_and_are_taken_anew(table, tmp_path, text):
    place = sums_file(tmp_path, "tracks")
    place.parent.mkdir()
    place.write_text(text)
    with pytest.raises(ValueError, match="holds no sums"):
        sums.read_sums(place)
    assert sums.record(str(tmp_path), "tracks") == 6
    assert len(json.loads(place.read_text())) == 6


def test_a_sealed_page_shows_a_changed_byte_and_a_cut(tmp_path):
    page = sums.sealed(b"<html>0.20</html>\n")
    assert sums.seal_difference(page) == ""
    assert "written was" in sums.seal_difference(page.replace(b"0.20", b"0.21"))
    assert sums.seal_difference(page[:-9]) == "it ends without its sum"
    assert sums.seal_difference(b"") == "it ends without its sum"
