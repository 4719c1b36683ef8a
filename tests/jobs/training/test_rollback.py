import json

import pytest

from conf.errors import Refused
from jobs.model import registry_access
from jobs.registry import versions
from jobs.training import rollback
from lake.access import Lake
from lake.champion import champion_before
from lake.layout import model_folder
from tests.jobs.factor_models import day, factor_model, job, live, of_champion, promoted, tags
from tests.ports import free_port


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def in_production(lake, *versions):
    """Each promoted a day after the one before, with its copy in the lake."""
    lake.append_rows([promoted(at, version) for at, version in enumerate(versions, 1)], "decisions", "decisions/test/1")
    for version in versions:
        factor_model().save(model_folder(lake.root, version))


def roll_back(lake, number, uri, to="", because=""):
    return rollback.main(job(day(number), lake.root, uri, to=to, because=because))


def nobody():
    return f"http://127.0.0.1:{free_port()}"


def test_the_model_of_before_is_back_and_the_aliases_with_it(lake, uri):
    registered = [versions.register(uri, factor_model(), tags(number), {}) for number in (1, 2, 3)]
    in_production(lake, *registered)
    roll_back(lake, 9, uri)
    assert champion_before(lake, day(10)).version == "2"
    assert champion_before(lake, day(9)).version == "3"  # what was served until then
    with registry_access.connected(uri) as client:
        assert versions.aliases(client) == {"champion": "2", "previous": "1"}


def test_twice_on_one_date_goes_back_twice_and_a_third_time_is_refused(lake):
    in_production(lake, "1", "2", "3")
    nowhere = nobody()
    assert roll_back(lake, 9, nowhere)["model_version"] == "2"
    assert roll_back(lake, 9, nowhere)["model_version"] == "1"
    assert champion_before(lake, day(10)).version == "1"
    with pytest.raises(Refused, match="model 1 has none before it"):
        roll_back(lake, 9, nowhere)
    assert roll_back(lake, 10, nowhere, to="3")["model_version"] == "3"
    assert champion_before(lake, day(11)).version == "3"


def test_the_row_has_the_reason_and_the_live_figures_of_both(lake):
    in_production(lake, "1", "2")
    lake.append_rows([*live(2, "1", 0.08, 0.05), *live(3, "2", 0.02, 0.06)], "evaluations", "evaluations/test/1")
    roll_back(lake, 9, nobody(), because="lists of one artist")
    row = next(row for row in lake.rows("decisions") if row["step"] == "rollback")
    assert row["reason"] == "by hand, from model 2 to model 1: lists of one artist"
    assert (row["model_version"], row["champion_version"]) == ("1", "2")
    assert json.loads(row["figures"]) == {
        "from": {"ndcg": 0.02, "popularity": 0.06, "days": 1},
        "to": {"ndcg": 0.08, "popularity": 0.05, "days": 1},
    }


def test_with_no_registry_the_table_is_changed_and_it_is_said(lake, capsys):
    in_production(lake, "1", "2")
    roll_back(lake, 9, nobody())
    assert champion_before(lake, day(10)).version == "1"
    said = capsys.readouterr().out
    assert said.startswith("model 1 is in production in place of model 2, from the recommendations of 2024-03-09 on")
    assert "the aliases were not moved: the registry at http://127.0.0.1" in said


def test_a_missing_copy_is_fetched_and_one_that_nobody_has_is_refused(lake, uri):
    version = versions.register(uri, factor_model(), tags(1), {})
    lake.append_rows([promoted(1, version), promoted(2, "2")], "decisions", "decisions/test/1")
    with pytest.raises(Refused, match=r"model 7: the lake's copy .* is not whole, and cannot be fetched again"):
        roll_back(lake, 9, uri, to="7")
    assert champion_before(lake, day(10)).version == "2"
    roll_back(lake, 9, uri)
    assert of_champion(lake, day(10)).equals(factor_model())


@pytest.mark.parametrize(
    ("number", "to", "said"),
    [
        (9, "2", "model 2 is in production already"),
        (1, "", "found 2024-03-01, but the promote of 2024-03-02 is later and would stand; give 2024-03-02"),
    ],
)
def test_what_would_change_nothing_is_refused(lake, number, to, said):
    in_production(lake, "1", "2")
    with pytest.raises(Refused, match=said):
        roll_back(lake, number, nobody(), to=to)


def test_there_is_nothing_to_put_back_before_the_first_promotion(lake):
    with pytest.raises(Refused, match="no model has been promoted"):
        roll_back(lake, 9, nobody())
