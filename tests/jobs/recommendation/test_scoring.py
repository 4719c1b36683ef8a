"""The same lists as in test_scorer.py, by way of Spark."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.model.factors import FactorModel
from jobs.model.fold_in import FoldIn
from jobs.recommendation import scoring
from jobs.recommendation.candidates import Candidates
from jobs.recommendation.scorer import LIST_SCHEMA, Scorer
from jobs.recommendation.scoring import histories, pack, pieces, recommend, unpack
from tests.jobs.listening import listeners

GENERATOR = np.random.default_rng(5)
TRACKS = np.arange(100, 140)
MODEL = FactorModel(
    TRACKS,
    GENERATOR.normal(size=(40, 3)).astype(np.float32),
    np.array([1, 2]),
    GENERATOR.normal(size=(2, 3)).astype(np.float32),
    {"reg": 0.1, "alpha": 2.0},
)
SHELF = Candidates(np.arange(105, 145), np.arange(40, 0, -1).astype(np.float32), {"folk": np.array([3, 30])})
USERS = {1: "Folk", 2: None, 3: None, 4: "folk"}  # 4 has heard nothing; 9 is not among the users
PAIRS = [(1, 110, 2), (1, 141, 1), (2, 120, 4), (2, 121, 1), (3, 130, 3), (9, 131, 5)]


def by_spark(spark, pairs, hidden, **given):
    users = spark.createDataFrame(list(USERS.items()), "user_id bigint, genres string")
    frame = recommend(spark, histories(users, pairs, hidden or pairs), MODEL, SHELF, k=6, min_plays=2, **given)
    return sorted(frame.toArrow().to_pylist(), key=lambda row: (row["user_id"], row["rank"]))


@pytest.fixture(scope="module")
def pairs(spark):
    return spark.createDataFrame(PAIRS, "user_id bigint, track_id bigint, plays int")


def test_every_user_gets_the_list_that_memory_gives(spark, pairs):
    scorer = Scorer(TRACKS, FoldIn.of(MODEL), SHELF, k=6, min_plays=2)
    expected = scorer.lists(listeners(USERS, [(*pair, True) for pair in PAIRS if pair[0] in USERS]))
    assert by_spark(spark, pairs, None) == pa.Table.from_batches(expected, LIST_SCHEMA).to_pylist()


def test_only_what_is_hidden_is_left_out_and_weights_count_where_they_are_given(spark, pairs):
    weighted = pairs.selectExpr("*", "plays * 0.5 AS weight")
    found = by_spark(spark, weighted, pairs.filter("track_id <> 110"), at_most=4)
    halved = [(*pair, pair[1] != 110) for pair in PAIRS if pair[0] in USERS]
    people = listeners(USERS, halved)
    people.weights[:] /= 2
    expected = Scorer(TRACKS, FoldIn.of(MODEL), SHELF, k=6, min_plays=2).lists(people)
    assert found == pa.Table.from_batches(expected, LIST_SCHEMA).to_pylist()


def test_without_folding_users_of_the_fit_have_its_scores_and_others_popularity(spark, pairs):
    found = by_spark(spark, pairs, None, fold=False, at_most=4)
    scores = {row["track_id"]: row["score"] for row in found if row["user_id"] == 2}
    fitted = dict(zip(TRACKS.tolist(), MODEL.track_factors @ MODEL.user_factors[1], strict=True))
    assert len(scores) == 6
    assert scores == pytest.approx({track: fitted[track] for track in scores}, abs=1e-5)
    assert {row["user_id"]: row["source"] for row in found} == {1: "als", 2: "als", 3: "popular", 4: "popular"}


def test_model_and_shelf_come_back_from_their_pieces_in_any_order(monkeypatch):
    monkeypatch.setattr(scoring, "PIECE", 100)
    table = pieces(pack(MODEL, FoldIn.of(MODEL), SHELF))
    assert table.num_rows > 10
    track_ids, fold_in, candidates = unpack(b"".join(table[::-1].sort_by("track_id")["piece"].to_pylist()))
    assert track_ids.tolist() == TRACKS.tolist()
    assert np.array_equal(fold_in.factors, FoldIn.of(MODEL).factors)
    assert (fold_in.reg, fold_in.reg_exponent, fold_in.alpha) == (0.1, 1.0, 2.0)
    assert candidates.track_ids.tolist() == SHELF.track_ids.tolist()
    assert {name: found.tolist() for name, found in candidates.genres.items()} == {"folk": [3, 30]}


def test_a_shelf_alone_comes_back_without_a_model():
    track_ids, fold_in, candidates = unpack(pack(None, None, Candidates(np.array([3]), np.ones(1, np.float32))))
    assert (len(track_ids), fold_in, candidates.track_ids.tolist(), candidates.genres) == (0, None, [3], {})
