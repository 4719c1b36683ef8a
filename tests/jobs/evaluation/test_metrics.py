import collections
import math

import numpy as np
import pyarrow as pa
import pytest
import pytrec_eval
from sklearn.metrics import ndcg_score

from conf.tables import EVALUATIONS
from jobs.evaluation.metrics import ACCURACY, Catalogue, Lists, cutoffs, per_user
from jobs.model.factors import top

LISTS = {1: [10, 11, 12, 13], 2: [10, 11, 12, 13], 3: [20, 21], 4: [10, 11, 12, 13]}
HEARD = {(1, 10), (1, 13), (3, 21)}
# User 1 hits at ranks 2 and 4, user 2 misses, user 3 has a short list and a hit at 1, user 4 nothing to find,
# user 5 no list.
RELEVANT = {1: [11, 13, 99], 2: [55], 3: [20], 5: [10]}
# Of 16 plays 8 are of track 10, one each of 11 and 12, none of 13; 20 has 4, 21 has 2.
CATALOGUE = Catalogue.of(np.array([20, 21, 10, 11, 12, 13]), np.array([4, 2, 8, 1, 1, 0]))


def lists_of(lists, heard=frozenset()):
    rows = [
        {"user_id": user, "rank": rank, "track_id": track, "heard": (user, track) in heard}
        for user, tracks in lists.items()
        for rank, track in enumerate(tracks, 1)
    ]
    types = [("user_id", pa.int64()), ("rank", pa.int32()), ("track_id", pa.int64()), ("heard", pa.bool_())]
    return pa.Table.from_pylist(rows[::-1], schema=pa.schema(types))


def pairs_of(relevant):
    rows = [{"user_id": user, "track_id": track} for user, tracks in relevant.items() for track in tracks]
    return pa.Table.from_pylist(rows, schema=pa.schema([("user_id", pa.int64()), ("track_id", pa.int64())]))


@pytest.fixture(scope="module")
def found():
    return per_user(Lists.of(lists_of(LISTS, HEARD)), pairs_of(RELEVANT), CATALOGUE, [2, 4])


def test_users_with_no_list_or_nothing_relevant_are_left_out(found):
    assert found.index.tolist() == [1, 2, 3]


def test_every_metric_is_named_in_the_table_that_keeps_it(found):
    names = {column.rpartition("_")[0] for column in found.columns}
    said = EVALUATIONS.column("metric").comment.partition(";")[0].split(", ")
    assert names - set(said) == set()
    assert set(ACCURACY) <= names


def test_values_at_4_are_those_worked_out_by_hand(found):
    gain = {rank: 1 / math.log2(rank + 1) for rank in (1, 2, 3, 4)}
    one = found.loc[1]
    assert one["ndcg_4"] == pytest.approx((gain[2] + gain[4]) / (gain[1] + gain[2] + gain[3]), abs=1e-12)
    assert one["recall_4"] == pytest.approx(2 / 3)
    assert one["precision_4"] == pytest.approx(2 / 4)
    assert one["map_4"] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert one["hit_rate_4"] == 1
    assert one["mrr_4"] == pytest.approx(1 / 2)


def test_the_cut_off_limits_both_the_list_and_the_ideal(found):
    # At 2 user 1 has one hit, at rank 2, of the two that could have been.
    assert found.loc[1, "recall_2"] == pytest.approx(1 / 2)
    assert found.loc[1, "ndcg_2"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))


def test_a_list_without_a_hit_is_zero_throughout(found):
    assert {found.loc[2, f"{name}_{k}"] for name in ACCURACY for k in (2, 4)} == {0}


def test_a_short_list_with_its_only_relevant_track_first_is_perfect(found):
    assert found.loc[3, ["ndcg_4", "recall_4", "mrr_4"]].tolist() == [1, 1, 1]
    assert found.loc[3, "precision_4"] == pytest.approx(1 / 4)


def test_where_every_list_is_short_the_cut_off_still_counts():
    only = per_user(Lists.of(lists_of({3: [20, 21]})), pairs_of({3: [20, 7]}), CATALOGUE, [4]).loc[3]
    assert only["precision_4"] == pytest.approx(1 / 4)
    assert only["recall_4"] == pytest.approx(1 / 2)
    assert only["ndcg_4"] == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_an_empty_place_is_no_track_whatever_ids_there_are():
    two = per_user(Lists.of(lists_of({1: [10], 2: [11, 12]})), pairs_of({1: [-1], 2: [-1]}), CATALOGUE, [2])
    assert two["hit_rate_2"].tolist() == [0, 0]


def test_novelty_is_the_mean_information_of_the_listed_tracks(found):
    # Half of the plays are 1 bit, a sixteenth 4; the unplayed track counts as played once.
    assert found.loc[1, "novelty_2"] == pytest.approx((1 + 4) / 2)
    assert found.loc[1, "novelty_4"] == pytest.approx((1 + 4 + 4 + 4) / 4)
    assert found.loc[3, "novelty_4"] == pytest.approx((2 + 3) / 2)  # over the two that are there


def test_repeats_are_the_share_of_listed_tracks_heard_before(found):
    assert found.loc[1, ["repeats_2", "repeats_4"]].tolist() == [1 / 2, 2 / 4]
    assert found.loc[[2, 3], "repeats_4"].tolist() == [0, 1 / 2]


def test_a_track_that_left_the_catalogue_is_as_novel_as_an_unplayed_one():
    assert CATALOGUE.novelty(np.array([[999, 10]])).tolist() == [[4, 1]]
    assert Catalogue.of(np.empty(0, np.int64), np.empty(0)).novelty(np.array([7])).tolist() == [0]


@pytest.mark.parametrize(("lists", "relevant"), [({}, RELEVANT), (LISTS, {}), ({}, {}), (LISTS, {77: [10]})])
def test_with_no_lists_or_nothing_relevant_nobody_is_measured(lists, relevant):
    assert per_user(Lists.of(lists_of(lists)), pairs_of(relevant), CATALOGUE, [2]).empty


# -- beside other implementations -------------------------------------------------------------------

KS = (1, 5, 10, 20)
USERS, TRACKS = 400, 60


@pytest.fixture(scope="module")
def random_case():
    """Lists by scores with many ties, shorter than 20 for half of the users; some users have nothing relevant."""
    generator = np.random.default_rng(11)
    scores = generator.integers(0, 8, size=(USERS, TRACKS)).astype(float)
    truth = generator.random((USERS, TRACKS)) < generator.choice([0, 0.02, 0.1, 0.6], size=(USERS, 1))
    lengths = np.where(generator.random(USERS) < 0.5, 20, generator.integers(0, 20, USERS))
    lists = {user: top(scores[user], length).tolist() for user, length in enumerate(lengths)}
    relevant = {user: np.flatnonzero(row).tolist() for user, row in enumerate(truth)}
    heard = {(user, track) for user, tracks in lists.items() for track in tracks if (user * track) % 3 == 0}
    plays = generator.integers(0, 50, TRACKS)
    found = per_user(Lists.of(lists_of(lists, heard)), pairs_of(relevant), Catalogue.of(np.arange(TRACKS), plays), KS)
    measured = [user for user in range(USERS) if lists[user] and relevant[user]]
    assert found.index.tolist() == measured
    assert 200 < len(measured) < USERS
    assert not found.isna().any(axis=None)
    return lists, relevant, heard, plays, found


@pytest.mark.parametrize("k", KS)
def test_every_accuracy_metric_equals_that_of_trec_eval(random_case, k):
    """trec_eval's recall and map_cut divide by all that is relevant, ours by what a list of k could hold.

    Its recip_rank looks at the whole list, so it is given the first k only. Its tied scores go by the name of the
    document, so it is given our order as scores.
    """
    lists, relevant, _, _, found = random_case
    judged = {str(user): {str(track): 1 for track in relevant[user]} for user in found.index}
    run = {str(user): {str(track): -float(at) for at, track in enumerate(lists[user][:k])} for user in found.index}
    measures = {f"ndcg_cut.{k}", f"recall.{k}", f"P.{k}", f"map_cut.{k}", f"success.{k}", "recip_rank"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    for user, ours in found.iterrows():
        trec, count = theirs[str(user)], len(relevant[user])
        share = count / min(k, count)
        expected = {
            "ndcg": trec[f"ndcg_cut_{k}"],
            "recall": trec[f"recall_{k}"] * share,
            "precision": trec[f"P_{k}"],
            "map": trec[f"map_cut_{k}"] * share,
            "hit_rate": trec[f"success_{k}"],
            "mrr": trec["recip_rank"],
        }
        assert ours[[f"{name}_{k}" for name in expected]].tolist() == pytest.approx(list(expected.values()), abs=1e-9)


def test_ndcg_equals_that_of_scikit_learn(random_case):
    """It ranks every track: those that are not listed come after the listed ones, and are cut off."""
    lists, relevant, _, _, found = random_case
    for user in found.index:
        if len(lists[user]) < max(KS):
            continue
        truth, score = np.zeros(TRACKS), np.zeros(TRACKS)
        truth[relevant[user]] = 1
        score[lists[user]] = np.arange(len(lists[user]), 0, -1)
        for k in KS:
            assert found.loc[user, f"ndcg_{k}"] == pytest.approx(ndcg_score([truth], [score], k=k), abs=1e-9)


def test_novelty_and_repeats_equal_those_counted_track_by_track(random_case):
    lists, _, heard, plays, found = random_case
    for user, ours in found.iterrows():
        for k in KS:
            first = lists[user][:k]
            bits = [-math.log2(max(plays[track], 1) / plays.sum()) for track in first]
            again = collections.Counter((user, track) in heard for track in first)[True]
            expected = [sum(bits) / len(first), again / len(first)]
            assert ours[[f"novelty_{k}", f"repeats_{k}"]].tolist() == pytest.approx(expected, abs=1e-9)


def test_no_cut_off_goes_beyond_what_is_served():
    assert cutoffs(10, 20) == [5, 10, 20]
    assert cutoffs(10, 7) == [5, 7]
