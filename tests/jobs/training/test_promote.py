import dataclasses

import numpy as np
import pytest

from conf.errors import Refused
from jobs.model import registry_access, stored
from jobs.model.factors import FactorModel
from jobs.recommendation import similar
from jobs.registry import versions
from jobs.training import promote, recording
from jobs.training.promote import check, overlap
from lake.access import Lake
from lake.champion import champion_before
from lake.layout import challenger_folder, model_folder
from tests.jobs.factor_models import day, factor_model, job, of_champion, promoted, rolled_back, tags
from tests.ports import free_port

SEE = "see the server, and [registry] uri"


@pytest.fixture
def model():
    generator = np.random.default_rng(2)
    tracks, users = np.arange(300), np.arange(50)
    return FactorModel(
        tracks,
        generator.normal(size=(300, 8)).astype(np.float32),
        users,
        generator.normal(size=(50, 8)).astype(np.float32),
        {},
    )


def test_a_model_agrees_with_itself(model):
    check(model, model)
    assert overlap(model, model) == 1.0


def test_factors_that_are_not_finite_are_refused(model):
    broken = dataclasses.replace(model, track_factors=np.full_like(model.track_factors, np.nan))
    with pytest.raises(Refused, match="not finite"):
        check(broken, model)


def test_a_model_that_lacks_a_track_is_refused(model):
    smaller = dataclasses.replace(model, track_ids=model.track_ids[:-1], track_factors=model.track_factors[:-1])
    with pytest.raises(Refused, match="lacks 1 track_ids that the tested one knows"):
        check(smaller, model)


def test_a_model_of_shuffled_tracks_is_refused(model):
    shuffled = dataclasses.replace(model, track_factors=model.track_factors[::-1].copy())
    with pytest.raises(Refused, match="share"):
        check(shuffled, model)


def holdout(date, als, popularity=0.01):
    common = {"date": date, "kind": "holdout", "model_version": "", "k": 10, "low": 0.0, "high": 1.0, "users": 150}
    rows = [
        {**common, "model": name, "metric": "ndcg", "value": value}
        for name, value in (("als", als), ("popularity", popularity))
    ]
    return [*rows, {**common, "model": "als", "metric": "scorable_users", "k": 0, "value": 150.0}]


@pytest.fixture
def lake(uri, tmp_path, monkeypatch):
    """Version 1 is in production since day 1; a challenger of day 2 is better than popularity."""
    lake = Lake(str(tmp_path / "lake"))
    assert versions.register(uri, factor_model(), tags(1), {}) == "1"
    factor_model().save(model_folder(lake.root, "1"))
    lake.append_rows([promoted(1, "1")], "decisions", "decisions/test/1")
    versions.point(uri, {"champion": "1", "previous": ""})
    lake.append_rows(holdout(day(2), 0.05), "evaluations", "evaluations/test/1")
    factor_model(2.0).save(challenger_folder(lake.root, day(2)))
    monkeypatch.setattr(promote, "refit", lambda job, challenger: factor_model(3.0))
    return lake


@pytest.fixture
def no_wait(monkeypatch):
    """A server that is away is asked once more, and not for a minute."""
    monkeypatch.setattr(registry_access, "AWAY", 0.1)
    monkeypatch.setattr(registry_access, "PAUSE", 0.1)


def aliases(uri):
    with registry_access.connected(uri) as client:
        return versions.aliases(client)


def decided(lake):
    return next(row for row in lake.rows("decisions") if row["date"] == day(2))


def test_a_promotion_has_a_version_a_copy_similar_tracks_aliases_and_a_row(lake, uri):
    figures = promote.main(job(day(2), lake.root, uri))
    assert (figures["decision"], figures["model_version"], figures["pruned"]) == ("promote", "2", "")
    assert of_champion(lake, day(3)).equals(factor_model(3.0))
    assert stored.fetch(uri, "2").equals(factor_model(3.0))
    assert aliases(uri) == {"champion": "2", "previous": "1"}
    assert decided(lake)["champion_version"] == "1"
    # The tracks of the model are at right angles.
    found = [(row["track_id"], row["similar_track_id"], row["score"]) for row in lake.rows("similar_tracks")]
    assert found == [(5, 2**40, 0.0), (2**40, 5, 0.0)]
    with registry_access.connected(uri) as client:
        version = versions.newest_first(client)[0]
        metrics = client.get_run(version.run_id).data.metrics
    assert metrics == {"als_ndcg_10": 0.05, "popularity_ndcg_10": 0.01, "als_scorable_users_0": 150.0}
    wanted = {**tags(2), "champion_before": "1", "holdout_ndcg": "0.05", "holdout_popularity": "0.01", "rank": "2"}
    assert version.tags.items() >= wanted.items()


class Killed(BaseException):
    """As a kill does, it passes everything that handles errors."""


KILLS = {
    "before the version": (versions, "register", False, "1"),
    "after the version": (versions, "register", True, "1"),
    "after the copy": (promote, "keep_copy", True, "1"),
    "after similar tracks": (similar, "write", True, "1"),
    "after the aliases": (promote, "followed", True, "2"),
    "after the row": (Lake, "replace_rows", True, "2"),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", KILLS)
def test_killed_at_any_step_old_or_new_is_whole_and_the_same_command_finishes(lake, uri, monkeypatch, moment):
    where, name, after, alias = KILLS[moment]
    real = getattr(where, name)

    def killed(*args, **kwargs):
        if after:
            real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(where, name, killed)
        with pytest.raises(Killed):
            promote.main(job(day(2), lake.root, uri))
    assert aliases(uri)["champion"] == alias
    assert stored.fetch(uri, alias)
    of_champion(lake, day(3))
    assert champion_before(lake, day(3)).version == ("2" if moment == "after the row" else "1")

    promote.main(job(day(2), lake.root, uri))
    assert champion_before(lake, day(3)).version == "2"
    assert of_champion(lake, day(3)).equals(factor_model(3.0))
    assert aliases(uri) == {"champion": "2", "previous": "1"}
    with registry_access.connected(uri) as client:
        assert len(versions.newest_first(client)) == 2
    assert len(lake.rows("similar_tracks")) == 2


def test_killed_before_the_row_and_refused_when_run_again_the_aliases_go_back(lake, uri, monkeypatch):
    versions.register(uri, factor_model(), tags(2), {})
    versions.point(uri, {"champion": "2", "previous": "1"})
    monkeypatch.setattr(promote, "judge", lambda *_: promote.Decision("refuse", "", {}))
    promote.main(job(day(2), lake.root, uri))
    assert aliases(uri) == {"champion": "1"}
    assert champion_before(lake, day(3)).version == "1"


def test_a_promotion_of_an_older_date_leaves_the_aliases_to_the_later_decision(lake, uri):
    versions.register(uri, factor_model(), tags(5), {})
    lake.append_rows([promoted(5, "2"), rolled_back(6, "1")], "decisions", "decisions/test/2")
    promote.main(job(day(2), lake.root, uri))
    assert decided(lake)["model_version"] == "3"
    assert aliases(uri) == {"champion": "1"}


def test_what_was_not_trained_for_want_of_the_registry_is_no_decision_on_a_model(lake, no_wait):
    recording.not_trained(lake, day(3), "")
    uri = f"http://me:secret@127.0.0.1:{free_port()}"
    figures = promote.main(job(day(3), lake.root, uri))
    shown = uri.replace("me:secret@", "")
    assert figures["decision"] == "none"
    assert (
        figures["reason"]
        == f"the registry at {shown} cannot be reached: connection refused; {SEE}; nothing was trained"
    )
    assert champion_before(lake, day(4)).version == "1"


def test_where_no_model_could_be_fitted_none_is_promoted_and_the_day_goes_on(lake, uri):
    row = {"date": day(3), "kind": "holdout", "model": "als", "metric": recording.CANNOT_FIT, "k": 0, "value": 1.0}
    lake.replace_rows([row], "evaluations", "evaluations/TrainModel/cannot", date=day(3), kind="holdout")
    figures = promote.main(job(day(3), lake.root, uri))
    assert figures["decision"] == "none"
    assert figures["reason"].startswith("not enough history: no model comes of it")
    assert champion_before(lake, day(4)).version == "1"


def test_a_challenger_that_cannot_be_registered_is_not_promoted_and_the_day_goes_on(lake, no_wait):
    figures = promote.main(job(day(2), lake.root, f"http://127.0.0.1:{free_port()}"))
    assert figures["decision"] == "none"
    assert figures["reason"].endswith(f"connection refused; {SEE}; the challenger was not promoted")
    assert champion_before(lake, day(3)).version == "1"


def test_a_challenger_that_is_damaged_is_refused_in_one_line(lake, uri):
    file = challenger_folder(lake.root, day(2)) / "factors.npz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Refused, match=r"the model that was tested is not whole \(factors.npz: found .* bytes"):
        promote.main(job(day(2), lake.root, uri))
    assert champion_before(lake, day(3)).version == "1"


def test_housekeeping_that_fails_does_not_undo_a_promotion(lake, uri, monkeypatch):
    def fails(*_):
        raise Refused("no more")

    monkeypatch.setattr(promote, "prune", fails)
    assert promote.main(job(day(2), lake.root, uri))["not_tidied"] == "no more"
    assert champion_before(lake, day(3)).version == "2"


def test_a_copy_that_is_another_model_of_that_number_is_replaced(lake):
    promote.keep_copy(lake, "1", factor_model(4.0))
    assert FactorModel.load(model_folder(lake.root, "1")).equals(factor_model(4.0))
