"""A lake's root: a folder, or a place in a bucket."""

import fcntl
import multiprocessing
import os
import pathlib

import pytest

from conf.errors import Refused
from lake import files, layout, storage


def test_folder_stays_a_plain_path(tmp_path):
    assert storage.place(tmp_path) == tmp_path
    assert not storage.is_url(tmp_path)
    assert storage.options(tmp_path) == {}


def test_relative_folder_means_the_same_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert storage.absolute("lake") == str(tmp_path / "lake")
    assert storage.absolute("s3a://bucket/lake/") == "s3a://bucket/lake"


def test_plain_http_is_allowed_where_the_endpoint_asks_for_it(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert storage.options("s3a://bucket/lake") == {"AWS_ALLOW_HTTP": "true"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.org")
    assert storage.options("s3a://bucket/lake") == {}


def test_object_is_created_once(bucket):
    path = storage.place(bucket) / "manifest"
    assert storage.create(path, b"first")
    assert not storage.create(path, b"second")
    assert files.read(path) == b"first"


def test_store_that_does_not_answer_is_an_error_and_not_a_lost_race(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.replace("s3a://", "http://127.0.0.1:9/"))
    monkeypatch.setattr(storage, "_client", lambda: {"allow_http": True, "connect_timeout": "1s"})
    with pytest.raises(Exception, match=r"(?i)error") as raised:
        storage.create(storage.place(bucket) / "manifest", b"first")
    assert storage.is_failure(raised.value)


def test_object_that_is_there_with_our_own_bytes_is_ours(bucket):
    """The answer to the first try was lost, and it was sent again."""
    path = storage.place(bucket) / "manifest"
    assert storage.create(path, b"ours")
    assert storage.create(path, b"ours")


def test_forked_process_is_told_that_it_cannot_reach_a_bucket(bucket):
    assert not storage.place(bucket).exists()
    said = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=reach, args=(bucket, said))
    child.start()
    assert "run luigi with --workers 1" in said.get(timeout=20)
    child.join(20)


def reach(root, said):
    try:
        said.put(str(storage.place(root).exists()))
    except Refused as refusal:
        said.put(refusal.message)


def test_files_below_a_folder_are_all_found(root):
    for name in ("a/b/one", "a/two", "a-b/three"):
        files.write(root / name, b"x")
    assert [str(path.relative_to(root)) for path in files.below(root / "a")] == ["a/b/one", "a/two"]
    assert (files.exists(root / "a" / "two"), files.exists(root / "a" / "three")) == (True, False)


def test_paths_in_a_bucket_are_spelt_as_spark_reads_them(bucket):
    assert layout.table_path(bucket, "listens") == f"{bucket}/listens"
    assert str(layout.report_file(bucket, layout.datetime.date(2024, 3, 1))) == f"{bucket}/reports/2024-03-01.html"


def test_logs_and_locks_of_a_bucket_are_this_machines(bucket, tmp_path):
    for path in (layout.logs_folder(bucket), layout.lock_file(bucket), layout.spool_folder(bucket)):
        assert path.is_relative_to(tmp_path / "state" / "moovitamix" / "lakes")
    other = layout.logs_folder(bucket + "-2")
    assert other != layout.logs_folder(bucket)


def test_logs_of_a_folder_lie_in_it(tmp_path):
    assert layout.logs_folder(tmp_path) == tmp_path / "logs"
    assert layout.growing_folder(tmp_path / "raw" / "tracks" / "date=2024-03-01") == tmp_path / "raw" / "tracks"


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def root(request, tmp_path) -> pathlib.Path:
    return storage.place(request.getfixturevalue("bucket") if request.param == "bucket" else tmp_path)


def test_file_is_written_read_and_replaced(root):
    files.write(root / "a" / "b.json", b"one", private=True)
    files.write(root / "a" / "b.json", b"two", private=True)
    files.replace(root / "a" / "b.json", b"three")
    assert files.read(root / "a" / "b.json") == b"three"
    assert [path.name for path in (root / "a").iterdir()] == ["b.json"]


def test_missing_file_is_said_to_be_missing(root):
    with pytest.raises(FileNotFoundError):
        files.read(root / "nothing")


def test_folder_is_removed_with_all_it_holds(root):
    for name in ("_manifest.json", "part-0", "deeper/part-1"):
        files.write(root / "date=2024-03-01" / name, b"x")
    files.write(root / "date=2024-03-02" / "part-0", b"x")
    files.remove(root / "date=2024-03-01", first="_manifest.json")
    files.remove(root / "date=2024-03-01", first="_manifest.json")
    assert [path.name for path in root.iterdir()] == ["date=2024-03-02"]


def test_private_file_is_its_owners_alone(tmp_path):
    files.write(tmp_path / "people.json", b"{}", private=True)
    assert (tmp_path / "people.json").stat().st_mode & 0o777 == 0o600


def test_what_killed_writers_left_goes_with_the_next_write_in_the_folder(tmp_path):
    for name in (".day.html.77.tmp", ".night.html.78.tmp"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0))
    files.write(tmp_path / "day.html", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["day.html"]
    assert files.read(tmp_path / "day.html") == b"whole"


def test_file_that_another_is_writing_is_left_alone(tmp_path):
    at_work = tmp_path / ".day.html.77.tmp"
    with at_work.open("wb") as file:
        os.utime(at_work, (0, 0))
        fcntl.flock(file, fcntl.LOCK_EX)
        files.write(tmp_path / "day.html", b"whole")
        assert at_work.exists()


def test_who_may_read_a_file_stays_when_it_is_replaced(tmp_path):
    files.write(tmp_path / "note", b"one")
    (tmp_path / "note").chmod(0o640)
    files.replace(tmp_path / "note", b"two")
    assert (tmp_path / "note").stat().st_mode & 0o777 == 0o640


def test_file_just_begun_is_left_alone(tmp_path):
    """Its writer has opened it, and is about to lock it."""
    begun = tmp_path / ".day.html.77.tmp"
    begun.write_bytes(b"")
    files.write(tmp_path / "night.html", b"whole")
    assert begun.exists()
