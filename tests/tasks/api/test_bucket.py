"""Raw folders in a bucket: there when their manifest is, of one fetch alone, however many go on at once."""

import pytest

from conf.contract import ENTITIES
from lake.layout import MANIFEST, growing_folder, raw_folder
from tasks.api import check_day, fetching, folders, is_fetched, read_manifest
from tasks.api.api_errors import NotWritten, TornDay
from tests.tasks.api.conftest import DATE, lines


def all_of(root, api):
    for name, entity in ENTITIES.items():
        fetching.fetch_snapshot(entity, raw_folder(root, name, DATE), DATE, api)


def test_snapshot_lies_in_the_bucket_and_nowhere_else(bucket, server, api):
    folder = raw_folder(bucket, "tracks", DATE)
    manifest = fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)
    assert (manifest.rows, len(lines(folder))) == (95, 95)
    assert read_manifest(folder, checksums=True) == manifest
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, manifest.files[0].name]
    assert list(growing_folder(folder).iterdir()) == []


def test_second_run_asks_for_nothing(bucket, server, api):
    all_of(bucket, api)
    asked = len(server.seen)
    all_of(bucket, api)
    assert len(server.seen) == asked


def test_of_two_machines_at_once_the_first_manifest_counts_and_nothing_is_left_of_the_other(
    bucket, server, api, monkeypatch, tmp_path
):
    folder = raw_folder(bucket, "tracks", DATE)
    place = folders.place

    def beaten(growing, target):
        """Another machine, with a lock and folders of its own, is a moment quicker."""
        monkeypatch.setattr(fetching.folders, "place", place)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
        winner = fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        assert not place(growing, target)
        winners.append(winner)
        return False

    winners = []
    monkeypatch.setattr(fetching.folders, "place", beaten)
    manifest = fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)
    assert manifest == winners[0] == read_manifest(folder, checksums=True)
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, manifest.files[0].name]


def test_store_that_fails_is_told_in_a_line(bucket, server, api, monkeypatch):
    folder = raw_folder(bucket, "tracks", DATE)

    def fail(*_):
        raise type("GenericError", (Exception,), {"__module__": "obstore.exceptions"})("no\n  answer")

    monkeypatch.setattr(folders, "create", fail)
    with pytest.raises(NotWritten, match="no answer while writing, nothing was kept; see to the store"):
        fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)


def test_folder_without_a_manifest_is_no_snapshot_and_does_not_mix_with_the_next(bucket, server, api):
    folder = raw_folder(bucket, "tracks", DATE)
    (folder / "part-00000-killed.jsonl.gz").write_bytes(b"half")
    assert not is_fetched(folder)
    manifest = fetching.fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)
    assert "part-00000-killed.jsonl.gz" not in {file.name for file in manifest.files}
    assert read_manifest(folder, checksums=True) == manifest


def test_day_that_belongs_together_is_proven_once(bucket, server, api):
    all_of(bucket, api)
    figures = check_day(bucket, DATE, api)
    asked = len(server.seen)
    assert figures["listen_history.items"]["unknown"] == 0
    assert check_day(bucket, DATE, api) == figures
    assert len(server.seen) == asked


def test_torn_day_is_set_aside_and_fetched_anew(bucket, server, api):
    all_of(bucket, api)
    for row in server.rows["/listen_history"]:
        row["items"] = [number + 1000 for number in row["items"]]
    (raw_folder(bucket, "listen_history", DATE) / MANIFEST).unlink()
    fetching.fetch_snapshot(ENTITIES["listen_history"], raw_folder(bucket, "listen_history", DATE), DATE, api)
    with pytest.raises(TornDay):
        check_day(bucket, DATE, api)
    for name in ENTITIES:
        folder = raw_folder(bucket, name, DATE)
        assert not is_fetched(folder)
        assert (folder.with_name(f".{folder.name}.refused") / MANIFEST).exists()
    all_of(bucket, api)
    for name in ENTITIES:
        assert {path.name for path in raw_folder(bucket, name, DATE).parent.iterdir()} == {f"date={DATE}"}
