"""Who listens to what: tastes that a model can find, and sessions as people have them."""

import collections
import datetime

import numpy as np
import pytest

from demo_api.snapshot import take_snapshot
from demo_api.taste import CLUSTERS, track_tastes, user_tastes

DAY = datetime.date(2026, 11, 20)
MAIN_GENRES = [genres[0] for genres in CLUSTERS]


@pytest.fixture(scope="module")
def snapshot():
    return take_snapshot(1, DAY)


@pytest.fixture(scope="module")
def sessions(snapshot):
    """Good sessions: (user, start, end, tracks)."""
    users = {row["id"] for row in snapshot.users if isinstance(row.get("id"), int)}
    return [
        (
            row["user_id"],
            *(datetime.datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at")),
            row["items"],
        )
        for row in snapshot.listen_history
        if row.get("user_id") in users
        and isinstance(row["items"], list)
        and row["items"]
        and all(isinstance(item, int) and item < 10_000 for item in row["items"])
        and row["created_at"][:4] == row.get("updated_at", "")[:4] == "2026"
        and row["created_at"] != "2026-02-30T10:00:00"
    ]


def test_about_seven_plays_in_ten_are_of_the_genres_that_listeners_say_they_like(snapshot, sessions):
    likes = {
        row["id"]: row["favorite_genres"].split(", ")[:2] for row in snapshot.users if isinstance(row.get("id"), int)
    }
    genre = {row["id"]: row["genres"].split(", ")[0] for row in snapshot.tracks if isinstance(row.get("id"), int)}
    own = [genre[track] in likes[user] for user, _, _, tracks in sessions for track in tracks]
    assert np.mean(own) == pytest.approx(0.7, abs=0.02)


def test_there_are_twelve_tastes_and_every_listener_has_two(snapshot):
    mains = [row["favorite_genres"].split(", ")[:2] for row in snapshot.users if row["id"] != 88]
    assert {genre for pair in mains for genre in pair} == set(MAIN_GENRES)
    assert len(MAIN_GENRES) == 12
    assert all(len(set(pair)) == 2 for pair in mains)


def test_popularity_follows_zipf_within_clusters_and_less_steeply_overall():
    tastes = track_tastes(1, DAY, frozenset())
    within = [slope(tastes.within[tastes.cluster == cluster]) for cluster in range(12)]
    assert np.mean(within) == pytest.approx(-1.0, abs=0.1)
    assert slope(tastes.overall) == pytest.approx(-0.5, abs=0.1)


def slope(weights):
    """Of log weight over log rank, away from both ends."""
    weights = np.sort(weights)[::-1][10:200]
    return np.polyfit(np.log(np.arange(11, 11 + len(weights))), np.log(weights), 1)[0]


def test_some_listen_daily_many_now_and_then_and_some_never():
    activity = user_tastes(1, DAY, frozenset()).activity
    assert np.mean(activity == 0) == pytest.approx(0.12, abs=0.03)
    assert np.mean(activity >= 0.5) == pytest.approx(0.06, abs=0.02)


def test_a_hundred_people_listen_every_day(sessions):
    listeners = collections.defaultdict(set)
    for user, start, _, _ in sessions:
        listeners[start.date()].add(user)
    counts = [len(listeners[day]) for day in sorted(listeners)[1:]]  # of the first day only what crossed midnight
    assert 60 <= len(counts) <= 92
    assert min(counts) >= 100


def test_a_session_has_three_to_fifteen_different_tracks_and_lasts_as_long_as_they_do(snapshot, sessions):
    seconds = {
        row["id"]: int(row["duration"][:2]) * 60 + int(row["duration"][3:])
        for row in snapshot.tracks
        if isinstance(row.get("id"), int) and row["duration"][3:].isdecimal()
    }
    corrected = {
        pair for pair, times in collections.Counter((user, start) for user, start, *_ in sessions).items() if times > 1
    }
    for user, start, end, tracks in sessions:
        if (user, start) in corrected:
            continue
        assert 3 <= len(tracks) == len(set(tracks)) <= 15
        assert end - start == datetime.timedelta(seconds=sum(seconds[track] for track in tracks[:-1]))


def test_sessions_are_listed_in_the_order_of_their_ends(sessions):
    ends = [end for _, _, end, _ in sessions]
    assert ends == sorted(ends)


def test_new_users_and_tracks_come_every_day_and_are_heard_of(snapshot, sessions):
    tomorrow = take_snapshot(1, DAY + datetime.timedelta(days=1))
    assert 1 <= len(tomorrow.users) - len(snapshot.users) <= 2
    assert 2 <= len(tomorrow.tracks) - len(snapshot.tracks) <= 4
    assert {user for user, *_ in sessions if user > 1000}
    assert {track for *_, tracks in sessions for track in tracks if track > 3000}


def test_listeners_hear_new_tracks_every_day(sessions):
    heard = collections.defaultdict(set)
    plays = new = 0
    for user, start, _, tracks in sessions:
        if start.date() > DAY - datetime.timedelta(days=7):
            plays += len(tracks)
            new += len(set(tracks) - heard[user])
        heard[user].update(tracks)
    assert new / plays > 0.5


def test_most_newcomers_listen_on_the_day_they_come(snapshot, sessions):
    came = {
        row["id"]: row["created_at"][:10]
        for row in snapshot.users
        if isinstance(row.get("id"), int) and row["id"] > 1000
    }
    came = {user: day for user, day in came.items() if user < 10_000}
    began = {(user, start.date().isoformat()) for user, start, *_ in sessions}
    assert np.mean([(user, day) in began for user, day in came.items()]) == pytest.approx(0.88 * 0.8, abs=0.12)


def test_after_a_change_of_taste_half_of_the_listeners_have_two_other_clusters_and_nobody_one_of_each():
    tastes = user_tastes(1, DAY, frozenset())
    shared = [len({*before} & {*after}) for before, after in zip(tastes.clusters, tastes.moved, strict=True)]
    assert set(shared) == {0, 2}
    assert np.mean(np.array(shared) == 0) == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_a_change_of_taste_leaves_the_days_before_as_they_were():
    changed = take_snapshot(1, DAY, drift=DAY)
    usual = take_snapshot(1, DAY)
    differing = {
        row["created_at"][:10]
        for row, other in zip(changed.listen_history, usual.listen_history, strict=False)
        if row != other and isinstance(row.get("created_at"), str)
    }
    assert differing == {DAY.isoformat()}
