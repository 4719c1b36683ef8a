"""A quiet API: what is fetched, how it lies there, and what a second run does."""

import dataclasses
import datetime
import gzip
import json
import stat
import types

import pytest

from conf.contract import ENTITIES
from lake.layout import MANIFEST
from tasks import api as fetching
from tasks.api import fetching as module
from tasks.api import writer
from tests.tasks.api.conftest import DATE, lines, track


def test_every_row_is_kept_in_the_order_of_the_pages(fetch, server, folder):
    manifest = fetch()
    assert [json.loads(line) for line in lines(folder)] == server.rows["/tracks"]
    assert (manifest.rows, manifest.total, manifest.pages) == (95, 95, 10)


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20])
def test_pages_that_are_empty_short_or_just_full(fetch, server, folder, rows):
    server.rows["/tracks"] = [track(number) for number in range(rows)]
    assert fetch().rows == rows
    assert len(lines(folder)) == rows


def test_all_entities_go_the_same_way(server, api, tmp_path):
    for name, rows in (("tracks", 95), ("users", 40), ("listen_history", 73)):
        assert fetching.fetch_snapshot(ENTITIES[name], tmp_path / name / "d", DATE, api).rows == rows


def test_manifest_says_what_lies_there(fetch, server, folder):
    before = datetime.datetime.now(datetime.UTC)
    manifest = fetch()
    written = json.loads((folder / MANIFEST).read_text())
    assert written["entity"] == "tracks"
    assert written["date"] == "2024-03-01"
    assert written["api"] == server.url
    assert written["fields"]["id"] == {"number": 95}
    assert written["files"] == [dataclasses.asdict(file) for file in manifest.files]
    assert written["fetched_at"].endswith("Z")
    assert before <= manifest.started_at < manifest.fetched_at
    assert fetching.read_manifest(folder, checksums=True) == manifest


def test_rows_go_to_several_files_in_order(fetch, folder, monkeypatch):
    monkeypatch.setattr(writer, "ROWS_PER_FILE", 40)
    manifest = fetch()
    assert [(file.name, file.rows) for file in manifest.files] == [
        ("part-00000.jsonl.gz", 40),
        ("part-00001.jsonl.gz", 40),
        ("part-00002.jsonl.gz", 15),
    ]
    assert [json.loads(line)["id"] for line in lines(folder)] == list(range(1, 96))


def test_same_rows_give_same_bytes(fetch, folder):
    first = fetch().files
    (folder / MANIFEST).unlink()
    assert fetch().files == first


def test_only_the_owner_can_read(fetch, folder):
    fetch()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_nothing_lies_beside_the_folder(fetch, folder):
    fetch()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "part-00000.jsonl.gz"]


def test_second_run_asks_for_nothing(fetch, server):
    first = fetch()
    server.seen.clear()
    assert fetch() == first
    assert server.seen == []


def test_remains_of_a_killed_run_are_removed(fetch, folder):
    remains = folder.with_name(f".{folder.name}.partial")
    remains.mkdir(parents=True)
    (remains / "part-00000.jsonl.gz").write_bytes(b"half")
    folder.mkdir()  # without a manifest: not a snapshot
    (folder / "part-00007.jsonl.gz").write_bytes(b"half")
    fetch()
    assert not remains.exists()
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    ("damage", "checksums", "found"),
    [
        (lambda part: part.unlink(), False, "no such file, though it is listed"),
        (lambda part: part.write_bytes(part.read_bytes()[:-1]), False, "bytes, written were"),
        (lambda part: part.write_bytes(b"x" * part.stat().st_size), True, "found sha256"),
        (lambda part: (part.parent / MANIFEST).write_text("{}"), False, "not a manifest"),
        (lambda part: (part.parent / MANIFEST).unlink(), False, "there is no snapshot; fetch it first"),
    ],
)
def test_damage_is_named(fetch, folder, damage, checksums, found):
    fetch()
    damage(folder / "part-00000.jsonl.gz")
    with pytest.raises(fetching.DamagedSnapshot, match=found):
        fetching.read_manifest(folder, checksums=checksums)


def test_damaged_folder_is_not_taken_for_fetched(fetch, folder):
    fetch()
    part = folder / "part-00000.jsonl.gz"
    part.write_bytes(gzip.compress(b"{}\n").ljust(part.stat().st_size, b"\0"))
    with pytest.raises(fetching.DamagedSnapshot, match="remove the folder and run again"):
        fetch()


def test_check_sees_the_manifest_before_the_folder_is_there(api, folder):
    def refuse(manifest):
        assert manifest.rows == 95
        raise fetching.VolumeFell("too few")

    with pytest.raises(fetching.VolumeFell):
        fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api, check=refuse)
    assert list(folder.parent.iterdir()) == []


def test_progress_ends_at_all_pages(api, folder):
    told = []
    fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api, told.append)
    assert (told[-1].pages_done, told[-1].pages_known, told[-1].rows) == (10, 10, 95)


def test_progress_knows_rate_and_time_left():
    progress = fetching.FetchProgress(pages_done=250, pages_known=1000, rows=25_000, seconds=5.0)
    assert progress.rate == 5000
    assert progress.seconds_left == 15
    assert str(progress) == "250 of 1,000 pages, 25,000 rows, 5,000 rows/s, 0:00:15 left"


def test_a_clock_that_is_set_back_during_a_fetch_makes_no_row_later_than_the_fetch(fetch, monkeypatch):
    class Clock(datetime.datetime):
        shown = datetime.datetime(2024, 3, 2, 1, tzinfo=datetime.UTC)

        @classmethod
        def now(cls, tz=None):
            cls.shown -= datetime.timedelta(hours=1)
            return cls.shown

    monkeypatch.setattr(module, "datetime", types.SimpleNamespace(**{**vars(datetime), "datetime": Clock}))
    manifest = fetch()
    assert manifest.started_at == datetime.datetime(2024, 3, 2, tzinfo=datetime.UTC)
    assert datetime.timedelta() < manifest.fetched_at - manifest.started_at < datetime.timedelta(minutes=30)
