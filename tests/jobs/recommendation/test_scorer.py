import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.model.factors import FactorModel
from jobs.model.fold_in import FoldIn
from jobs.recommendation import ranking, user_pairs
from jobs.recommendation.candidates import Candidates, by_genre
from jobs.recommendation.scorer import Scorer
from jobs.recommendation.user_pairs import user_pairs_of
from tests.jobs.listening import SCHEMA, listeners, rows

# Two groups of tracks: factors of 1 to 4 point one way, of 5 to 8 the other. 9 is among the candidates, and unknown to the model.
TRACKS = np.arange(1, 9)
FACTORS = np.array([[1, 0]] * 4 + [[0, 1]] * 4, np.float32) * np.linspace(1, 0.9, 8, dtype=np.float32)[:, None]
NOBODY = np.empty(0, np.int64), np.empty((0, 2), np.float32)
MODEL = FactorModel(TRACKS, FACTORS, *NOBODY, {"reg": 0.01, "alpha": 1.0})
SHELF = Candidates(np.array([9, 5, 1, 2, 3, 4, 6, 7, 8]), np.arange(9, 0, -1).astype(np.float32))


def lists(users, pairs, model=MODEL, candidates=SHELF, **given):
    fold_in = FoldIn.of(model) if model else None
    scorer = Scorer(model.track_ids if model else np.empty(0, np.int64), fold_in, candidates, **given)
    found = {user: [] for user in users}
    for row in pa.Table.from_batches(scorer.lists(listeners(users, pairs))).to_pylist():
        found[row["user_id"]].append(row)
    return found


def ids(entries):
    return [entry["track_id"] for entry in entries]


def test_the_model_puts_a_users_own_group_first_and_says_why():
    found = lists(
        {1: None, 2: None}, [(1, 1, 2, True), (1, 2, 3, True), (2, 5, 4, True), (2, 6, 1, True)], k=4, min_plays=3
    )
    assert ids(found[1])[:2] == [3, 4]
    assert ids(found[2])[:2] == [7, 8]
    assert found[1][0]["because"] == [2, 1]  # 2 was played more often
    assert [entry["rank"] for entry in found[1]] == [1, 2, 3, 4]
    assert {entry["source"] for entry in found[1]} == {"als"}


def test_of_reasons_that_weigh_the_same_the_lower_track_comes_first():
    alike = FactorModel(TRACKS, np.ones((8, 2), np.float32), *NOBODY, {"reg": 0.01, "alpha": 1.0})
    pairs = [(1, track, 2, True) for track in (7, 3, 5, 1)]
    assert lists({1: None}, pairs, alike, k=1, min_plays=1)[1][0]["because"] == [1, 3, 5]


def test_with_few_plays_of_known_tracks_popularity_is_served_in_its_order():
    found = lists({3: None, 4: None}, [(3, 1, 2, True), (3, 9, 50, True)], k=4, min_plays=3)
    assert ids(found[3]) == [5, 2, 3, 4]
    assert ids(found[4]) == [9, 5, 1, 2]
    assert {(entry["source"], tuple(entry["because"])) for entry in found[4]} == {("popular", ())}
    assert [entry["score"] for entry in found[4]] == [9, 8, 7, 6]


def test_a_list_the_model_cannot_fill_is_completed_from_popularity():
    entries = lists({1: None}, [(1, 1, 3, True)], k=9, min_plays=1)[1]
    assert [entry["source"] for entry in entries] == ["als"] * 7 + ["popular"]
    assert ids(entries)[-1] == 9
    assert sorted(ids(entries)) == [2, 3, 4, 5, 6, 7, 8, 9]


def test_what_is_no_longer_served_is_not_recommended_though_the_model_knows_it():
    candidates = Candidates(np.array([4, 5]), np.ones(2, np.float32))
    assert ids(lists({1: None}, [(1, 1, 3, True)], candidates=candidates, k=5, min_plays=1)[1]) == [4, 5]


def test_what_was_heard_and_is_not_hidden_may_be_listed_again():
    entries = lists({1: None}, [(1, 1, 3, False), (1, 2, 1, True)], k=1, min_plays=1)[1]
    assert ids(entries) == [1]


def test_a_small_catalogue_gives_as_many_as_there_are_and_none_where_all_was_heard():
    candidates = Candidates(np.array([1, 2]), np.ones(2, np.float32))
    found = lists(
        {1: None, 2: None}, [(1, 1, 1, True), (2, 1, 1, True), (2, 2, 1, True)], None, candidates, k=5, min_plays=1
    )
    assert ids(found[1]) == [2]
    assert ids(found[2]) == []


GENRES = by_genre(["Rock", None, "folk, rock", " FOLK ", "jazz", ""], min_tracks=2)


def test_genres_with_too_few_tracks_are_left_out():
    assert {name: found.tolist() for name, found in GENRES.items()} == {"rock": [0, 2], "folk": [2, 3]}


@pytest.mark.parametrize(
    ("favourites", "expected"),
    [
        ("Folk", [3, 4, 1, 2]),
        ("jazz, ROCK", [1, 3, 2, 4]),  # jazz has too few tracks
        ("rock|folk", [1, 3, 4, 2]),
        ("polka", [1, 2, 3, 4]),
        (None, [1, 2, 3, 4]),
    ],
)
def test_popularity_within_the_favourite_genres_comes_first_and_is_completed_from_all(favourites, expected):
    candidates = Candidates(np.arange(1, 8), np.array([9, 8, 7, 6, 5, 4, 0], np.float32), GENRES)
    entries = lists({1: favourites}, [], None, candidates, k=4, min_plays=1)[1]
    assert ids(entries) == expected
    scores = [entry["score"] for entry in entries]
    assert scores == sorted(scores, reverse=True)


def test_without_folding_the_factors_of_the_fit_decide_and_those_without_get_popularity():
    pairs = [(1, 1, 5, True), (2, 1, 5, True)]
    factors = [{"user_id": 1, "piece": np.array([0, 1], np.float32).tobytes()}]
    table = pa.Table.from_pylist(rows({1: None, 2: None}, pairs) + factors, schema=SCHEMA)
    fold_in = FoldIn(FACTORS, np.ones(2), np.eye(2), 0.01, 1.0, 1.0)
    scorer = Scorer(TRACKS, fold_in, SHELF, k=2, min_plays=3)
    found = pa.Table.from_batches(scorer.lists(user_pairs_of(table, rank=2))).to_pylist()
    assert [(row["user_id"], row["track_id"], row["source"]) for row in found] == [
        (1, 5, "als"),
        (1, 6, "als"),
        (2, 9, "popular"),
        (2, 5, "popular"),
    ]


def naive(model, candidates, genres, heard, k, min_plays):
    """One user's list, (source, track_id) by the rules one after another; ``heard``: plays and hidden by track_id."""
    rows = {track: row for row, track in enumerate(model.track_ids.tolist())}
    known = {track: plays for track, (plays, _) in sorted(heard.items()) if track in rows}
    hidden = {track for track, (_, out) in heard.items() if out}
    found = []
    if sum(known.values()) >= min_plays:
        fold_in = FoldIn.of(model)
        user = fold_in.fold(np.array([rows[track] for track in known]), np.array(list(known.values()), float)).factors
        scores = {track: np.float32((user * fold_in.factors[row]).sum()) for track, row in rows.items()}
        free = [track for track in scores if track in set(candidates.track_ids.tolist()) - hidden]
        found = [("als", track) for track in sorted(free, key=lambda track: (-scores[track], track))[:k]]
    liked = candidates.track_ids[candidates.of_genres(genres)].tolist()
    for track in liked + candidates.track_ids.tolist():
        if len(found) < k and track not in hidden | {track for _, track in found}:
            found.append(("popular", track))
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_lists_are_those_of_a_naive_reference_however_users_are_shared_out(data):
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    rank, count, k = (data.draw(st.integers(1, most)) for most in (6, 40, 12))
    min_plays = data.draw(st.integers(1, 4))
    catalogue = generator.choice(10**6, size=count + 5, replace=False)
    factors = generator.normal(size=(count, rank)).astype(np.float32)
    factors[generator.integers(0, count, count // 2)] = factors[0]  # ties
    model = FactorModel(np.sort(catalogue[:count]), factors, *NOBODY, {"reg": 0.1, "alpha": 2.0})
    served = generator.permutation(catalogue)[: generator.integers(0, count + 6)]
    texts = generator.choice(["rock", "folk", "rock, folk", None], size=len(served)).tolist()
    candidates = Candidates(
        served, np.sort(generator.integers(0, 9, len(served)))[::-1].astype(np.float32), by_genre(texts, 2)
    )
    users = {user: data.draw(st.sampled_from(["Rock", "folk,rock", "polka", None])) for user in range(5)}
    heard = {
        user: {
            int(track): (int(generator.integers(1, 5)), bool(generator.random() < 0.7))
            for track in generator.choice(catalogue, size=generator.integers(0, count + 5), replace=False)
        }
        for user in users
    }
    pairs = [(user, track, *how) for user in users for track, how in heard[user].items()]
    order = generator.permutation(len(pairs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_pairs, "BLOCK", data.draw(st.sampled_from([1, 2, 256])))
        patch.setattr(ranking, "CHUNK", data.draw(st.sampled_from([8, 11, 8192])))
        found = lists(users, [pairs[at] for at in order], model, candidates, k=k, min_plays=min_plays)
    for user, entries in found.items():
        assert [(entry["source"], entry["track_id"]) for entry in entries] == naive(
            model, candidates, users[user], heard[user], k, min_plays
        )
        hidden = {track for track, (_, out) in heard[user].items() if out}
        listed = ids(entries)
        assert len(set(listed)) == len(listed) == min(k, len(set(served.tolist()) - hidden))
        assert not set(listed) & hidden
        assert set(listed) <= set(served.tolist())
        for source in ("als", "popular"):
            scores = [entry["score"] for entry in entries if entry["source"] == source]
            assert scores == sorted(scores, reverse=True)
