import datetime

import mlflow
import pytest

from jobs.model import registry_access
from jobs.recommendation.similar import write
from jobs.registry import pruning, versions
from lake.access import Lake
from lake.layout import challenger_folder, model_folder
from tests.jobs.factor_models import day, factor_model, promoted, rolled_back, tags


def test_the_newest_are_kept_beside_those_that_are_protected():
    assert pruning.beyond(["9", "8", "7", "6", "5"], 2, {"8", "5"}) == ["6"]
    assert pruning.beyond(["9", "8"], 0, set()) == []


def test_champions_of_dates_that_may_be_run_again_are_needed():
    decisions = [promoted(1, "1"), promoted(3, "2"), promoted(5, "3"), rolled_back(7, "2")]
    assert pruning.needed(decisions, day(8)) == {"2"}
    # Day 5 is evaluated by the champion of before, and served by that of day 5.
    assert pruning.needed(decisions, day(5)) == {"2", "3"}
    assert pruning.needed(decisions, datetime.date.min) == {"1", "2", "3"}


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


@pytest.mark.slow
def test_an_old_version_goes_with_its_copy_files_run_and_similar_tracks(uri, lake, tmp_path):
    registered = [versions.register(uri, factor_model(), tags(number), {}) for number in range(1, 6)]
    lake.append_rows(
        [promoted(at, version) for at, version in enumerate(registered, 1)], "decisions", "decisions/test/1"
    )
    for at, version in enumerate(registered, 1):
        factor_model().save(model_folder(lake.root, version))
        write(lake, day(at), version, factor_model(), 1)
    # 5 and 1 have an alias; 2 was champion at the end of the day before the oldest kept, 3 and 4 since.
    versions.point(uri, {"champion": "5", "previous": "1"})
    assert pruning.prune(uri, lake, day(6), keep_versions=1, keep_raw_days=3) == []
    # Two days later 4 is the oldest that a kept date needs, 3 is the newest beside it.
    assert pruning.prune(uri, lake, day(8), keep_versions=1, keep_raw_days=3) == ["2"]
    with registry_access.connected(uri) as client:
        assert [str(version.version) for version in versions.newest_first(client)] == ["5", "4", "3", "1"]
        runs = mlflow.search_runs(experiment_names=[registry_access.NAME], output_format="list")
    assert len(runs) == 4
    assert len(list((tmp_path / "mlartifacts").rglob("factors.npz"))) == 4
    assert not model_folder(lake.root, "2").exists()
    assert model_folder(lake.root, "3").exists()
    assert {row["model_version"] for row in lake.rows("similar_tracks")} == {"1", "3", "4", "5"}
    assert versions.register(uri, factor_model(), tags(9), {}) == "6"


def test_what_killed_runs_left_goes_when_it_is_a_day_old(uri, lake, tmp_path, monkeypatch):
    versions.register(uri, factor_model(), tags(1), {})
    with registry_access.connected(uri) as client:
        # A version that was deleted stands for one that a kill prevented.
        client.delete_model_version(registry_access.NAME, "1")
        run = mlflow.search_runs(experiment_names=[registry_access.NAME], output_format="list")[0]
        client.set_terminated(run.info.run_id, status="RUNNING")
    pruning.prune(uri, lake, day(2), 20, 60)
    assert list((tmp_path / "mlartifacts").rglob("factors.npz"))
    monkeypatch.setattr(pruning, "DAY", -1)
    pruning.prune(uri, lake, day(2), 20, 60)
    assert not list((tmp_path / "mlartifacts").rglob("factors.npz"))


def test_old_challengers_go(lake):
    for number in (1, 2):
        factor_model().save(challenger_folder(lake.root, day(number)))
    pruning.old_challengers(lake.root, day(2))
    assert not challenger_folder(lake.root, day(1)).exists()
    assert challenger_folder(lake.root, day(2)).exists()
