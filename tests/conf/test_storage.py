"""A lake's root: a folder, or a place in a bucket."""

import fcntl
import pathlib

import pytest

from conf import files, layout, storage


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


def test_wrong_key_is_an_error_and_not_a_lost_race(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.replace("s3a://", "http://127.0.0.1:9/"))
    monkeypatch.setattr(storage, "_client", lambda: {"allow_http": True, "connect_timeout": "1s"})
    with pytest.raises(Exception, match=r"(?i)error"):
        storage.create(storage.place(bucket) / "manifest", b"first")


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


@pytest.fixture(params=["folder", "bucket"])
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
    files.write(tmp_path / "day.html", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["day.html"]
    assert files.read(tmp_path / "day.html") == b"whole"


def test_file_that_another_is_writing_is_left_alone(tmp_path):
    at_work = tmp_path / ".day.html.77.tmp"
    with at_work.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        files.write(tmp_path / "day.html", b"whole")
        assert at_work.exists()


def test_who_may_read_a_file_stays_when_it_is_replaced(tmp_path):
    files.write(tmp_path / "note", b"one")
    (tmp_path / "note").chmod(0o640)
    files.replace(tmp_path / "note", b"two")
    assert (tmp_path / "note").stat().st_mode & 0o777 == 0o640
