import numpy as np
import pytest

from jobs.factors import FactorModel
from jobs.scoring import Scorer, Shelf, histories, recommend

# Two groups of tracks: factors of 1 to 4 point one way, of 5 to 8 the other. 9 is on the shelf, and unknown to the model.
TRACKS = np.arange(1, 9)
FACTORS = np.array([[1, 0]] * 4 + [[0, 1]] * 4, np.float32) * np.linspace(1, 0.9, 8, dtype=np.float32)[:, None]
MODEL = FactorModel(TRACKS, FACTORS, np.empty(0, np.int64), np.empty((0, 2), np.float32), {"reg": 0.01, "alpha": 1.0})
SHELF = Shelf(np.array([9, 5, 1, 2, 3, 4, 6, 7, 8]), np.arange(9, 0, -1).astype(np.float32))


@pytest.fixture(scope="module")
def lists(spark):
    users = spark.createDataFrame([(1,), (2,), (3,), (4,)], "user_id bigint")
    pairs = spark.createDataFrame(
        # 1 likes the first group, 2 the second; 3 has too few plays, and 4 has none.
        [(1, 1, 2), (1, 2, 3), (2, 5, 4), (2, 6, 1), (3, 1, 1)],
        "user_id bigint, track_id bigint, plays int",
    )
    frame = recommend(spark, histories(users, pairs, pairs), MODEL, SHELF, k=4, min_plays=3)
    found: dict[int, list] = {}
    for row in sorted(frame.collect(), key=lambda row: (row["user_id"], row["rank"])):
        found.setdefault(row["user_id"], []).append(row)
    return found


def test_everybody_gets_k_distinct_tracks_that_they_have_not_heard(lists):
    heard = {1: {1, 2}, 2: {5, 6}, 3: {1}, 4: set()}
    assert sorted(lists) == [1, 2, 3, 4]
    for user, rows in lists.items():
        assert [row["rank"] for row in rows] == [1, 2, 3, 4]
        assert len({row["track_id"] for row in rows} - heard[user]) == 4


def test_the_model_puts_a_users_own_group_first_and_says_why(lists):
    assert [row["track_id"] for row in lists[1]][:2] == [3, 4]
    assert [row["track_id"] for row in lists[2]][:2] == [7, 8]
    assert {row["source"] for row in lists[1]} == {"als"}
    assert set(lists[1][0]["because"]) == {1, 2}
    scores = [row["score"] for row in lists[1]]
    assert scores == sorted(scores, reverse=True)


def test_with_few_plays_or_none_popularity_is_served_in_its_order(lists):
    assert [row["track_id"] for row in lists[3]] == [9, 5, 2, 3]
    assert [row["track_id"] for row in lists[4]] == [9, 5, 1, 2]
    assert {(row["source"], tuple(row["because"])) for row in lists[4]} == {("popular", ())}


def test_a_list_the_model_cannot_fill_is_completed_from_popularity():
    scorer = Scorer(MODEL, SHELF, k=9, min_plays=1)
    entries = scorer.of_user({"user_id": 1, "heard": [{"track_id": 1, "plays": 3}], "hidden": [1]})
    assert [entry["source"] for entry in entries] == ["als"] * 7 + ["popular"]
    assert sorted(entry["track_id"] for entry in entries) == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_small_catalogue_gives_as_many_as_there_are():
    scorer = Scorer(None, Shelf(np.array([1, 2]), np.ones(2, np.float32)), k=5, min_plays=1)
    assert [entry["track_id"] for entry in scorer.of_user({"user_id": 1, "heard": None, "hidden": [1]})] == [2]


def test_what_is_no_longer_served_is_not_recommended_though_the_model_knows_it():
    shelf = Shelf(np.array([4, 5]), np.ones(2, np.float32))
    entries = Scorer(MODEL, shelf, k=5, min_plays=1).of_user(
        {"user_id": 1, "heard": [{"track_id": 1, "plays": 3}], "hidden": [1]}
    )
    assert sorted(entry["track_id"] for entry in entries) == [4, 5]
