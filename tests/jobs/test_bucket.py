"""A lake in a bucket, as far as it needs no Spark: commits and markers, models, people who are forgotten."""

import datetime
import threading

import pytest

from conf.contract import ENTITIES, USERS
from conf.tables import marker
from jobs.cleaning import suppressed
from jobs.model.factors import FactorModel, sweep
from jobs.model.stored import load
from jobs.privacy import raw_folders
from jobs.registry import models, pruning
from lake import commits, suppression
from lake.access import Lake
from lake.layout import MANIFEST, model_folder, raw_folder
from lake.schema_version import schema_of
from tests.jobs import raw
from tests.jobs.factor_models import factor_model

DATE = datetime.date(2024, 3, 1)
NAME = marker("decisions", "DecideRetrain", DATE)


def row(decision, date=DATE):
    return {"date": date, "step": "retrain", "decision": decision, "reason": "", "figures": "{}"}


def test_commit_is_seen_by_its_marker_from_tasks_too(bucket):
    lake = Lake(bucket)
    assert not commits.committed(bucket, "decisions", "DecideRetrain", DATE, 1)
    lake.replace_rows([row("keep")], "decisions", NAME, date=DATE, step="retrain")
    assert lake.committed(NAME)
    assert commits.committed(bucket, "decisions", "DecideRetrain", DATE, 1)
    assert commits.decision(bucket, DATE, "retrain") == "keep"
    assert schema_of(bucket) == schema_of(bucket + "/none-yet")


def test_writing_again_changes_nothing(bucket):
    lake = Lake(bucket)
    for decision in ("keep", "train"):
        lake.replace_rows([row(decision)], "decisions", NAME, date=DATE, step="retrain")
    assert [found["decision"] for found in lake.rows("decisions")] == ["keep"]


def test_writers_at_once_lose_nothing(bucket):
    days = [DATE + datetime.timedelta(days=number) for number in range(6)]
    Lake(bucket).ensure("decisions")
    failures = []

    def write(date):
        try:
            name = marker("decisions", "DecideRetrain", date)
            Lake(bucket).replace_rows([row("keep", date)], "decisions", name, date=date, step="retrain")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(date,)) for date in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(found["date"] for found in Lake(bucket).rows("decisions")) == days


def test_model_is_saved_loaded_and_removed(bucket):
    lake, folder = Lake(bucket), model_folder(bucket, "1")
    assert models.state(lake, "1") == "missing"
    factor_model().save(folder)
    assert FactorModel.load(folder).equals(factor_model())
    assert load(folder, "1").recipe == factor_model().recipe
    assert models.state(lake, "1") == "whole"
    (folder / "recipe.json").unlink()
    assert models.state(lake, "1") == "broken"
    factor_model().save(folder)
    sweep(folder.parent)
    assert models.state(lake, "1") == "whole"


def test_challengers_that_are_too_old_are_removed(bucket):
    old, new = (pruning.challenger_folder(bucket, DATE + datetime.timedelta(days=day)) for day in (-1, 0))
    factor_model().save(old)
    factor_model().save(new)
    pruning.old_challengers(bucket, DATE)
    assert (old.exists(), new.exists()) == (False, True)


def test_person_is_taken_out_of_a_raw_folder(bucket, monkeypatch):
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", "k" * 32)
    raw.write(bucket, "users", DATE, [raw.user(17), raw.user(18)])
    suppression.add(bucket, "k" * 32, [suppression.hashed("k" * 32, 17)])
    suppressed.hold_against_list(bucket, USERS, DATE)
    folder = raw_folder(bucket, "users", DATE)
    manifest = suppressed.json.loads((folder / MANIFEST).read_text())
    assert (manifest["rows"], manifest["suppressed"]["rows"]) == (1, 1)
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "part-00000.1.jsonl.gz"]
    assert [suppressed.parsed(line)["id"] for line in suppressed.read(folder / "part-00000.1.jsonl.gz")] == [18]


@pytest.mark.parametrize("entity", list(ENTITIES))
def test_folders_are_found_by_date(bucket, entity):
    raw.write(bucket, entity, DATE, [])
    assert raw_folders.folders(bucket, ENTITIES[entity]) == [raw_folder(bucket, entity, DATE)]
