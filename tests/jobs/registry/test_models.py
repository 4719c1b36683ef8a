import json

import pytest

from jobs.model import registry_access
from jobs.registry import models, versions
from lake.access import Lake
from lake.layout import model_folder
from tests.jobs.factor_models import day, factor_model, job, live, promoted, tags
from tests.ports import free_port


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def two(uri, lake):
    """Two versions promoted, with copies; the second came after a kill before its aliases were moved."""
    for number in (1, 2):
        described = {**tags(number), "rank": "2", "holdout_ndcg": f"0.0{number}", "holdout_popularity": "0.005"}
        versions.register(uri, factor_model(), described, {})
        factor_model().save(model_folder(lake.root, str(number)))
    lake.append_rows([promoted(1, "1"), promoted(2, "2")], "decisions", "decisions/test/1")
    versions.point(uri, {"champion": "1", "previous": ""})
    lake.append_rows(live(2, "1", 0.08, 0.05), "evaluations", "evaluations/test/1")


def test_versions_are_listed_with_their_figures_and_what_is_wrong_is_said(two, uri, lake, capsys):
    model_folder(lake.root, "1").joinpath("factors.npz").write_bytes(b"half")
    models.show(job(day(9), lake.root, uri, json=False, repair=False))
    assert capsys.readouterr().out.splitlines() == [
        "version  date        rank  holdout NDCG@10  popularity  live    popularity  days  copy    alias",
        "2        2024-03-02  2     0.0200           0.0050                                whole",
        "1        2024-03-01  2     0.0100           0.0050      0.0800  0.0500      1     broken  champion",
        "MISMATCH: the alias champion names model 1, decisions name model 2",
        "MISMATCH: the alias previous names none, decisions name model 1",
        "MISMATCH: model 1, the previous: the lake's copy is broken",
        "python -m jobs models --repair lets aliases and copies follow the table",
    ]


def test_repair_lets_aliases_and_copies_agree_with_the_table(two, uri, lake, capsys):
    model_folder(lake.root, "1").joinpath("factors.npz").unlink()
    models.show(job(day(9), lake.root, uri, json=True, repair=True))
    found = json.loads(capsys.readouterr().out)
    assert found["mismatches"] == []
    assert [(of["version"], of["aliases"], of["roles"], of["copy"]) for of in found["versions"]] == [
        ("2", ["champion"], ["champion"], "whole"),
        ("1", ["previous"], ["previous"], "whole"),
    ]
    with registry_access.connected(uri) as client:
        assert versions.newest_first(client)[1].tags["live_until"] == "2024-03-02"


def test_without_the_registry_the_lake_tells_what_it_knows(lake):
    lake.append_rows([promoted(1, "1")], "decisions", "decisions/test/1")
    found = models.listing(lake, f"http://me:secret@127.0.0.1:{free_port()}", 10)
    assert [(of.version, of.copy, of.registered) for of in found.versions] == [("1", "missing", False)]
    shown = models.text(found, lake.root, 10)
    assert "cannot be reached: connection refused" in shown
    assert "secret" not in shown


def test_a_lake_without_models_says_so(uri, lake):
    assert (
        models.text(models.listing(lake, uri, 10), "data/lake", 10) == "no model has been registered for data/lake yet"
    )


def test_a_registry_that_never_held_a_model_is_no_mismatch(lake, tmp_path):
    """It is another lake's, as a rule: a repair is not what helps."""
    lake.append_rows([promoted(1, "1")], "decisions", "decisions/test/1")
    found = models.listing(lake, f"sqlite:///{tmp_path}/other.db", 10)
    assert found.mismatches == []
    assert found.unreachable.startswith(
        f"nothing is registered at sqlite:///{tmp_path}/other.db: [registry] uri may be"
    )
