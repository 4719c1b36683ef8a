"""When a training searches for its parameters, and that it does not look at what judges it."""

import datetime

import pytest

from conf.settings import AlsSettings, EvaluateSettings
from jobs.training.tuning import parameters as inner
from jobs.training.tuning.parameters import Chosen, chosen_before, due, highest_rank, parameters
from jobs.training.tuning.search import Trial
from jobs.training.tuning.trials import Trials

DATE = datetime.date(2024, 3, 20)
OUTER = datetime.date(2024, 3, 18)
TUNED = {"tuned_on": "2024-03-14", "rank": 128, "reg": 5.0, "solver": "mllib", "seed": 1}


def test_a_search_begins_with_what_the_last_one_found_and_with_the_settings_where_there_was_none():
    found = chosen_before(TUNED, AlsSettings(rank=16))
    assert (found.als.rank, found.als.reg, found.als.solver, found.als.seed) == (128, 5.0, "auto", 42)
    assert found.tuned_on == "2024-03-14"
    assert chosen_before({"rank": 128}, AlsSettings(rank=16)).als == AlsSettings(rank=16)
    assert chosen_before(TUNED, AlsSettings(rank=16, tune="never")) == Chosen(
        AlsSettings(rank=16, tune="never"), "", "[als] as set"
    )


@pytest.mark.parametrize(
    ("tune", "tuned_on", "expected"),
    [
        ("never", "", False),
        ("when-retraining", "", True),
        ("when-retraining", "2024-03-19", True),
        ("weekly", "", True),
        ("weekly", "2024-03-14", False),
        ("weekly", "2024-03-13", True),
    ],
)
def test_a_training_searches_when_the_setting_says_so(tune, tuned_on, expected):
    assert due(Chosen(AlsSettings(tune=tune), tuned_on, ""), DATE) is expected


def at(day):
    return datetime.datetime(2024, 3, day, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def plays(spark):
    """Ten users of two tastes; each finds a track on the 16th, and one on the 19th."""
    rows = [
        (user, 2 * track + user % 2, at(1 + track)) for user in range(10) for track in range(6) if track != user % 5
    ]
    rows += [(user, 2 * (user % 5) + user % 2, at(16)) for user in range(10)]
    rows += [(user, 100 + user % 2, at(19)) for user in range(10)]
    return spark.createDataFrame(rows, "user_id bigint, track_id bigint, listened_at timestamp").persist()


def test_the_search_sees_an_inner_holdout_and_nothing_of_the_outer_one(plays, monkeypatch):
    seen = []

    class Spy(Trials):
        def __init__(self, packs, relevant, *more):
            super().__init__(packs, relevant, *more)
            seen.append((packs(0.0), relevant))

        def __call__(self, als, deadline):
            return Trial(als, 0.5 + (als.rank == 24), ((als.iterations, 0.5),), 0.0)

    monkeypatch.setattr(inner, "Trials", Spy)
    chosen = parameters(plays, OUTER, {}, AlsSettings(rank=24), EvaluateSettings(min_users=10, k=3), DATE)
    packed, relevant = seen[0]
    assert set(packed.track_ids) == set(range(12))
    assert sorted(zip(*(ids.tolist() for ids in relevant), strict=True)) == [
        (user, 2 * (user % 5) + user % 2) for user in range(10)
    ]
    assert packed.pairs == 50  # without what was found on the 16th
    assert (chosen.als.rank, chosen.tuned_on) == (24, "2024-03-20")
    assert chosen.reason.startswith(f"the best of {len(chosen.trials)} trials")


def test_with_too_few_users_the_parameters_of_before_stay_and_the_reason_says_so(plays):
    chosen = parameters(plays, OUTER, TUNED, AlsSettings(), EvaluateSettings(min_users=11), DATE)
    assert (chosen.als.rank, chosen.tuned_on, chosen.trials) == (128, "2024-03-14", ())
    assert "10 users on the inner holdout, [evaluate] min_users is 11" in chosen.reason


def test_the_rank_stays_within_the_memory_of_the_local_solver(plays):
    packed = inner.from_frame(inner.weighted(plays, DATE, {}))  # 10 users and 14 tracks
    assert highest_rank(packed, AlsSettings(local_mb=1)) == 1024
    packed.user_ids.resize(100_000, refcheck=False)
    assert highest_rank(packed, AlsSettings(local_mb=50)) == 43  # (100,014 x 43 x 12 + 70 x 80) / 2^20 = 49.2
    assert highest_rank(packed, AlsSettings(local_mb=1)) == 0


def test_of_plays_too_many_for_the_time_those_of_a_sample_of_users_are_searched(plays, monkeypatch):
    monkeypatch.setattr(inner, "PLAYS_A_SECOND", 35)  # there are 70 of ten users
    users = {row["user_id"] for row in inner.sampled(plays, 1).select("user_id").distinct().collect()}
    assert 0 < len(users) < 10
    kept = inner.sampled(plays, 1).count()
    assert kept == plays.filter(plays["user_id"].isin(users)).count()
    assert inner.sampled(plays, 3).count() == plays.count()


def test_where_nobody_is_left_to_train_on_nothing_is_searched(plays):
    chosen = parameters(plays, OUTER, {}, AlsSettings(min_user_tracks=50), EvaluateSettings(min_users=10, k=3), DATE)
    assert "not tuned: nobody is left to train on" in chosen.reason
