"""Whatever happens to a file of the lake, the file is named, and all of them in one survey."""

import datetime
import errno
import io
import json

import numpy as np
import pytest

from conf.tables import TABLES
from jobs.model.factors import FactorModel
from jobs.upkeep.damage import survey
from lake import files, sums
from lake.access import Lake
from lake.layout import MANIFEST, challenger_folder, index_file, model_folder, raw_folder, report_file, table_folder
from lake.storage import place
from tests.jobs import raw

DAY = datetime.date(2024, 3, 1)
NEXT = DAY + datetime.timedelta(days=1)
PART = "part-00000.jsonl.gz"
SPAN = {"genres": "rock", "served_from": DAY, "served_until": None}
MODEL = FactorModel(np.arange(4), np.ones((4, 2), np.float32), np.arange(3), np.ones((3, 2), np.float32), {"reg": 0.1})


@pytest.fixture
def root(tmp_path):
    for entity in ("tracks", "users", "listen_history"):
        raw.write(tmp_path, entity, DAY, [raw.track(number) for number in range(9)])
    raw.write(tmp_path, "tracks", NEXT, [raw.track(number) for number in range(9)])
    lake = Lake(str(tmp_path))
    for number in range(5):
        lake.append_rows([{**SPAN, "track_id": number}], "tracks_served", f"tracks_served/{number}")
        lake.append_rows([{**SPAN, "user_id": number}], "users_served", f"users_served/{number}")
    for table in ("tracks_served", "users_served"):
        sums.record(str(tmp_path), table)
    for folder in (model_folder(tmp_path, "1"), model_folder(tmp_path, "2"), challenger_folder(tmp_path, DAY)):
        MODEL.save(folder)
    for page in (report_file(tmp_path, DAY), report_file(tmp_path, NEXT), index_file(tmp_path)):
        files.write(page, sums.sealed(b"<html>fine</html>\n"))
    return tmp_path


def flip(path, at=-20):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def same_size(path):
    path.write_bytes(bytes(reversed(path.read_bytes())))


def parts(root, table):
    return sorted(table_folder(root, table).glob("**/*.parquet"))


def log(root, table, version):
    return table_folder(root, table) / "_delta_log" / f"{version:020}.json"


# Which file, and what happens to it.
DAMAGE = {
    "raw of the same size": (lambda root: raw_folder(root, "tracks", DAY) / PART, same_size),
    "raw that is cut": (lambda root: raw_folder(root, "users", DAY) / PART, cut),
    "raw that is gone": (lambda root: raw_folder(root, "listen_history", DAY) / PART, lambda path: path.unlink()),
    "an empty manifest": (lambda root: raw_folder(root, "tracks", NEXT) / MANIFEST, lambda path: path.write_text("")),
    "a flipped bit in data": (lambda root: parts(root, "tracks_served")[0], lambda path: flip(path, 60)),
    "data that are cut": (lambda root: parts(root, "tracks_served")[1], cut),
    "data that are gone": (lambda root: parts(root, "tracks_served")[2], lambda path: path.unlink()),
    "a flipped bit in the log": (lambda root: log(root, "users_served", 1), lambda path: flip(path)),
    "an empty version of the log": (lambda root: log(root, "users_served", 2), lambda path: path.write_text("")),
    "the last version gone": (lambda root: log(root, "users_served", 5), lambda path: path.unlink()),
    "a model that is cut": (lambda root: model_folder(root, "1") / "factors.npz", cut),
    "a model's file that is gone": (lambda root: model_folder(root, "2") / "recipe.json", lambda path: path.unlink()),
    "another recipe": (lambda root: challenger_folder(root, DAY) / "recipe.json", lambda path: path.write_text("{}")),
    "an empty report": (lambda root: report_file(root, DAY), lambda path: path.write_text("")),
    "another figure in a report": (
        lambda root: report_file(root, NEXT),
        lambda path: path.write_bytes(path.read_bytes().replace(b"fine", b"dire")),
    ),
    "an index that is cut": (lambda root: index_file(root), lambda path: path.write_bytes(path.read_bytes()[:9])),
}


GONE = (
    lambda root: raw_folder(root, "tracks", DAY) / PART,
    lambda root: model_folder(root, "1") / "factors.npz",
    lambda root: next(path for path in files.below(table_folder(root, "users_served")) if path.suffix == ".parquet"),
)


def damaged(root):
    return {damage.path: str(damage) for of in survey(str(root)) for damage in of.damaged}


def test_an_undamaged_lake_shows_nothing_and_every_kind_is_looked_at(root):
    assert damaged(root) == {}
    looked_at = {of.kind: of.looked_at for of in survey(str(root))}
    assert looked_at == {"raw": 8, "table": 22, "model": 3, "report": 3}


@pytest.mark.parametrize("kind", DAMAGE)
def test_each_kind_of_damage_is_named_with_what_to_do(root, kind):
    where, damage = DAMAGE[kind]
    path = where(root)
    damage(path)
    found = damaged(root)
    assert path in found
    assert found[path].count("; ") >= 1
    assert {other for other in found if other != path} <= {table_folder(root, "users_served")}


def test_all_kinds_at_once_are_named_in_one_survey(root):
    paths = [where(root) for where, _ in DAMAGE.values()]
    for path, (_, damage) in zip(paths, DAMAGE.values(), strict=True):
        damage(path)
    assert set(paths) <= set(damaged(root))


def test_files_that_the_disk_does_not_give_are_named_and_the_survey_goes_on(root, monkeypatch):
    paths = {where(root) for where in GONE} | {report_file(root, DAY), raw_folder(root, "tracks", NEXT) / MANIFEST}
    opened = io.open

    def bad_block(path, *args, **how):
        if path in paths:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return opened(path, *args, **how)

    monkeypatch.setattr(io, "open", bad_block)
    found = damaged(root)
    assert set(found) == paths
    assert all("cannot be read" in text for text in found.values())


def test_what_has_no_sum_yet_is_read_whole(root):
    files.remove(root / "_sums")
    cut(parts(root, "tracks_served")[0])
    log(root, "users_served", 3).write_text('{"add": ')
    assert set(damaged(root)) >= {parts(root, "tracks_served")[0], log(root, "users_served", 3)}


def test_a_table_restored_with_its_sums_is_whole_once_its_later_versions_are_written_anew(root, tmp_path):
    lake, table = Lake(str(root)), table_folder(root, "tracks_served")
    backup = {path: path.read_bytes() for path in [*files.below(table), sums.sums_file(root, "tracks_served")]}
    for again in range(2):
        lake.append_rows([{**SPAN, "track_id": 5 + again}], "tracks_served", f"tracks_served/later/{again}")
        sums.record(str(root), "tracks_served")
        if not again:
            files.remove(table)
            for path, data in backup.items():
                files.write(path, data)
    assert damaged(root) == {}


def test_what_a_killed_job_has_written_of_a_table_is_no_damage(root):
    (table_folder(root, "tracks_served") / "part-00000-half.parquet").write_bytes(b"PAR1")
    sums.record(str(root), "tracks_served")
    assert damaged(root) == {}


@pytest.mark.parametrize("table", ["tracks_served", "users_served"])
def test_a_table_whose_log_is_gone_is_not_taken_for_one_that_was_never_there(root, table):
    for path in (table_folder(root, table) / "_delta_log").iterdir():
        path.unlink()
    assert "its log is not there" in damaged(root)[table_folder(root, table)]


def test_reports_and_models_of_earlier_versions_have_no_sums_and_pass(root):
    report_file(root, DAY).write_text("<html>fine</html>\n")
    (model_folder(root, "1") / sums.SUMS).unlink()
    assert damaged(root) == {}


def test_sums_that_cannot_be_read_are_damage_too(root):
    (root / "_sums" / "tracks_served.json").write_text("{")
    (model_folder(root, "1") / sums.SUMS).write_text(json.dumps([1]))
    assert set(damaged(root)) == {root / "_sums" / "tracks_served.json", model_folder(root, "1") / sums.SUMS}


def test_an_empty_lake_shows_nothing(tmp_path):
    assert damaged(tmp_path) == {}
    assert not [table for table in TABLES if (tmp_path / table).exists()]


def test_a_lake_in_a_bucket_is_looked_at_alike_and_an_interrupted_upload_is_no_damage(root, bucket):
    for path in files.below(root):
        files.write(place(bucket) / str(path.relative_to(root)), path.read_bytes())
    files.write(raw_folder(bucket, "users", NEXT) / PART, b"half")
    assert damaged(bucket) == {}
    assert [of.looked_at for of in survey(bucket)] == [of.looked_at for of in survey(str(root))]
    lost = [of(bucket) for of in GONE]
    for path in lost:
        path.unlink()
    assert set(damaged(bucket)) == set(lost)
