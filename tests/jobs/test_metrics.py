import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from jobs.metrics import bootstrap, cutoffs, per_user, summarise

LISTS = {1: [10, 11, 12, 13], 2: [10, 11, 12, 13], 3: [20, 21], 4: [10, 11, 12, 13]}
# User 1 hits at ranks 2 and 4, user 2 misses, user 3 has a short list and a hit at 1, user 4 nothing to find,
# user 5 no list.
RELEVANT = {1: [11, 13, 99], 2: [55], 3: [20], 5: [10]}


@pytest.fixture(scope="module")
def found(spark):
    lists = [(user, rank, track) for user, tracks in LISTS.items() for rank, track in enumerate(tracks, 1)]
    relevant = [(user, track) for user, tracks in RELEVANT.items() for track in tracks]
    frame = per_user(
        spark.createDataFrame(lists, "user_id bigint, rank int, track_id bigint"),
        spark.createDataFrame(relevant, "user_id bigint, track_id bigint"),
        [2, 4],
    )
    return {row["user_id"]: row.asDict() for row in frame.collect()}


def test_users_with_no_list_or_nothing_relevant_are_left_out(found):
    assert sorted(found) == [1, 2, 3]


def test_values_at_4_are_those_worked_out_by_hand(found):
    gain = {rank: 1 / math.log2(rank + 1) for rank in (1, 2, 3, 4)}
    one = found[1]
    assert one["ndcg_4"] == pytest.approx((gain[2] + gain[4]) / (gain[1] + gain[2] + gain[3]), abs=1e-12)
    assert one["recall_4"] == pytest.approx(2 / 3)
    assert one["precision_4"] == pytest.approx(2 / 4)
    assert one["map_4"] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert one["hit_rate_4"] == 1
    assert one["mrr_4"] == pytest.approx(1 / 2)


def test_the_cut_off_limits_both_the_list_and_the_ideal(found):
    # At 2 user 1 has one hit, at rank 2, of the two that could have been.
    assert found[1]["recall_2"] == pytest.approx(1 / 2)
    assert found[1]["ndcg_2"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))


def test_a_list_without_a_hit_is_zero_throughout(found):
    assert {value for name, value in found[2].items() if name != "user_id"} == {0}


def test_a_short_list_with_its_only_relevant_track_first_is_perfect(found):
    assert found[3]["ndcg_4"] == found[3]["recall_4"] == found[3]["mrr_4"] == 1
    assert found[3]["precision_4"] == pytest.approx(1 / 4)


def test_ndcg_equals_a_second_implementation(spark):
    generator = np.random.default_rng(5)
    truth = generator.random((20, 30)) < 0.2
    truth[:, 0] = True
    scores = generator.permuted(np.tile(np.arange(30.0), (20, 1)), axis=1)
    order = np.argsort(-scores, axis=1)[:, :10]
    lists = [(user, rank, int(track)) for user, tracks in enumerate(order) for rank, track in enumerate(tracks, 1)]
    relevant = [(int(user), int(track)) for user, track in zip(*np.nonzero(truth), strict=True)]
    frame = per_user(
        spark.createDataFrame(lists, "user_id bigint, rank int, track_id bigint"),
        spark.createDataFrame(relevant, "user_id bigint, track_id bigint"),
        [10],
    )
    ours = {row["user_id"]: row["ndcg_10"] for row in frame.collect()}
    for user in range(20):
        assert ours[user] == pytest.approx(ndcg_score([truth[user]], [scores[user]], k=10), abs=1e-9)


def test_the_bootstrap_is_the_same_each_time_and_about_two_standard_errors_wide():
    values = np.random.default_rng(1).random((400, 2))
    low, high = bootstrap(values)
    assert np.array_equal(bootstrap(values)[0], low)
    error = values.std(axis=0) / math.sqrt(len(values))
    assert low == pytest.approx(values.mean(axis=0) - 1.96 * error, abs=0.3 * error.max())
    assert high == pytest.approx(values.mean(axis=0) + 1.96 * error, abs=0.3 * error.max())


def test_nobody_measured_gives_no_rows():
    assert summarise(np.empty((0, 1)), ["ndcg_10"]) == []


def test_no_cut_off_goes_beyond_what_is_served():
    assert cutoffs(10, 20) == [5, 10, 20]
    assert cutoffs(10, 7) == [5, 7]
